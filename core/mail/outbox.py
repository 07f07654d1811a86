"""The transactional outbox: the table of mail to be sent.

`enqueue` adds a message to the caller's transaction, so that the message and the data it is about are saved together or
not at all. A worker (core/mail/worker.py) sends it at least once. No message contains patient data.

Every message has a status, which only `move` changes.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from blinker import Namespace
from flask import render_template
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Connection,
    CursorResult,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, scoped_session

from core import clock
from core.extensions import db

KEPT_FOR = timedelta(days=30)
"""How long a row is kept after its message was settled (reached its final status)."""
PURGE_BATCH = 1000
"""Rows per transaction."""

refused = Namespace().signal("refused")
"""Signal with `recipient`, sent when a mail server reports that the address does not exist. The receiver commits."""

refill = Namespace().signal("refill")
"""Signal that a worker sends before each look for due mail: whoever writes to a long list queues the next messages. The
receiver commits."""


class Status(StrEnum):
    QUEUED = "queued"
    """Waiting to be sent, for the first time or again."""
    SENDING = "sending"
    """Claimed by a worker."""
    SENT = "sent"
    FAILED = "failed"
    """Permanently rejected, or rejected for too long. An operator may retry it."""
    WITHHELD = "withheld"
    """Stored but never sent, so that a request takes the same time whatever is known about the address."""
    WITHDRAWN = "withdrawn"
    """Canceled before it was sent, because the recipient unsubscribed. Permanent."""


OPEN = (Status.QUEUED, Status.SENDING)
"""Not settled yet; all other statuses are final."""
ALLOWED_FROM: dict[Status, tuple[Status, ...]] = {
    Status.QUEUED: (Status.SENDING, Status.FAILED),
    Status.SENDING: OPEN,  # Another worker may take over an expired claim.
    Status.SENT: (Status.SENDING,),
    Status.FAILED: (Status.SENDING,),
    Status.WITHHELD: (),
    Status.WITHDRAWN: (*OPEN, Status.FAILED),
}
"""New status → statuses that a message may have before it."""
STATUS = Enum(
    Status,
    native_enum=False,
    length=10,
    create_constraint=True,
    name="status",
    values_callable=lambda statuses: [status.value for status in statuses],
)
CONSISTENT = """CASE status
 WHEN 'queued' THEN due_at IS NOT NULL AND claimed_by IS NULL AND settled_at IS NULL
 WHEN 'sending' THEN due_at IS NOT NULL AND claimed_by IS NOT NULL AND settled_at IS NULL
 ELSE due_at IS NULL AND claimed_by IS NULL AND settled_at IS NOT NULL END"""


class MessageContent:
    """Subject, body and headers. The body is Markdown, which core/mail/render.py renders as text and HTML."""

    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSON)


class Broadcast(MessageContent, db.Model):  # type: ignore[name-defined,misc]
    """The content of a message to many people, stored once. `~name~` is a merge field with a value per message."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    purged: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """How many of its messages were purged, by status. "unknown": purged before messages had a status."""


class Message(MessageContent, db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "outbox"
    __table_args__ = (Index(None, "broadcast_id", "due_at"), CheckConstraint(CONSISTENT, "consistent"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcasts.id"))
    broadcast: Mapped[Broadcast | None] = relationship(lazy="selectin")
    merge_fields: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """Values for the broadcast's merge fields, by name."""
    status: Mapped[Status] = mapped_column(STATUS, default=Status.QUEUED)
    created_at: Mapped[datetime] = mapped_column(clock.UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime, index=True)
    """Queued: when it is due. Sending: when its worker's claim expires. Settled: None."""
    claimed_by: Mapped[str | None] = mapped_column(String(36))
    """The worker's id."""
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime)
    """The first attempt. After two days of attempts the message fails."""
    last_error: Mapped[str | None] = mapped_column(String(60))
    """A status code and a kind of error; never the server's text, which may quote an address."""
    settled_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime, index=True)

    @property
    def words(self) -> MessageContent:
        return self.broadcast or self


TABLE = Message.__table__


def move(
    database: Connection | Session | scoped_session[Any],
    to: Status,
    *which: ColumnElement[bool],
    claim: str | None = None,
    **values: Any,
) -> int:
    """Set a new status on messages whose current status allows it (ALLOWED_FROM). The caller commits; returns how many
    changed.

    With `claim`, a worker's id, only messages claimed by that worker change. QUEUED and SENDING need `due_at`; SENDING
    also needs `claimed_by`.
    """
    allowed = [TABLE.c.status.in_(ALLOWED_FROM[to]), *which]
    if claim:
        allowed.append(TABLE.c.claimed_by == claim)
    settled = {} if to in OPEN else {"due_at": None}
    fresh = {"status": to, "claimed_by": None, "settled_at": clock.now() if settled else None, **settled, **values}
    done = cast(CursorResult[Any], database.execute(update(TABLE).where(*allowed).values(fresh)))
    return done.rowcount


def enqueue(
    recipient: str,
    subject: str,
    template: str,
    headers: dict[str, str] | None = None,
    send: bool = True,
    **values: object,
) -> None:
    """Add a message to the current transaction; the caller commits. The template is Markdown, in templates/.

    With `send=False` the message is stored but withheld, so that the response takes just as long.
    """
    now = clock.now()
    row = Message(id=str(uuid.uuid4()), recipient=recipient, subject=subject, headers=headers or {})
    row.body = render_template(template, **values)
    row.created_at = now
    if send:
        row.status, row.due_at = Status.QUEUED, now
    else:
        row.status, row.settled_at = Status.WITHHELD, now
    db.session.add(row)


def newest(limit: int = 50) -> list[Message]:
    return list(db.session.scalars(select(Message).order_by(Message.created_at.desc()).limit(limit)))


def find(message_id: str) -> Message | None:
    return db.session.get(Message, message_id)


UNSENT = (*OPEN, Status.FAILED)


def unsent(limit: int) -> Iterator[Message]:
    """Messages that are queued, being sent or failed, oldest first."""
    some = select(Message).where(Message.status.in_(UNSENT)).order_by(Message.created_at).limit(limit)
    yield from db.session.scalars(some)


def count() -> dict[Status, int]:
    """How many messages are queued, being sent and failed."""
    found = _by_status(Message.status.in_(UNSENT))
    # A long-running command must not hold a lock.
    db.session.rollback()
    return {status: found[status] for status in UNSENT}


def outcomes(broadcast_id: int) -> Counter[str]:
    """The number of the broadcast's messages by status, including those that were purged."""
    purged = db.session.scalar(select(Broadcast.purged).where(Broadcast.id == broadcast_id)) or {}
    return _by_status(Message.broadcast_id == broadcast_id) + Counter(purged)


def _by_status(*which: ColumnElement[bool]) -> Counter[str]:
    found = db.session.execute(select(Message.status, func.count()).where(*which).group_by(Message.status))
    return Counter({status: number for status, number in found})


def retry(ids: Collection[str] = ()) -> int:
    """Queue failed messages again: these, or all of them. Commits; returns how many."""
    chosen = [Message.id.in_(ids)] if ids else []
    fresh: dict[str, Any] = {"due_at": clock.now(), "attempts": 0, "tried_at": None, "last_error": None}
    done = move(db.session, Status.QUEUED, Message.status == Status.FAILED, *chosen, **fresh)
    db.session.commit()
    return done


def to(recipient: str) -> list[Message]:
    """Every stored message to this address, oldest first."""
    return list(db.session.scalars(select(Message).where(Message.recipient == recipient).order_by(Message.created_at)))


def withdraw(*recipients: str) -> None:
    """Withdraw every unsent broadcast to these addresses, even if a worker has claimed it; the caller commits."""
    move(db.session, Status.WITHDRAWN, Message.recipient.in_(recipients), Message.broadcast_id.is_not(None))


def forget(recipient: str) -> None:
    """Delete every message to this address, sent or not; the caller commits."""
    db.session.execute(delete(Message).where(Message.recipient == recipient))


def purge() -> None:
    """Delete messages that were settled more than KEPT_FOR ago. A broadcast keeps their number by status. Commits."""
    old = Message.settled_at < clock.now() - KEPT_FOR
    for broadcast_id in db.session.scalars(select(Message.broadcast_id).where(old).distinct()).all():
        while _purge(broadcast_id, old):
            pass
    db.session.rollback()


def _purge(broadcast_id: int | None, old: ColumnElement[bool]) -> int:
    # Lock the broadcast before its messages, as enqueueing does: one lock order prevents deadlocks.
    broadcast = db.session.get(Broadcast, broadcast_id, with_for_update=True) if broadcast_id else None
    some = select(Message.id).where(Message.broadcast_id == broadcast_id, old).limit(PURGE_BATCH)
    deleted = delete(TABLE).where(TABLE.c.id.in_(some)).returning(TABLE.c.status)
    gone = Counter(db.session.scalars(deleted))
    if broadcast is not None:
        broadcast.purged = dict(Counter(broadcast.purged) + gone)
    db.session.commit()
    return gone.total()
