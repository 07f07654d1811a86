"""Events are written by the transaction that does what they tell of, as one chain, and cannot be changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core import audit, clock, database
from core.audit import chain
from core.audit.models import AuditEvent
from core.audit.trail import COMMAND_LINE, LENGTHS, Actor
from core.extensions import db
from core.mail import limits
from tests.servers import ROOT

pytestmark = pytest.mark.database_decides
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)

ANNA = Actor("Anna Berg", 7, "anna@clinic.example", "192.0.2.1")
WRITERS, EACH = 8, 12


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def do(name: str) -> None:
    """The change that an event tells of: here, an address is suppressed."""
    limits.suppress([name])


def done(app: Flask, *names: str) -> set[str]:
    """Those of the changes that are there."""
    with app.app_context():
        return limits.suppressed_of(names)


def test_an_event_says_who_did_what_to_whom_from_where_and_when(app: Flask) -> None:
    with app.app_context():
        audit.add(ANNA, "referral.opened", "KTC-23456789", roles=("clinician",), count=1)
        db.session.commit()
        row = db.session.scalars(select(AuditEvent)).one()
        assert (row.id, row.actor_id, row.actor, row.place) == (1, 7, "anna@clinic.example", "192.0.2.1")
        assert (row.action, row.subject) == ("referral.opened", "KTC-23456789")
        assert row.detail == {"roles": ["clinician"], "count": 1}
        assert clock.now() - row.happened_at < timedelta(minutes=1)
        assert (row.previous_hash, row.hash) == ("", chain.digest(row))


def test_a_command_leaves_the_account_that_ran_it(app: Flask) -> None:
    with app.app_context():
        audit.record(COMMAND_LINE, "referral.exported")
        row = db.session.scalars(select(AuditEvent)).one()
        assert (row.actor, row.actor_id) == ("command line", None)
        assert row.place


def test_what_does_not_fit_a_column_is_shortened_and_made_printable(app: Flask) -> None:
    """A reference comes out of an address, which anybody may write."""
    with app.app_context():
        audit.record(Actor("A\0\ud800\nB", 1), "referral.opened", "x" * 100)
        row = db.session.scalars(select(AuditEvent)).one()
        assert (row.actor, row.subject) == ("A???B", "x" * 64)
        assert {name: chain.TABLE.c[name].type.length for name in LENGTHS} == LENGTHS  # type: ignore[attr-defined]
    assert verified(app) == 1


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_a_detail_that_is_no_json_is_refused_where_it_is_given(sqlite_app: Flask, value: Any) -> None:
    with sqlite_app.app_context(), pytest.raises((TypeError, ValueError)):
        audit.add(ANNA, "referral.opened", count=value)


def verified(app: Flask) -> int:
    """How many rows the chain has."""
    with app.app_context():
        found = chain.verify()
        assert found.broken is None
        return found.rows


def test_events_share_the_fate_of_their_transaction(app: Flask) -> None:
    with app.app_context():
        audit.add(ANNA, "undone")
        do("undone")
        db.session.rollback()
        audit.add(ANNA, "first")
        do("done")
        audit.add(ANNA, "second")
        db.session.commit()
        audit.add(ANNA, "lost")
        db.session.remove()
        audit.add(ANNA, "closed")
        db.session.close()
        audit.record(ANNA, "third")
    assert actions(app) == ["first", "second", "third"]
    assert done(app, "undone", "done") == {"done"}
    assert verified(app) == 3


def test_an_event_of_a_savepoint_that_is_rolled_back_is_not_written(app: Flask) -> None:
    with app.app_context():
        audit.add(ANNA, "before")
        with db.session.begin_nested():
            audit.add(ANNA, "released")
        undone = db.session.begin_nested()
        audit.add(ANNA, "undone")
        with db.session.begin_nested():
            audit.add(ANNA, "undone inside")
        undone.rollback()
        audit.add(ANNA, "after")
        db.session.commit()
    assert actions(app) == ["before", "released", "after"]


@ON_POSTGRESQL
def test_adding_holds_no_lock_until_the_commit(app: Flask) -> None:
    """Somebody who added an event and then waits for something else keeps nobody waiting (PostgreSQL), and the event
    has its place in the chain when it is committed, not when it was added."""
    with app.app_context():
        audit.add(ANNA, "slow")
        do("slow")
        db.session.flush()
        with app.app_context():
            audit.record(ANNA, "quick")
        db.session.commit()
    assert actions(app) == ["quick", "slow"]
    assert verified(app) == 2


def test_eight_writers_at_once_make_one_chain(app: Flask) -> None:
    together = Barrier(WRITERS, timeout=30)

    def write(writer: int) -> None:
        together.wait()
        with app.app_context():
            for number in range(EACH):
                do(f"{writer} {number}")
                audit.add(Actor(f"writer {writer}", writer), "one", number=number)
                audit.add(Actor(f"writer {writer}", writer), "two")
                db.session.rollback() if number == 5 else db.session.commit()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert verified(app) == 2 * WRITERS * (EACH - 1)
    kept = {f"{writer} {number}" for writer in range(WRITERS) for number in range(EACH) if number != 5}
    assert done(app, *kept, *(f"{writer} 5" for writer in range(WRITERS))) == kept
    assert actions(app) == ["one", "two"] * (WRITERS * (EACH - 1))


CHANGES = (
    "UPDATE audit_events SET actor = 'somebody else'",
    "DELETE FROM audit_events WHERE id = 2",
    "INSERT INTO audit_events SELECT * FROM audit_events WHERE id = 1",
)
ONLY_SQLITE = (
    "REPLACE INTO audit_events SELECT * FROM audit_events WHERE id = 1",
    "UPDATE OR REPLACE audit_events SET id = 1",
)
ONLY_POSTGRESQL = (
    "TRUNCATE audit_events",
    "UPDATE audit_events SET actor = 'x' WHERE false",
    "INSERT INTO audit_events SELECT * FROM audit_events WHERE id = 1 ON CONFLICT (id) DO UPDATE SET actor = 'x'",
)


def test_the_database_refuses_changes(app: Flask) -> None:
    with app.app_context():
        audit.record(ANNA, "first")
        audit.record(ANNA, "second")
        own = ONLY_SQLITE if db.engine.dialect.name == "sqlite" else ONLY_POSTGRESQL
        for change in (*CHANGES, *own):
            with pytest.raises(DBAPIError, match="can only be added to|unique"):
                db.session.execute(text(change))
            db.session.rollback()
    assert actions(app) == ["first", "second"]
    assert verified(app) == 2


@ON_POSTGRESQL
def test_not_even_a_session_that_replays_changes_may_change_rows(app: Flask) -> None:
    with app.app_context():
        audit.record(ANNA, "first")
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        with pytest.raises(DBAPIError, match="can only be added to"):
            db.session.execute(text("DELETE FROM audit_events"))


KILLED = """
import os, signal, sys
from sqlalchemy import event
from core import audit
from core.audit.trail import THE_SITE
from core.extensions import db
from core.mail import limits
from tests.conftest import build
from pathlib import Path

app = build(Path(sys.argv[1]), sys.argv[2])
with app.app_context():
    db.engine.dispose()

def work(step):
    left = [step]
    def count(*_, **__):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    with app.app_context():
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(db.engine, name, count)
        limits.suppress([f"step {step}"])
        audit.add(THE_SITE, "address.suppressed", f"step {step}")
        db.session.commit()
        count()

for step in range(1, 99):
    child = os.fork()
    if child == 0:
        work(step)
        sys.exit()
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        print(step - 1)
        sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_process_that_is_killed_leaves_the_change_and_its_event_or_neither(app: Flask, tmp_path: Path) -> None:
    """Before and after each statement, before the commit, and after it."""
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, str(tmp_path), url]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "SITE_ENV": ""})
    assert ended.returncode == 0, ended.stderr
    kills = int(ended.stdout)
    assert kills >= 8, "the statements of the change and of its event, before and after"
    with app.app_context():
        told = set(db.session.scalars(select(AuditEvent.subject)))
    # The last kill came after the commit, and the round after it was not killed.
    assert done(app, *(f"step {step}" for step in range(99))) == told == {f"step {kills}", f"step {kills + 1}"}
    assert verified(app) == 2


def elsewhere(app: Flask) -> bool:
    """Somebody else writes. Returns whether they may, without waiting."""
    with app.app_context():
        file = db.engine.url.database or ""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:
        try:
            other.execute("CREATE TABLE elsewhere (id INTEGER)")
        except sqlite3.OperationalError:
            return False
    return True


def view(app: Flask, marked: bool) -> tuple[int, bool]:
    """A GET that reads first, lets somebody else write, and then writes: its status, and whether they could."""
    others: list[bool] = []

    def read_and_write() -> str:
        db.session.execute(select(AuditEvent.id)).all()
        others.append(elsewhere(app))
        audit.record(ANNA, "own")
        return "done"

    app.add_url_rule("/read-and-write", view_func=database.writes(read_and_write) if marked else read_and_write)
    status = app.test_client().get("/read-and-write").status_code
    return status, others[0]


def test_a_get_that_is_marked_takes_its_turn_before_it_reads(sqlite_app: Flask) -> None:
    assert view(sqlite_app, marked=True) == (200, False)
    assert actions(sqlite_app) == ["own"]


def test_a_get_that_is_not_marked_loses_to_whoever_writes_meanwhile(sqlite_app: Flask) -> None:
    """That is why there is the mark: SQLite refuses at once, and no waiting helps."""
    assert view(sqlite_app, marked=False) == (503, True)
    assert actions(sqlite_app) == []
