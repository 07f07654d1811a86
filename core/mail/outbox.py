"""Mail that leaves after the commit: the table of what is to be sent.

`enqueue` adds a message to the caller's transaction, so that mail and what it is about are kept or lost together. A
worker (core/mail/worker.py) sends it, at least once. No message holds patient data.

A message has a status, and only `move` changes it.
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
"""How long a row stays after its message was settled."""
PURGED_TOGETHER = 1000
"""Rows in a transaction."""

refused = Namespace().signal("refused")
"""Sent with `recipient` when a mail server says that there is no such address. The receiver commits."""


class Status(StrEnum):
    QUEUED = "queued"
    """To be sent when it is due, for the first time or again."""
    SENDING = "sending"
    """Claimed by a worker."""
    SENT = "sent"
    FAILED = "failed"
    """Refused for good, or for too long. An operator may retry it."""
    WITHHELD = "withheld"
    """Written and never to be sent, so that a request takes the same time whatever is known of the address."""
    WITHDRAWN = "withdrawn"
    """Taken back before it was sent, because its reader wants no more of it. For ever."""


OPEN = (Status.QUEUED, Status.SENDING)
"""The others are settled."""
BEFORE: dict[Status, tuple[Status, ...]] = {
    Status.QUEUED: (Status.SENDING, Status.FAILED),
    Status.SENDING: OPEN,  # A claim that has ended is another worker's.
    Status.SENT: (Status.SENDING,),
    Status.FAILED: (Status.SENDING,),
    Status.WITHHELD: (),
    Status.WITHDRAWN: (*OPEN, Status.FAILED),
}
"""What a message must be to become so."""
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
    """What a message says. The body is Markdown: core/mail/render.py makes text and HTML of it."""

    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSON)


class Broadcast(MessageContent, db.Model):  # type: ignore[name-defined,misc]
    """The content of a message to many people, stored once. `~name~` is a merge field with a value per message."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    purged: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """How many of its messages were deleted after a while, by status. "unknown": before there was one."""


class Message(MessageContent, db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "outbox"
    __table_args__ = (Index(None, "broadcast_id", "due_at"), CheckConstraint(CONSISTENT, "consistent"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcasts.id"))
    broadcast: Mapped[Broadcast | None] = relationship(lazy="selectin")
    merge_fields: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """The values that are filled into the broadcast."""
    status: Mapped[Status] = mapped_column(STATUS, default=Status.QUEUED)
    created_at: Mapped[datetime] = mapped_column(clock.UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime, index=True)
    """Queued: when it is to be sent. Sending: when it may be taken from its worker. Settled: None."""
    claimed_by: Mapped[str | None] = mapped_column(String(36))
    """The worker's id."""
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime)
    """The first try; two days later it has failed."""
    last_error: Mapped[str | None] = mapped_column(String(60))
    """A code and a kind, never a server's words: they may quote an address."""
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
    """Give messages another status, where theirs allows it: how many took it. The caller commits.

    `claim` is the id of a worker, which moves only what it holds. An open status needs `due_at`, and SENDING
    `claimed_by`.
    """
    allowed = [TABLE.c.status.in_(BEFORE[to]), *which]
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
    """Add a message to the current transaction; the caller commits. The template is Markdown, below templates/.

    With `send=False` it is written and withheld, so that an answer takes as long where no mail may go.
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
    """What is queued, being sent or failed; the oldest first."""
    some = select(Message).where(Message.status.in_(UNSENT)).order_by(Message.created_at).limit(limit)
    yield from db.session.scalars(some)


def count() -> dict[Status, int]:
    """How many are queued, being sent and failed."""
    found = _by_status(Message.status.in_(UNSENT))
    # A command that goes on must hold no lock.
    db.session.rollback()
    return {status: found[status] for status in UNSENT}


def outcomes(broadcast_id: int) -> Counter[str]:
    """How many of the broadcast's messages have which status, also those that were deleted after a while."""
    purged = db.session.scalar(select(Broadcast.purged).where(Broadcast.id == broadcast_id)) or {}
    return _by_status(Message.broadcast_id == broadcast_id) + Counter(purged)


def _by_status(*which: ColumnElement[bool]) -> Counter[str]:
    found = db.session.execute(select(Message.status, func.count()).where(*which).group_by(Message.status))
    return Counter({status: number for status, number in found})


def retry(ids: Collection[str] = ()) -> int:
    """Send again what failed: these messages, or all of them. Commits; returns how many."""
    chosen = [Message.id.in_(ids)] if ids else []
    fresh: dict[str, Any] = {"due_at": clock.now(), "attempts": 0, "tried_at": None, "last_error": None}
    done = move(db.session, Status.QUEUED, Message.status == Status.FAILED, *chosen, **fresh)
    db.session.commit()
    return done


def to(recipient: str) -> list[Message]:
    """Every message to this address that is still kept, the oldest first."""
    return list(db.session.scalars(select(Message).where(Message.recipient == recipient).order_by(Message.created_at)))


def withdraw(*recipients: str) -> None:
    """Take back every broadcast to these addresses that was not sent, from its worker too; the caller commits."""
    move(db.session, Status.WITHDRAWN, Message.recipient.in_(recipients), Message.broadcast_id.is_not(None))


def forget(recipient: str) -> None:
    """Delete every message to this address, sent or not; the caller commits."""
    db.session.execute(delete(Message).where(Message.recipient == recipient))


def purge() -> None:
    """Delete what was settled a while ago; how many of a broadcast ended how is kept with it. Commits."""
    old = Message.settled_at < clock.now() - KEPT_FOR
    for broadcast_id in db.session.scalars(select(Message.broadcast_id).where(old).distinct()).all():
        while _purge(broadcast_id, old):
            pass
    db.session.rollback()


def _purge(broadcast_id: int | None, old: ColumnElement[bool]) -> int:
    # Lock the broadcast before its messages, as enqueueing does: one lock order prevents deadlocks.
    broadcast = db.session.get(Broadcast, broadcast_id, with_for_update=True) if broadcast_id else None
    some = select(Message.id).where(Message.broadcast_id == broadcast_id, old).limit(PURGED_TOGETHER)
    deleted = delete(TABLE).where(TABLE.c.id.in_(some)).returning(TABLE.c.status)
    gone = Counter(db.session.scalars(deleted))
    if broadcast is not None:
        broadcast.purged = dict(Counter(broadcast.purged) + gone)
    db.session.commit()
    return gone.total()
