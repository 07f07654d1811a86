"""The table of subscribers: an address and its state. Nothing about health is asked or kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import UTCDateTime
from core.extensions import db


class Subscriber(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "subscribers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    """The address, normalized and casefolded: one person, one row."""
    status: Mapped[str] = mapped_column(String(10))
    """pending | confirmed | left."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirm_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirm_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the last confirmation mail was written."""
    leave_token: Mapped[str] = mapped_column(String(64), unique=True)
