"""The subscribers table: address, status and consent. No health data is collected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import UTCDateTime
from core.extensions import db


class Subscriber(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "subscribers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(320), unique=True)
    """The address, normalized and casefolded: one person, one row."""
    status: Mapped[str] = mapped_column(String(12))
    """pending → confirmed → left; or suppressed, which only an operator can end."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the form was last submitted with this address, whether or not a mail was sent."""
    consent_version: Mapped[str | None] = mapped_column(String(40))
    consent_text: Mapped[str | None] = mapped_column(Text)
    """The consent text shown beside the button at the time (consent.py)."""
    consented_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirm_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the newest token that confirms: in a confirmation mail, or on the page that undoes leaving."""
    confirm_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When that token expires. None: it was used."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leave_token: Mapped[str] = mapped_column(String(64), unique=True)
    """In every mail; never changes. It reveals a masked address; it can only unsubscribe, delete, or mail it."""
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suppressed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suppressed_because: Mapped[str | None] = mapped_column(String(60))
