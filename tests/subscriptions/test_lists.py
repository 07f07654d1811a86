"""`flask subscribers import`, on both databases."""

from __future__ import annotations

import csv
import gc
import os
import stat
import threading
import uuid
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from blueprints.subscriptions import import_export
from blueprints.subscriptions.csv_formats import Entry, Person, Refused
from core import batches, clock
from core.audit import Actor
from core.extensions import db
from core.mail import outbox
from tests.page import Client
from tests.subscriptions.actions import OWN, confirmed, link, mails, subjects, subscribe
from tests.subscriptions.operators import NOW, OLD, have, last, rows, run, states, write

pytestmark = pytest.mark.database_decides


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of rows is more than one batch."""
    monkeypatch.setattr(import_export, "AT_ONCE", 2)
    monkeypatch.setattr(batches, "MOST", 2)


@pytest.mark.usefixtures("noon")
def test_new_people_come_with_their_consent_and_a_token_of_their_own(app: Flask, tmp_path: Path) -> None:
    lines = ("Email Address,OPTIN_TIME,CONFIRM_TIME", "Ann@Example.com,2020-01-02 03:04:05,2020-01-02 03:04:05")
    file = write(tmp_path, *lines, "bob@example.com,,", name="subscribed_members_export.csv")
    names = [part for pair in ("consented_at=OPTIN_TIME", "confirmed_at=Confirm_Time") for part in ("--column", pair)]
    done = run(app, "import", file, "--status", "confirmed", *names)
    assert (done.exit_code, done.stdout) == (0, "2 new, 0 changed, 0 unchanged, 0 refused\n")
    ann, bob = rows(app).values()
    assert (ann.email, ann.email_key, ann.status, ann.created_at) == (
        "Ann@Example.com",
        "ann@example.com",
        "confirmed",
        NOW,
    )
    assert ann.consent_version == "import"
    said = "Imported from subscribed_members_export.csv on 2026-11-23; consent was given there."
    assert ann.consent_text == bob.consent_text == said
    assert (ann.consented_at, ann.confirmed_at) == (OLD, OLD)
    assert (bob.consented_at, bob.confirmed_at) == (None, NOW)
    assert len({ann.leave_token, bob.leave_token}) == 2
    assert min(len(ann.leave_token), len(bob.leave_token)) == 43
    assert mails(app) == []


def test_who_was_imported_can_leave(app: Flask, client: Client, tmp_path: Path) -> None:
    run(app, "import", write(tmp_path, "email", "a@example.com"), "--status", "confirmed")
    token = rows(app)["a@example.com"].leave_token
    assert client.post(f"/subscribe/leave/{token}", headers=OWN).status == 200
    assert states(app) == {"a@example.com": "left"}


@pytest.mark.parametrize("here", ["pending", "confirmed", "left", "suppressed"])
def test_a_list_moves_people_forward_only(app: Flask, tmp_path: Path, here: str) -> None:
    ends = {
        "pending": ["pending", "confirmed", "left", "suppressed"],
        "confirmed": ["confirmed", "confirmed", "left", "suppressed"],
        "left": ["left", "left", "left", "suppressed"],
        "suppressed": ["suppressed"] * 4,
    }[here]
    have(app, a=here, b=here, c=here, d=here)
    lines = ("A@example.com,pending", "B@example.com,confirmed", "C@example.com,left", "D@example.com,suppressed")
    changed = sum(end != here for end in ends)
    file = write(tmp_path, "email,status", *lines)
    assert last(run(app, "import", file)) == f"0 new, {changed} changed, {4 - changed} unchanged, 0 refused"
    assert list(states(app).values()) == ends
    assert last(run(app, "import", file)) == "0 new, 0 changed, 4 unchanged, 0 refused"
    for row in rows(app).values():
        assert (
            (row.suppressed_at is None)
            == (row.suppressed_because is None)
            == (row.status == here or row.status != "suppressed")
        )
        assert (row.left_at is None) == (row.status == here or row.status != "left")


def test_a_link_of_somebody_pending_ends_when_a_list_confirms_them(app: Flask, client: Client, tmp_path: Path) -> None:
    subscribe(client, "a@example.com")
    token = rows(app)["a@example.com"].leave_token
    run(app, "import", write(tmp_path, "email,status,confirmed_at", "a@example.com,confirmed,2020-01-02T03:04:05Z"))
    row = rows(app)["a@example.com"]
    assert (row.status, row.confirmed_at, row.confirm_hash, row.confirm_until) == ("confirmed", OLD, None, None)
    assert (row.consent_version, row.leave_token) == ("import", token)
    assert client.post(link(app, "confirm"), headers=OWN).status == 404
    assert subjects(app) == ["Please confirm your subscription"]


def test_somebody_pending_elsewhere_is_pending_here_without_a_link(app: Flask, client: Client, tmp_path: Path) -> None:
    run(app, "import", write(tmp_path, "email,status", "a@example.com,pending"))
    row = rows(app)["a@example.com"]
    assert (row.status, row.confirm_hash, row.confirm_until, row.confirmed_at) == ("pending", None, None, None)
    assert mails(app) == []
    confirmed(app, client, "a@example.com")
    assert states(app) == {"a@example.com": "confirmed"}


@pytest.mark.parametrize("command", [["import", "--status", "left"], ["suppress"]])
def test_broadcasts_to_those_who_are_gone_are_taken_back(app: Flask, tmp_path: Path, command: list[str]) -> None:
    have(app, gone="confirmed", stays="confirmed")
    with app.app_context():
        broadcast = outbox.Broadcast(name="news", subject="News", body="News", headers={})
        db.session.add(broadcast)
        db.session.flush()
        for name in ("gone", "stays"):
            row = {"id": str(uuid.uuid4()), "recipient": f"{name}@example.com", "broadcast_id": broadcast.id}
            db.session.add(
                outbox.Message(**row, subject="", body="", headers={}, merge_fields={}, created_at=OLD, due_at=OLD)
            )
        db.session.commit()
    assert last(run(app, *command, write(tmp_path, "email", "gone@example.com"))).startswith("0 new, 1 changed")
    assert [row.recipient for row in mails(app)] == ["stays@example.com"]


BAD = {
    "": "wrong number of columns",
    ",confirmed": "no address",
    "canary,confirmed": "not an email address",
    "canary@,confirmed": "not an email address",
    f"{'canary' * 50}@example.com,confirmed": "longer than 254 characters",
    f"{'ΐ' * 120}@example.com,confirmed": "longer than 254 characters",
    "can\0ary@example.com,confirmed": "control characters",
    "can\x1bary@example.com,confirmed": "control characters",
    "canary@example.com,perhaps": "unknown status",
    "canary@example.com": "wrong number of columns",
    "canary@example.com,confirmed,": "wrong number of columns",
    "ok@EXAMPLE.com,confirmed": "the address of an earlier line",
    '"canary@example.com,confirmed': "a quote that is not closed",
}
BAD_LINES = [line for line in BAD if line]


@pytest.mark.usefixtures("few_at_once")
def test_bad_lines_are_named_without_addresses_and_the_others_go_in(app: Flask, tmp_path: Path) -> None:
    lines = [part for n, bad in enumerate(BAD_LINES) for part in (bad, f"ok{n}@example.com,confirmed")]
    done = run(app, "import", write(tmp_path, "email,status", "ok@example.com,confirmed", *lines))
    expected = [f"line {3 + 2 * n}: {BAD[bad]}" for n, bad in enumerate(BAD_LINES)]
    assert done.stderr.splitlines() == expected
    assert done.stdout == f"{len(BAD_LINES) + 1} new, 0 changed, 0 unchanged, {len(BAD_LINES)} refused\n"
    assert done.exit_code == 1
    assert len(states(app)) == len(BAD_LINES) + 1


def test_a_report_has_the_addresses_for_its_owner_only(app: Flask, tmp_path: Path) -> None:
    file, report = (
        write(tmp_path, "email,status", "=cmd|' /C calc'!A1,confirmed", "ok@example.com,confirmed", "\t=1,confirmed"),
        tmp_path / "report.csv",
    )
    Path(file).write_bytes(Path(file).read_bytes() + b"caf\xe9@example.com,confirmed\n")
    done = run(app, "import", file, "--report", str(report))
    assert (done.exit_code, done.stderr) == (1, "")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert list(csv.reader(report.read_text(encoding="utf-8").splitlines())) == [
        ["line", "reason", "address"],
        ["2", "not an email address", "'=cmd|' /C calc'!A1"],
        ["4", "not an email address", "'=1"],
        ["5", "not UTF-8", "caf\ufffd@example.com"],
    ]


def test_a_report_never_overwrites_and_then_nothing_is_imported(app: Flask, tmp_path: Path) -> None:
    file = write(tmp_path, "email", "a@example.com")
    done = run(app, "import", file, "--status", "left", "--report", file)
    assert done.exit_code == 1
    assert "already exists" in done.stderr
    assert states(app) == {}


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("name,phone", "list.csv has the columns name, phone. Say which one has the addresses: --column email=NAME."),
        (
            "Email Address",
            "list.csv has no status column. Name it with --column status=NAME, or add --status confirmed,",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    app: Flask, tmp_path: Path, header: str, said: str
) -> None:
    done = run(app, "import", write(tmp_path, header, "a@example.com"))
    assert done.exit_code == 1
    assert said in done.stderr
    assert states(app) == {}


@pytest.mark.usefixtures("few_at_once")
def test_an_import_that_was_killed_is_run_again(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "email", *(f"a{n}@example.com" for n in range(5)))
    save, calls = import_export._save, iter(range(9))

    def killed(people: dict[str, Person], actor: Actor) -> dict[str, int]:
        if next(calls) == 1:
            raise OperationalError("", {}, Exception())
        return save(people, actor)

    monkeypatch.setattr(import_export, "_save", killed)
    done = run(app, "import", file, "--status", "confirmed")
    assert (done.exit_code, len(states(app))) == (1, 2)
    assert "It is safe to run this again." in done.stderr
    assert last(run(app, "import", file, "--status", "confirmed")) == "3 new, 0 changed, 2 unchanged, 0 refused"


def test_somebody_may_subscribe_at_the_same_moment(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = import_export._save

    def raced(people: dict[str, Person]) -> dict[str, int]:
        monkeypatch.setattr(import_export, "_save", save)
        have(app, a="pending")
        with pytest.raises(IntegrityError) as error:
            have(app, a="pending")
        raise error.value

    monkeypatch.setattr(import_export, "_save", raced)
    done = run(app, "import", write(tmp_path, "email", "a@example.com", "b@example.com"), "--status", "confirmed")
    assert last(done) == "1 new, 1 changed, 0 unchanged, 0 refused"
    assert set(states(app).values()) == {"confirmed"}


def test_a_long_list_takes_few_questions(app: Flask, tmp_path: Path) -> None:
    file, asked = write(tmp_path, "email", *(f"a{n}@example.com" for n in range(3000))), []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    run(app, "import", file, "--status", "confirmed")
    assert len([words for words in asked if "subscribers" in words]) == 12


def test_a_long_list_takes_little_memory(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long or malformed the list is, only one batch of it is in memory at a time."""
    unseen, there = import_export._unseen, []

    def counting(key: str, seen: set[bytes]) -> str:
        if key.startswith(("a900@", "a1900@")):
            there.append(sum(isinstance(thing, Person | Entry | Refused) for thing in gc.get_objects()))
        return unseen(key, seen)

    monkeypatch.setattr(import_export, "_unseen", counting)
    monkeypatch.setattr(import_export, "AT_ONCE", 100)
    file = write(tmp_path, "email", *(f"a{n % 2000}@example.com" for n in range(4000)))
    run(sqlite_app, "import", file, "--status", "confirmed", "--report", f"{file}.report")
    assert len(there) == 4
    assert max(there) < 250


def test_a_line_without_an_end_is_one_line(app: Flask, tmp_path: Path) -> None:
    file = write(tmp_path, "email", "a@example.com", "b" * 350_000, "c@example.com")
    done = run(app, "import", file, "--status", "left")
    assert done.stderr == "line 3: control characters\n"
    assert list(states(app)) == ["a@example.com", "c@example.com"]


def test_a_pipe_is_read_like_a_file(app: Flask, tmp_path: Path) -> None:
    pipe = tmp_path / "subscribed.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("Email Address\na@example.com\n",))
    writer.start()
    assert last(run(app, "import", str(pipe), "--status", "confirmed")) == "1 new, 0 changed, 0 unchanged, 0 refused"
    writer.join()


@pytest.mark.parametrize("option", [("--column", "mail=x"), ("--state", "yes=maybe"), ("--column", "email")])
def test_a_mapping_that_makes_no_sense_is_refused(app: Flask, tmp_path: Path, option: tuple[str, str]) -> None:
    done = run(app, "import", write(tmp_path, "email", "a@example.com"), "--status", "left", *option)
    assert done.exit_code == 2
    assert "Unknown: " in done.stderr or "has no =" in done.stderr
    assert states(app) == {}
