"""The migration that gives each message a status carries every row over, and mails nobody who may have left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import DateTime, bindparam, text

from core.extensions import db
from core.mail import outbox
from core.mail.outbox import Message

MOMENT = DateTime(timezone=True)
WRITTEN, DUE, SENT = (datetime(2026, 10, day, tzinfo=UTC) for day in (1, 2, 3))
# Readers by the state of their subscription; "gone" is on no list.
READERS = ("confirmed", "pending", "left", "suppressed", "gone")
QUEUED: dict[str, Any] = {"due_at": DUE}
AGAIN = {"due_at": DUE, "attempts": 2, "tried_at": WRITTEN, "last_error": "451 at DATA"}
CLAIMED = {"due_at": DUE, "claimed_by": "w"}
WENT = {"sent_at": SENT, "attempts": 1, "tried_at": WRITTEN}
GIVEN_UP = {"attempts": 3, "tried_at": WRITTEN, "last_error": "554 at DATA"}
NEVER_TRIED: dict[str, Any] = {}

ROWS = {
    "single-queued": (None, "gone", QUEUED, "queued"),
    "single-again": (None, "gone", AGAIN, "queued"),
    "single-claimed": (None, "gone", CLAIMED, "sending"),
    "single-sent": (None, "gone", WENT, "sent"),
    "single-given-up": (None, "gone", GIVEN_UP, "failed"),
    "single-given-up-left": (None, "left", GIVEN_UP, "failed"),
    "single-withheld": (None, "suppressed", NEVER_TRIED, "withheld"),
    "news-sent": (1, "confirmed", WENT, "sent"),
    "news-sent-left": (1, "left", WENT, "sent"),
    "news-queued": (1, "confirmed", QUEUED, "queued"),
    "news-again": (1, "confirmed", AGAIN, "queued"),
    "news-claimed": (1, "confirmed", CLAIMED, "sending"),
    "news-given-up": (1, "confirmed", GIVEN_UP, "failed"),
    "news-withdrawn": (1, "confirmed", NEVER_TRIED, "withdrawn"),
    # Taken back after a first try; and retried since, by an operator who could not know.
    **{f"news-given-up-{who}": (1, who, GIVEN_UP, "withdrawn") for who in READERS[1:]},
    **{f"news-queued-{who}": (1, who, QUEUED, "withdrawn") for who in READERS[1:]},
    "news-claimed-left": (1, "left", CLAIMED, "withdrawn"),
}


@pytest.fixture
def before(app: Flask) -> Iterator[None]:
    """The tables as they were, under the names of that revision, with one row of each kind."""
    with app.app_context():
        flask_migrate.downgrade(revision=predecessor(app))
        for number, who in enumerate(READERS[:-1], 1):
            add("subscribers", id=number, email=f"{who}@example.com", email_key=who, status=who, leave_token=who)
        for number, queued in ((1, 0), (2, 3), (3, 1)):
            add("circulars", id=number, name=f"n{number}", subject="News", body="News", headers="{}")
            for subscriber in range(1, queued + 1):
                add("newsletter_readers", circular_id=number, subscriber_id=subscriber, queued_at=WRITTEN)
        for name, (broadcast, who, values, _) in ROWS.items():
            add_mail(name, broadcast, who, values)
        add_mail("of-n2", 2, "confirmed", WENT)
        add_mail("of-n3", 3, "confirmed", WENT)
        db.session.commit()
        yield


def predecessor(app: Flask) -> str:
    revision = ScriptDirectory(str(app.extensions["migrate"].directory)).get_revision("20261124_mail_status")
    assert revision is not None
    return str(revision.down_revision)


def add_mail(name: str, broadcast: int | None, who: str, values: dict[str, Any]) -> None:
    row = {"subject": "", "body": "", "headers": "{}", "places": "{}", "attempts": 0, **values}
    add("outbox", id=name, circular_id=broadcast, recipient=f"{who}@example.com", **row)


def add(table: str, **values: Any) -> None:
    if table in ("subscribers", "outbox"):
        values["created_at"] = WRITTEN
    names = ", ".join(values)
    moments = [bindparam(name, type_=MOMENT) for name, value in values.items() if isinstance(value, datetime)]
    placeholders = ", ".join(f":{name}" for name in values)
    db.session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({placeholders})").bindparams(*moments), values)


@pytest.mark.usefixtures("before")
def test_each_kind_of_row_gets_its_status() -> None:
    flask_migrate.upgrade()
    rows = {row.id: row for row in outbox.newest(500)}
    assert {name: str(rows[name].status) for name in ROWS} == {name: status for name, (*_, status) in ROWS.items()}
    for name, (broadcast, who, values, _) in ROWS.items():
        row = rows[name]
        assert (row.broadcast_id, row.recipient, row.created_at) == (broadcast, f"{who}@example.com", WRITTEN)
        columns = [
            "attempts",
            "tried_at",
            "last_error",
            *(["due_at", "claimed_by"] if row.status in outbox.OPEN else []),
        ]
        kept = {column: getattr(row, column) for column in columns if getattr(row, column)}
        assert kept == {column: values[column] for column in columns if column in values}, name


@pytest.mark.usefixtures("before")
def test_thirty_days_count_from_when_it_was_settled_or_from_now() -> None:
    started = datetime.now(UTC)
    flask_migrate.upgrade()
    since = {row.id: row.settled_at for row in outbox.newest(500) if row.settled_at}
    db.session.rollback()
    assert {since[name] for name in ("single-sent", "news-sent", "of-n2")} == {SENT}
    assert since["single-withheld"] == WRITTEN
    for name in ("single-given-up", "news-given-up", "news-given-up-left", "news-withdrawn", "news-queued-left"):
        assert started <= (since[name] or WRITTEN) <= datetime.now(UTC)


@pytest.mark.usefixtures("before")
def test_what_was_purged_before_is_not_said_to_be_sent() -> None:
    flask_migrate.upgrade()
    found = {name: outbox.outcomes(broadcast) for name, broadcast in (("n2", 2), ("n3", 3))}
    db.session.rollback()
    assert found == {"n2": {"sent": 1, "unknown": 2}, "n3": {"sent": 1}}


@pytest.mark.usefixtures("before")
def test_nobody_who_left_can_be_retried_afterwards() -> None:
    flask_migrate.upgrade()
    outbox.retry()
    sendable = db.session.query(Message).where(Message.status.in_(outbox.OPEN), Message.broadcast_id.is_not(None))
    assert {row.recipient for row in sendable} == {"confirmed@example.com"}
    db.session.rollback()


@pytest.mark.usefixtures("before")
def test_the_way_back_keeps_every_row_and_nobody_can_be_retried_by_it(app: Flask) -> None:
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision=predecessor(app))
    kinds = "due_at IS NULL, claimed_by IS NULL, sent_at IS NULL, attempts > 0"
    found = {row[0]: tuple(map(bool, row[1:])) for row in db.session.execute(text(f"SELECT id, {kinds} FROM outbox"))}
    db.session.rollback()
    expected = {
        "queued": {(False, True, True, False), (False, True, True, True)},
        "sending": {(False, False, True, False)},
        "sent": {(True, True, False, True)},
        "failed": {(True, True, True, True)},
        "withheld": {(True, True, True, False)},
        "withdrawn": {(True, True, True, False)},
    }
    for name, (*_, status) in ROWS.items():
        assert found[name] in expected[status], name
    flask_migrate.upgrade()
    assert outbox.count() == {"queued": 4, "sending": 2, "failed": 3}
