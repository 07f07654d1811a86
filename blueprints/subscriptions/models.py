"""The tables of subscribers: an address, its state and its consent. Nothing about health is asked or kept."""

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
    """pending → confirmed → left; or suppressed, which nothing but an operator ends."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When somebody last typed it into the form, whether a mail could go or not."""
    consent_version: Mapped[str | None] = mapped_column(String(40))
    consent_text: Mapped[str | None] = mapped_column(Text)
    """What the person agreed to, as it stood beside the button (consent.py)."""
    consented_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirm_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the token in the newest confirmation mail, until it is used."""
    confirm_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leave_token: Mapped[str] = mapped_column(String(64), unique=True)
    """In every mail, for ever. It opens nothing: it leaves, deletes, or mails to the address itself."""
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suppressed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suppressed_because: Mapped[str | None] = mapped_column(String(60))
