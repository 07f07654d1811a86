"""Which subscriber was sent which issue, once each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
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
