"""`flask audit`: the first broken link is found and named, whatever was done to the rows by hand."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, insert, select, text, update

from core import audit, clock
from core.audit import chain, triggers
from core.audit.chain import TABLE, Head, Kind
from core.audit.models import AuditEvent
from core.audit.trail import THE_SITE
from core.crypto import envelope
from core.extensions import db
from tests.builders import CANARIES
from tests.referrals.test_commands import arrive

pytestmark = pytest.mark.database_decides
ROWS = 7
BATCHES = (1, 2, 3, ROWS, ROWS + 1)
Change = Callable[[], Any]


def run(app: Flask, *command: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", *command])


def fill(rows: int = ROWS) -> None:
    for number in range(1, rows + 1):
        audit.add(THE_SITE, "referral.opened", f"KTC-{number:08}", number=number, words="Größe", shares=[0.1, 1e300])
    db.session.commit()


@pytest.fixture
def open_app(app: Flask) -> Flask:
    """A site with some rows, whose triggers somebody has removed."""
    with app.app_context():
        fill()
        table = " ON audit_events" if db.engine.dialect.name == "postgresql" else ""
        names = triggers.ON_POSTGRESQL if table else triggers.ON_SQLITE
        for name in names:
            db.session.execute(text(f"DROP TRIGGER {name}{table}"))
        db.session.commit()
    return app


def hashes() -> list[str]:
    return list(db.session.scalars(select(TABLE.c.hash).order_by(TABLE.c.id)))


def change(**values: Any) -> Change:
    return lambda: db.session.execute(update(TABLE).where(TABLE.c.id == 4).values(**values))


def change_with_hash() -> None:
    """As somebody would who knows how rows are hashed."""
    change(actor="somebody else")()
    row = db.session.execute(select(TABLE).where(TABLE.c.id == 4)).one()
    change(hash=chain.digest(row))()


def remove(*rows: int) -> Change:
    return lambda: db.session.execute(delete(TABLE).where(TABLE.c.id.in_(rows)))


def remove_and_number_anew() -> None:
    remove(4)()
    for number in (5, 6, 7):
        move(number, number - 1)


def move(old: int, new: int) -> None:
    db.session.execute(update(TABLE).where(TABLE.c.id == old).values(id=new))


def put_in(at: int, rows: int = ROWS, **columns: Any) -> None:
    """Rows from there on are numbered anew."""
    for number in range(rows, at - 1, -1):
        move(number, number + 1)
    like = db.session.execute(select(TABLE).where(TABLE.c.id == at + 1)).one()
    values = {**like._asdict(), "id": at, "subject": "KTC-PUTIN", "previous_hash": "", **columns}
    db.session.execute(insert(TABLE).values(values))


def put_in_with_hash(at: int) -> Change:
    """As somebody would who knows how rows are hashed."""

    def put() -> None:
        before = hashes()[at - 2] if at > 1 else ""
        put_in(at, previous_hash=before)
        row = db.session.execute(select(TABLE).where(TABLE.c.id == at)).one()
        db.session.execute(update(TABLE).where(TABLE.c.id == at).values(hash=chain.digest(row)))

    return put


def swap() -> None:
    for old, new in ((4, 99), (5, 4), (99, 5)):
        move(old, new)


FOUND: dict[str, tuple[Change, Kind, str]] = {
    "who": (change(actor="somebody else"), Kind.CHANGED, "Row 4 was changed"),
    "details": (change(detail={"number": 5}), Kind.CHANGED, "Row 4 was changed"),
    "hash": (change(hash="0" * 64), Kind.CHANGED, "Row 4 was changed"),
    "previous": (change(previous_hash="0" * 64), Kind.CHANGED, "Row 4 was changed"),
    "number": (lambda: move(7, 9), Kind.CHANGED, "Row 9 was given another number: it should be 7"),
    "hashed anew": (change_with_hash, Kind.CHANGED, "Row 5 was not written after row 4 as it is now"),
    "one removed": (remove(4), Kind.MISSING, "Row 4 is missing"),
    "some removed": (remove(3, 4, 5), Kind.MISSING, "Rows 3 to 5 are missing"),
    "the first removed": (remove(1), Kind.MISSING, "Row 1 is missing"),
    "removed and numbered anew": (remove_and_number_anew, Kind.CHANGED, "Row 4 was not written after row 3"),
    "put in": (lambda: put_in(4), Kind.INSERTED, "Row 4 was inserted: row 5 follows row 3"),
    "put in with its hash": (put_in_with_hash(4), Kind.INSERTED, "Row 4 was inserted: row 5 follows row 3"),
    "put in first": (put_in_with_hash(1), Kind.INSERTED, "Row 1 was inserted: row 2 is the first"),
    "below the first": (lambda: move(7, -3), Kind.INSERTED, "Row -3 was inserted: row 1 is the first"),
    "swapped": (swap, Kind.SWAPPED, "Rows 4 and 5 are out of order"),
}


def test_what_was_done_by_hand_is_named(open_app: Flask) -> None:
    with open_app.app_context():
        whole = [row._asdict() for row in db.session.execute(select(TABLE))]
        for do, kind, words in FOUND.values():
            do()
            db.session.commit()
            broken = chain.verify().broken
            assert broken is not None, words
            assert broken.words.startswith(words)
            assert broken.kind is kind, words
            db.session.execute(delete(TABLE))
            db.session.execute(insert(TABLE), whole)
            db.session.commit()
        change(actor="somebody else")()
        db.session.commit()
    result = run(open_app, "verify")
    assert result.exit_code == 1
    assert "changed row: Row 4 was changed: its content does not match its hash." in result.stderr


def test_a_cut_off_end_is_seen_by_whoever_kept_the_head(open_app: Flask) -> None:
    number, kept = run(open_app, "head").stdout.split()
    assert number == str(ROWS)
    with open_app.app_context():
        early = hashes()[2]
        audit.record(THE_SITE, "later")
        assert chain.verify([kept, early]).broken is None
        remove(7, 8)()
        audit.record(THE_SITE, "written instead")
        assert chain.verify().broken is None, "nothing else can tell"
    result = run(open_app, "verify", "--head", early, "--head", kept)
    assert result.exit_code == 1
    assert f"cut off at the end: The chain ends with row 7, and no row has the hash {kept}" in result.stderr


def test_a_whole_chain_is_called_whole(app: Flask) -> None:
    assert "The audit trail is empty." in run(app, "head").stdout
    assert run(app, "verify").stdout == "0 rows in order. Head: 0 (empty)\n"
    with app.app_context():
        fill()
        head = chain.head()
    result = run(app, "verify", "--head", head.hash)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{ROWS} rows in order. Head: {ROWS} {head.hash}\n"
    assert run(app, "verify", "--head", "abc").exit_code == 2


def test_triggers_that_were_removed_are_missed(open_app: Flask) -> None:
    result = run(open_app, "verify")
    assert result.exit_code == 1
    assert "no longer refuses changes: audit_events_" in result.stderr


def test_the_size_of_a_batch_changes_nothing(open_app: Flask) -> None:
    with open_app.app_context():
        newest = hashes()[-1]
        assert {chain.verify(batch=batch) for batch in BATCHES} == {(ROWS, Head(ROWS, newest), None)}
        remove(4)()
        db.session.commit()
        found = {(walk.rows, walk.broken and walk.broken.row) for walk in (chain.verify(batch=n) for n in BATCHES)}
        assert found == {(3, 4)}


def many(first: int, rows: int) -> None:
    """More rows, all in one statement."""
    head = chain.head()
    values = []
    for number in range(first, first + rows):
        row: dict[str, Any] = {
            **dict.fromkeys(("actor", "place", "action", "subject"), "x" * 40),
            "actor_id": None,
            "detail": {},
        }
        values.append({**row, "happened_at": clock.now(), "id": number, "previous_hash": head.hash})
        head = Head(number, chain.digest(AuditEvent(**values[-1])))
        values[-1]["hash"] = head.hash
    db.session.execute(insert(TABLE), values)
    db.session.commit()


def peak() -> int:
    """Bytes that a walk along the chain needs at once; they vary a little from walk to walk."""
    tracemalloc.start()
    assert chain.verify(batch=200).broken is None
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_stays_flat_however_long_the_chain_is(app: Flask) -> None:
    with app.app_context():
        many(1, 400)
        chain.verify()
        short = peak()
        many(401, 3600)
        assert peak() < 2 * short, "ten times the rows"


def test_the_export_has_all_rows_and_its_own(app: Flask) -> None:
    with app.app_context():
        fill()
    table = list(csv.DictReader(io.StringIO(run(app, "export").stdout)))
    assert [row["id"] for row in table] == [str(number) for number in range(ROWS + 1, 0, -1)]
    assert (table[0]["actor"], table[0]["action"]) == ("command line", "audit.exported")


def told(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        columns = (TABLE.c.action, TABLE.c.subject)
        return [tuple(row) for row in db.session.execute(select(*columns).order_by(TABLE.c.id))]


def test_commands_that_open_referrals_say_so_before_they_print(app: Flask) -> None:
    first, second = arrive(app, "urgent", "routine")
    runner = app.test_cli_runner()
    shown = runner.invoke(args=["referrals", "show", first]).stdout
    assert [canary for canary in CANARIES if canary in shown]
    assert runner.invoke(args=["referrals", "export", "--format", "fhir"]).exit_code == 0
    assert told(app) == [("referral.opened", first), ("referral.exported", first), ("referral.exported", second)]
    with app.app_context():
        whole = db.session.scalars(select(TABLE.c.detail)).all()
    assert not [canary for canary in CANARIES if canary in str(whole)]


def test_nothing_is_printed_when_the_line_cannot_be_written(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    (reference,) = arrive(app, "urgent")

    def fail(*_: object) -> None:
        raise RuntimeError("no line")

    monkeypatch.setattr("core.audit.trail._linked", fail)
    for command in (("show", reference), ("export",)):
        result = app.test_cli_runner().invoke(args=["referrals", *command])
        assert (result.exit_code, result.stdout) == (1, "")


def test_a_rotation_is_told_at_its_beginning_and_its_end(app: Flask) -> None:
    arrive(app, "urgent")
    new = envelope.new_key_pair()
    old = app.config["SEALING_PRIVATE_KEY"]
    app.config["SEALING_PUBLIC_KEYS"] = (new.public,)
    assert app.test_cli_runner().invoke(args=["keys", "rotate"]).exit_code == 0
    with app.app_context():
        rows = [tuple(row) for row in db.session.execute(select(TABLE.c.action, TABLE.c.detail).order_by(TABLE.c.id))]
    ids = {"sealed_for": envelope.key_id(new.public)}
    assert rows == [
        ("rotation.started", {**ids, "opened_with": envelope.key_id(envelope.public_key_of(old))}),
        ("rotation.finished", {**ids, "rows_left": 0}),
    ]
    assert old not in str(rows)
