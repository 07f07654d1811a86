"""What becomes of a message: who may change its status, and that a worker asks before each send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core import clock
from core.extensions import db
from core.mail import outbox, worker
from core.mail.outbox import Status
from tests.conftest import Wait
from tests.postbox import Postbox, listening


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    with listening(Postbox()) as box:
        app.config["MAIL_URL"] = box.url
        yield box


@pytest.fixture
def here(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def broadcasts(count: int, name: str = "news") -> int:
    """One broadcast to reader0@example.com, reader1@…; its id."""
    now = clock.now()
    words = outbox.Broadcast(name=name, subject="News", body="Hello", headers={})
    for n in range(count):
        row = outbox.Message(id=f"{name}-{n}", recipient=f"reader{n}@example.com", broadcast=words, created_at=now)
        row.subject, row.body, row.headers, row.due_at = "", "", {}, now + timedelta(microseconds=n)
        db.session.add(row)
    db.session.flush()
    number = int(words.id)
    db.session.commit()
    return number


def statuses() -> dict[str, str]:
    found = {str(row.id): str(row.status) for row in db.session.execute(text("SELECT id, status FROM outbox"))}
    db.session.rollback()
    return found


def withdraw(*recipients: str) -> None:
    outbox.withdraw(*recipients)
    db.session.commit()


def sent_to(box: Postbox) -> list[str]:
    return [mail["To"] for mail in box.received]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("says", ["451 later", "554 5.7.1 no"])
def test_what_failed_and_was_withdrawn_is_never_retried(postbox: Postbox, says: str, wait: Wait) -> None:
    """Whoever left after a first try must not be mailed when an operator retries."""
    broadcasts(2)
    postbox.data_says = says
    assert sum(worker.deliver()) == 0
    withdraw("reader0@example.com")
    assert statuses()["news-0"] == "withdrawn"
    postbox.data_says = "250 OK"
    wait(worker.MAX_RETRY_DELAY)
    assert outbox.retry(["news-0"]) == 0
    outbox.retry()
    assert sum(worker.deliver()) == 1
    assert sent_to(postbox) == ["reader1@example.com"]
    assert statuses() == {"news-0": "withdrawn", "news-1": "sent"}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("how", ["withdrawn", "forgotten"])
def test_a_worker_sends_nothing_that_was_taken_back_after_its_claim(postbox: Postbox, how: str) -> None:
    broadcasts(worker.BATCH)
    outcomes = worker.deliver()
    assert next(outcomes) is True
    everybody = [f"reader{n}@example.com" for n in range(1, worker.BATCH)]
    if how == "withdrawn":
        withdraw(*everybody)
    else:
        for address in everybody:
            outbox.forget(address)
        db.session.commit()
    assert not any(outcomes)
    assert sent_to(postbox) == ["reader0@example.com"]
    left = {"withdrawn"} if how == "withdrawn" else set()
    assert set(statuses().values()) == {"sent"} | left


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("says", ["250 OK", "451 later", "550 5.1.1 unknown"])
def test_what_is_withdrawn_while_the_mail_server_thinks_stays_withdrawn(
    postbox: Postbox, says: str, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    broadcasts(1)

    async def think(*_: object) -> str:
        with app.app_context():
            withdraw("reader0@example.com")
        return says

    monkeypatch.setattr(postbox, "handle_DATA", think)
    list(worker.deliver())
    assert statuses() == {"news-0": "withdrawn"}


@pytest.mark.usefixtures("here")
def test_a_worker_notes_nothing_about_what_another_holds(postbox: Postbox) -> None:
    """It was asleep, its claim ended, and another took the row up: that one says what became of it."""
    broadcasts(2)
    outcomes = worker.deliver()
    assert next(outcomes) is True
    db.session.execute(text("UPDATE outbox SET claimed_by = 'another'"))
    db.session.commit()
    assert list(outcomes) == [False]
    assert statuses() == {"news-0": "sending", "news-1": "sending"}
    assert sent_to(postbox) == ["reader0@example.com"]


@pytest.mark.usefixtures("here")
def test_a_claim_that_ended_is_not_used(postbox: Postbox, wait: Wait) -> None:
    """The row may be another's the next moment; it is claimed anew."""
    broadcasts(2)
    with worker.Worker(postbox.url) as working:
        outcomes = working.run()
        assert next(outcomes) is True
        wait(2 * worker.CLAIM)
        assert next(outcomes) is False
        assert sum(outcomes) == 1
    assert sorted(sent_to(postbox)) == ["reader0@example.com", "reader1@example.com"]


ALLOWED = {
    (Status.QUEUED, Status.SENDING),
    (Status.SENDING, Status.SENDING),
    (Status.SENDING, Status.QUEUED),
    (Status.SENDING, Status.SENT),
    (Status.SENDING, Status.FAILED),
    (Status.FAILED, Status.QUEUED),
    *((start, Status.WITHDRAWN) for start in (Status.QUEUED, Status.SENDING, Status.FAILED)),
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("end", Status)
@pytest.mark.parametrize("start", Status)
def test_only_these_moves_take_effect(start: Status, end: Status) -> None:
    have("row", start)
    more: dict[str, Any] = {"claimed_by": "w"} if end == Status.SENDING else {}
    if end in outbox.OPEN:
        more["due_at"] = clock.now()
    took = outbox.move(db.session, end, outbox.Message.id == "row", **more)
    db.session.commit()
    assert took == ((start, end) in ALLOWED)
    assert statuses() == {"row": end if took else start}


@pytest.mark.usefixtures("here")
def test_a_worker_moves_only_what_it_claimed() -> None:
    have("row", Status.SENDING)
    for status in (Status.SENT, Status.FAILED):
        assert outbox.move(db.session, status, outbox.Message.id == "row", claim="another") == 0
    assert outbox.move(db.session, Status.SENT, outbox.Message.id == "row", claim="w") == 1


def have(name: str, status: Status, **values: Any) -> None:
    now, is_open = clock.now(), status in outbox.OPEN
    row = outbox.Message(id=name, recipient="reader@example.com", subject="", body="", headers={}, created_at=now)
    row.status, row.claimed_by = status, "w" if status == Status.SENDING else None
    row.due_at, row.settled_at = (now, None) if is_open else (None, now)
    for column, value in values.items():
        setattr(row, column, value)
    db.session.add(row)
    db.session.commit()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("status", "values"),
    [
        ("lost", {}),
        (Status.QUEUED, {"claimed_by": "w"}),
        (Status.QUEUED, {"due_at": None}),
        (Status.SENDING, {"claimed_by": None}),
        (Status.SENT, {"settled_at": None}),
        (Status.FAILED, {"due_at": clock.now()}),
        (Status.WITHDRAWN, {"claimed_by": "w"}),
    ],
)
def test_the_database_refuses_a_row_that_contradicts_itself(status: Status, values: dict[str, Any]) -> None:
    have("row", Status.QUEUED)
    whole: dict[str, Any] = {"claimed_by": None, "due_at": None, "settled_at": clock.now()}
    if status in outbox.OPEN:
        whole |= {"claimed_by": "w" if status == Status.SENDING else None, "due_at": clock.now(), "settled_at": None}
    row = {"status": status, **whole, **values}
    row = {name: value.isoformat(" ") if hasattr(value, "isoformat") else value for name, value in row.items()}
    change = "status = :status, claimed_by = :claimed_by, due_at = :due_at, settled_at = :settled_at"
    with pytest.raises(IntegrityError, match="ck_outbox_"):
        db.session.execute(text(f"UPDATE outbox SET {change}"), row)
    db.session.rollback()


@pytest.mark.usefixtures("here")
def test_thirty_days_count_from_when_a_message_was_settled(postbox: Postbox, wait: Wait) -> None:
    """What waited for a month and was sent today stays for another."""
    broadcasts(3)
    wait(outbox.KEPT_FOR + timedelta(days=1))
    withdraw("reader1@example.com")
    postbox.recipient_says = "554 5.7.1 no"
    list(worker.deliver())
    outbox.purge()
    assert statuses() == {"news-0": "failed", "news-1": "withdrawn", "news-2": "failed"}
    wait(outbox.KEPT_FOR - timedelta(minutes=1))
    outbox.purge()
    assert len(statuses()) == 3
    wait(timedelta(minutes=2))
    outbox.purge()
    assert statuses() == {}


@pytest.mark.usefixtures("here")
def test_what_became_of_a_broadcast_is_known_after_the_purge(postbox: Postbox, wait: Wait) -> None:
    broadcast, other = broadcasts(5), broadcasts(1, "other")
    withdraw("reader4@example.com")
    postbox.recipient_says = "554 5.7.1 no"
    assert not next(outcomes := worker.deliver())
    postbox.recipient_says = "250 OK"
    assert sum(outcomes) == 4
    became = {Status.SENT: 3, Status.FAILED: 1, Status.WITHDRAWN: 1}
    assert outbox.outcomes(broadcast) == became
    wait(outbox.KEPT_FOR + timedelta(days=1))
    for _ in range(2):
        outbox.purge()
        assert statuses() == {}
        assert outbox.outcomes(broadcast) == became
        assert outbox.outcomes(other) == {Status.SENT: 1}


@pytest.mark.usefixtures("here")
def test_a_purge_counts_every_row_once_however_many_there_are(monkeypatch: pytest.MonkeyPatch, wait: Wait) -> None:
    monkeypatch.setattr(outbox, "PURGE_BATCH", 2)
    broadcast = broadcasts(5)
    withdraw(*(f"reader{n}@example.com" for n in range(5)))
    have("single", Status.WITHHELD)
    wait(outbox.KEPT_FOR + timedelta(days=1))
    outbox.purge()
    assert statuses() == {}
    assert outbox.outcomes(broadcast) == {Status.WITHDRAWN: 5}
