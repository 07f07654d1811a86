"""Which subscriber was sent which issue, once each, and how far the sending of an issue is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import UTCDateTime
from core.extensions import db


class NewsletterReader(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "newsletter_readers"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    queued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    message_id: Mapped[str | None] = mapped_column(String(36))
    """In the outbox, as long as it is kept there. None: queued before this was recorded."""


class NewsletterSending(db.Model):  # type: ignore[name-defined,misc]
    """How far the queueing of an issue is. What became of its messages is counted from the outbox."""

    __tablename__ = "newsletter_sendings"

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """The last time that somebody started or continued it."""
    per_second: Mapped[float] = mapped_column(Float)
    """Messages; 0: no limit."""
    queued_to: Mapped[int] = mapped_column(default=0)
    """The last subscriber that was looked at. Queueing goes on after this one."""
    all_queued: Mapped[bool] = mapped_column(default=False)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
