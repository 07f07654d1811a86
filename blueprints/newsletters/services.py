"""Queues an issue once for each confirmed subscriber, no matter how often it is run or killed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, insert, select

from blueprints.newsletters import emails
from blueprints.newsletters.issues import Issue
from blueprints.newsletters.models import NewsletterReader
from blueprints.subscriptions import services as subscriptions
from blueprints.subscriptions.services import Reader
from core import clock
from core.extensions import db
from core.mail import outbox
from core.mail.outbox import Broadcast, Message, Status
from core.web import urls

BATCH = 500
TOKEN = "~token~"  # noqa: S105 - the placeholder for each reader's own token


class ChangedSince(ValueError):
    """An issue of this name was already sent with different text."""


class Progress(NamedTuple):
    by_status: Counter[str]
    untried: int
    """Of those that are queued or being sent."""

    @property
    def total(self) -> int:
        return self.by_status.total()


def put_test(issue: Issue, address: str) -> None:
    """One copy to this address. Commits."""
    emails.put_test(issue, address)
    db.session.commit()


def begin(issue: Issue) -> int:
    """The id of the issue's broadcast, created on the first call. Raises ChangedSince. Commits."""
    leave = urls.link(f"/subscribe/leave/{TOKEN}")
    body = emails.words(issue, leave)
    known = db.session.scalar(select(Broadcast).where(Broadcast.name == issue.name))
    if known is not None and (known.subject, known.body) != (issue.title, body):
        db.session.rollback()
        raise ChangedSince(issue.name)
    if known is None:
        headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        known = Broadcast(name=issue.name, subject=issue.title, body=body, headers=headers)
        db.session.add(known)
        db.session.flush()
    broadcast_id = known.id
    db.session.commit()
    return broadcast_id


def queue(broadcast_id: int, per_second: float) -> Generator[int, None, None]:
    """Queue the messages, one commit per batch. Yields the number of readers in each. A rate of 0 is unlimited."""
    last = 0
    while True:
        # Serializes processes that queue the same issue.
        db.session.execute(select(Broadcast.id).where(Broadcast.id == broadcast_id).with_for_update())
        readers = subscriptions.readers(last, BATCH)
        if not readers:
            db.session.rollback()
            return
        last = readers[-1].id
        _write(broadcast_id, _without_it(broadcast_id, readers), per_second)
        db.session.commit()
        yield len(readers)


def _without_it(broadcast_id: int, readers: Sequence[Reader]) -> list[Reader]:
    ids = [reader.id for reader in readers]
    had = select(NewsletterReader.subscriber_id).where(
        NewsletterReader.broadcast_id == broadcast_id, NewsletterReader.subscriber_id.in_(ids)
    )
    known = set(db.session.scalars(had))
    return [reader for reader in readers if reader.id not in known]


def _write(broadcast_id: int, readers: Sequence[Reader], per_second: float) -> None:
    if not readers:
        return
    now, due = clock.now(), _next_due(broadcast_id)
    step = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
    had = [{"broadcast_id": broadcast_id, "subscriber_id": reader.id, "queued_at": now} for reader in readers]
    mails = [_mail(broadcast_id, reader, now, due + step * place) for place, reader in enumerate(readers, 1)]
    db.session.execute(insert(NewsletterReader), had)
    db.session.execute(insert(Message), mails)


def _mail(broadcast_id: int, reader: Reader, now: datetime, due: datetime) -> dict[str, object]:
    own = {"subject": "", "body": "", "headers": {}, "merge_fields": {"token": reader.leave_token}}
    when = {"created_at": now, "due_at": due}
    return {"id": str(uuid.uuid4()), "recipient": reader.email, "broadcast_id": broadcast_id, **own, **when}


def _next_due(broadcast_id: int) -> datetime:
    """After messages awaiting their first attempt, so that the rate holds across runs."""
    waiting = (Message.broadcast_id == broadcast_id, Message.status == Status.QUEUED, Message.attempts == 0)
    last = db.session.scalar(select(func.max(Message.due_at)).where(*waiting))
    return max(last or clock.now(), clock.now())


def progress(broadcast_id: int) -> Progress:
    """Delivery status of the issue."""
    untried = (Message.broadcast_id == broadcast_id, Message.status.in_(outbox.OPEN), Message.attempts == 0)
    number = db.session.scalar(select(func.count()).select_from(Message).where(*untried)) or 0
    now = Progress(outbox.outcomes(broadcast_id), number)
    db.session.rollback()
    return now
