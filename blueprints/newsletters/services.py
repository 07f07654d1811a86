"""Queues an issue once for each confirmed subscriber, no matter how often it is run, stopped or killed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, select
from sqlalchemy.exc import IntegrityError

from blueprints.newsletters import emails
from blueprints.newsletters.issues import Issue
from blueprints.newsletters.models import NewsletterReader, NewsletterSending
from blueprints.subscriptions import services as subscriptions
from blueprints.subscriptions.services import Reader
from core import audit, clock
from core.audit.trail import COMMAND_LINE, Actor
from core.extensions import db
from core.mail import outbox, render
from core.mail.outbox import Broadcast, Message, Status
from core.web import urls

BATCH = 500
BATCHES_OF_A_REQUEST = 4
BATCHES_AT_ONCE = 10
"""For each issue, between two looks of a worker for due mail."""
PER_SECOND = 10.0
"""Messages, unless somebody says otherwise."""
TOKEN = "~token~"  # noqa: S105 - the placeholder for each reader's own token
STOPPED = "stopped"
"""The `last_error` of messages that were withdrawn because their issue was stopped."""


WITHDRAWN_BY_STOP = (Message.status == Status.WITHDRAWN, Message.last_error == STOPPED)


class ChangedSince(ValueError):
    """An issue of this name was already sent with different text."""


class WrongNumber(ValueError):
    """Whoever sends the issue expects another number of readers than there are."""

    def __init__(self, readers: int) -> None:
        super().__init__(readers)
        self.readers = readers


class NotSending(LookupError):
    """The issue is not being sent, so it cannot be stopped."""


class Progress(NamedTuple):
    by_status: Counter[str]
    untried: int
    """Of those that are queued or being sent."""
    stopped: int
    """Of those that are withdrawn: because the issue was stopped."""

    @property
    def total(self) -> int:
        return self.by_status.total()


NOTHING = Progress(Counter(), 0, 0)


def _subject(name: str) -> str:
    """An issue in the audit trail."""
    return f"newsletter:{name}"[:64]


def preview(issue: Issue) -> tuple[str, str]:
    """The text and the HTML as its readers will see them. The unsubscribe link does not work."""
    body = emails.words(issue, urls.link("/subscribe/leave/test"))
    return render.text(body), render.html(issue.title, body)


def put_test(issue: Issue, address: str, actor: Actor = COMMAND_LINE) -> None:
    """One copy to this address. Commits."""
    emails.put_test(issue, address)
    audit.add(actor, "newsletter.tested", _subject(issue.name))
    db.session.commit()


def begin(
    issue: Issue, per_second: float = PER_SECOND, actor: Actor = COMMAND_LINE, expected: int | None = None
) -> int:
    """Start or continue an issue, for everybody who has not received it; `queue` does the rest. Returns the id of its
    broadcast. A rate of 0 is unlimited. Commits. Raises ChangedSince, and WrongNumber if not exactly `expected` readers
    are to get it."""
    try:
        return _begin(issue, per_second, actor, expected)
    except IntegrityError:
        # Somebody else started it at the same moment; that one's broadcast is used.
        db.session.rollback()
        return _begin(issue, per_second, actor, expected)


def _begin(issue: Issue, per_second: float, actor: Actor, expected: int | None) -> int:
    broadcast_id = _broadcast(issue)
    readers = subscriptions.count_confirmed(_had(broadcast_id))
    if expected not in (None, readers):
        db.session.rollback()
        raise WrongNumber(readers)
    sending = _sending(broadcast_id)
    sending.started_at, sending.per_second = clock.now(), per_second
    sending.queued_to, sending.all_queued, sending.stopped_at = 0, False, None
    # Their readers are queued again, unless they left meanwhile.
    db.session.execute(delete(Message).where(Message.broadcast_id == broadcast_id, *WITHDRAWN_BY_STOP))
    audit.add(actor, "newsletter.started", _subject(issue.name), readers=readers)
    db.session.commit()
    return broadcast_id


def _broadcast(issue: Issue) -> int:
    """The id of the issue's broadcast, locked; created on the first call. Raises ChangedSince."""
    leave = urls.link(f"/subscribe/leave/{TOKEN}")
    body = emails.words(issue, leave)
    known = db.session.scalar(select(Broadcast).where(Broadcast.name == issue.name).with_for_update())
    if known is not None and (known.subject, known.body) != (issue.title, body):
        db.session.rollback()
        raise ChangedSince(issue.name)
    if known is None:
        headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        known = Broadcast(name=issue.name, subject=issue.title, body=body, headers=headers)
        db.session.add(known)
        db.session.flush()
    return known.id


def _had(broadcast_id: int) -> Select[int]:
    """The ids of the subscribers for whom it was queued."""
    return select(NewsletterReader.subscriber_id).where(NewsletterReader.broadcast_id == broadcast_id)


def _sending(broadcast_id: int) -> NewsletterSending:
    """The broadcast must be locked."""
    known = db.session.get(NewsletterSending, broadcast_id, populate_existing=True)
    if known is None:
        # An issue that was sent before sendings were recorded was queued as a whole.
        known = NewsletterSending(
            broadcast_id=broadcast_id, started_at=clock.now(), per_second=PER_SECOND, all_queued=True
        )
        db.session.add(known)
    return known


def queue(broadcast_id: int) -> Generator[int, None, None]:
    """Queue the messages, one commit per batch. Yields the number of readers in each. Ends early if it is stopped."""
    while number := _queue_batch(broadcast_id):
        yield number


def queue_first(broadcast_id: int) -> None:
    """Queue the first messages, as many as a request has time for; workers queue the rest (`queue_on`). Commits."""
    for _ in islice(queue(broadcast_id), BATCHES_OF_A_REQUEST):
        pass


def _queue_batch(broadcast_id: int) -> int:
    """The number of readers that were looked at; 0 if nothing is left to queue. Commits."""
    _lock(broadcast_id)
    sending = _sending(broadcast_id)
    readers = [] if sending.all_queued or sending.stopped_at else subscriptions.readers(sending.queued_to, BATCH)
    if readers:
        sending.queued_to = readers[-1].id
        _write(broadcast_id, _without_it(broadcast_id, readers), sending.per_second)
    elif not sending.stopped_at:
        sending.all_queued = True
    db.session.commit()
    return len(readers)


def _lock(broadcast_id: int) -> None:
    """Before its messages: one lock order prevents deadlocks, and serializes who queues and who stops it."""
    db.session.execute(select(Broadcast.id).where(Broadcast.id == broadcast_id).with_for_update())


def queue_on(_sender: object = None) -> None:
    """Handles outbox.refill: queue the next messages of each issue that is being sent. Commits.

    What came back to the queue of a stopped issue, because a mail server asked to try it later, is withdrawn."""
    open_ones = select(NewsletterSending.broadcast_id).where(
        NewsletterSending.stopped_at.is_(None), NewsletterSending.all_queued.is_(False)
    )
    for broadcast_id in db.session.scalars(open_ones).all():
        for _ in range(BATCHES_AT_ONCE):
            if not _queue_batch(broadcast_id):
                break
    came_back = exists().where(
        Message.broadcast_id == NewsletterSending.broadcast_id,
        Message.due_at.is_not(None),
        Message.status == Status.QUEUED,
    )
    stopped = select(NewsletterSending.broadcast_id).where(NewsletterSending.stopped_at.is_not(None), came_back)
    for broadcast_id in db.session.scalars(stopped).all():
        _lock(broadcast_id)
        if _sending(broadcast_id).stopped_at:
            _withdraw(broadcast_id)
        db.session.commit()
    # A worker must hold no lock while it sends.
    db.session.rollback()


def stop(name: str, actor: Actor) -> int:
    """Withdraw the messages of an issue that no worker has claimed. Returns how many. Those that a worker has claimed
    still go out, because some of them may be sent already. Commits. Raises NotSending."""
    broadcast_id = db.session.scalar(select(Broadcast.id).where(Broadcast.name == name).with_for_update())
    sending = _sending(broadcast_id) if broadcast_id else None
    if broadcast_id is None or sending is None or sending.stopped_at or not _has_more(sending):
        db.session.rollback()
        raise NotSending(name)
    sending.stopped_at = clock.now()
    withdrawn = _withdraw(broadcast_id)
    audit.add(actor, "newsletter.stopped", _subject(name), withdrawn=withdrawn)
    db.session.commit()
    return withdrawn


def _has_more(sending: NewsletterSending) -> bool:
    open_ones = (Message.broadcast_id == sending.broadcast_id, Message.due_at.is_not(None))
    waiting = select(Message.id).where(*open_ones).limit(1)
    return not sending.all_queued or db.session.scalar(waiting) is not None


def _withdraw(broadcast_id: int) -> int:
    """Whoever is left without it counts as not having it. In this order: a worker may claim a message meanwhile."""
    # The second condition is for the index of the table.
    queued = (Message.broadcast_id == broadcast_id, Message.due_at.is_not(None), Message.status == Status.QUEUED)
    withdrawn = outbox.move(db.session, Status.WITHDRAWN, *queued, last_error=STOPPED)
    if withdrawn:
        ids = select(Message.id).where(Message.broadcast_id == broadcast_id, *WITHDRAWN_BY_STOP)
        theirs = (NewsletterReader.broadcast_id == broadcast_id, NewsletterReader.message_id.in_(ids))
        db.session.execute(delete(NewsletterReader).where(*theirs).execution_options(synchronize_session=False))
    return withdrawn


def _without_it(broadcast_id: int, readers: Sequence[Reader]) -> list[Reader]:
    ids = [reader.id for reader in readers]
    known = set(db.session.scalars(_had(broadcast_id).where(NewsletterReader.subscriber_id.in_(ids))))
    return [reader for reader in readers if reader.id not in known]


def _write(broadcast_id: int, readers: Sequence[Reader], per_second: float) -> None:
    if not readers:
        return
    now, due = clock.now(), _next_due(broadcast_id)
    step = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
    mails = [_mail(broadcast_id, reader, now, due + step * place) for place, reader in enumerate(readers, 1)]
    had = [
        {"broadcast_id": broadcast_id, "subscriber_id": reader.id, "queued_at": now, "message_id": mail["id"]}
        for reader, mail in zip(readers, mails, strict=True)
    ]
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


def count_left(broadcast_id: int) -> int:
    """Confirmed subscribers for whom it is not queued."""
    return subscriptions.count_readers(_had(broadcast_id))


def progress(broadcast_id: int) -> Progress:
    """Delivery status of the issue."""
    untried = (Message.status.in_(outbox.OPEN), Message.attempts == 0)
    stopped = _count(broadcast_id, *WITHDRAWN_BY_STOP)
    now = Progress(outbox.outcomes(broadcast_id), _count(broadcast_id, *untried), stopped)
    db.session.rollback()
    return now


def _count(broadcast_id: int, *which: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(Message).where(Message.broadcast_id == broadcast_id, *which)
    return db.session.scalar(counted) or 0
