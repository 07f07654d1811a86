"""Mail that leaves after the commit: the table of what is to be sent.

`put` adds a message to the caller's transaction, so that mail and what it is about are kept or lost together. A worker
(core/delivery.py) sends it, at least once. No message holds patient data.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from blinker import Namespace
from flask import current_app, render_template
from sqlalchemy import JSON, ForeignKey, Index, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.extensions import db

KEPT_FOR = timedelta(days=30)
"""How long a row stays after its message was sent, given up or withheld."""

refused = Namespace().signal("refused")
"""Sent with `recipient` when a mail server says that there is no such address. The receiver commits."""


class Words:
    """What a message says. The body is Markdown: core/mail.py makes text and HTML of it."""

    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSON)


class Circular(Words, db.Model):  # type: ignore[name-defined,misc]
    """The words of a message to many, kept once. Where `~name~` stands in them, each message has its own value."""

    __tablename__ = "circulars"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Message(Words, db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "outbox"
    __table_args__ = (Index(None, "circular_id", "due_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254), index=True)
    circular_id: Mapped[int | None] = mapped_column(ForeignKey("circulars.id"))
    circular: Mapped[Circular | None] = relationship(lazy="selectin")
    places: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What stands in the circular's places."""
    created_at: Mapped[datetime] = mapped_column(clock.UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime, index=True)
    """None once it was sent, given up or withheld. While a worker holds it: when it may be taken from that worker."""
    claimed_by: Mapped[str | None] = mapped_column(String(36))
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime)
    """The first try; it is given up two days later."""
    last_error: Mapped[str | None] = mapped_column(String(60))
    """A code and a kind, never a server's words: they may quote an address."""
    sent_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime)

    @property
    def words(self) -> Words:
        return self.circular or self

    @property
    def state(self) -> str:
        """waiting | being sent | sent | given up | withheld."""
        if self.due_at is not None:
            return "being sent" if self.claimed_by else "waiting"
        return "sent" if self.sent_at else "given up" if self.attempts else "withheld"


GIVEN_UP = (Message.due_at.is_(None), Message.sent_at.is_(None), Message.attempts > 0)
WITHHELD = (Message.due_at.is_(None), Message.sent_at.is_(None), Message.attempts == 0)


def put(
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
    row.created_at, row.due_at = now, now if send else None
    row.attempts = 0
    db.session.add(row)


def link(path: str) -> str:
    """An absolute address for a mail, from SITE_URL and never from a request."""
    return f"{current_app.config['SITE_URL']}{path}"


def newest(limit: int = 50) -> list[Message]:
    return list(db.session.scalars(select(Message).order_by(Message.created_at.desc()).limit(limit)))


def find(message_id: str) -> Message | None:
    return db.session.get(Message, message_id)


def unsent(limit: int) -> Iterator[Message]:
    """What waits, is being sent or was given up; the oldest first."""
    open_ones = Message.due_at.is_not(None) | ((Message.sent_at.is_(None)) & (Message.attempts > 0))
    yield from db.session.scalars(select(Message).where(open_ones).order_by(Message.created_at).limit(limit))


def count() -> dict[str, int]:
    """How many wait, are being sent, and were given up."""
    waiting = Message.due_at.is_not(None)
    kinds = {
        "waiting": (waiting, Message.claimed_by.is_(None)),
        "being sent": (waiting, Message.claimed_by.is_not(None)),
        "given up": GIVEN_UP,
    }
    found = {
        kind: db.session.scalar(select(func.count()).select_from(Message).where(*where)) or 0
        for kind, where in kinds.items()
    }
    # A command that goes on must hold no lock.
    db.session.rollback()
    return found


def retry(ids: Collection[str] = ()) -> int:
    """Send again what was given up: these messages, or all of them. Commits; returns how many."""
    chosen = [Message.id.in_(ids)] if ids else []
    fresh = {"due_at": clock.now(), "attempts": 0, "tried_at": None, "last_error": None}
    done = db.session.execute(update(Message).where(*GIVEN_UP, *chosen).values(**fresh))
    db.session.commit()
    return int(done.rowcount)  # type: ignore[attr-defined]


def to(recipient: str) -> list[Message]:
    """Every message to this address that is still kept, the oldest first."""
    return list(db.session.scalars(select(Message).where(Message.recipient == recipient).order_by(Message.created_at)))


def withdraw(recipient: str) -> None:
    """Take back every circular to this address that has not left yet, from its worker too; the caller commits."""
    theirs = (Message.recipient == recipient, Message.due_at.is_not(None), Message.circular_id.is_not(None))
    db.session.execute(update(Message).where(*theirs).values(due_at=None, claimed_by=None))


def forget(recipient: str) -> None:
    """Delete every message to this address, sent or not; the caller commits."""
    db.session.execute(delete(Message).where(Message.recipient == recipient))


def tidy() -> None:
    """Delete what was settled a while ago. Commits."""
    old = (Message.due_at.is_(None), Message.created_at < clock.now() - KEPT_FOR)
    db.session.execute(delete(Message).where(*old))
    db.session.commit()
