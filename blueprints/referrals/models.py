"""Tables of drafts and referrals. Nothing about a patient is stored unencrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import UTCDateTime
from core.crypto.models import Sealed
from core.extensions import db


class Referral(Sealed, db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "referrals"
    __table_args__ = (Index(None, "priority", "id"),)  # For the list: urgent first, then by arrival.
    purpose = "clinic/referral/v1"
    known_by = "reference"
    recorded = ("public_id", "reference", "received_at", "priority")

    reference: Mapped[str] = mapped_column(String(12), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the form's key: the same form sent twice is one referral."""
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    status: Mapped[str] = mapped_column(String(20), default="submitted")
    priority: Mapped[str] = mapped_column(String(10))
    marks: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Signs of who sent it (verification.py), nothing about the patient. None in rows that predate this column."""
    confirm_hash: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)
    """Hash of the token in the receipt. None if no receipt was sent or once the token is used."""
    confirm_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When someone with access to the referrer's email confirmed the referral."""
    events: Mapped[list[Event]] = relationship(order_by="Event.id")


class Event(db.Model):  # type: ignore[name-defined,misc]
    """Something that happened to a referral. Append-only."""

    __tablename__ = "referral_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referrals.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """submitted | confirmed."""
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Draft(db.Model):  # type: ignore[name-defined,misc]
    """A draft, or, once `closed_at` is set, only the mark that its id was used: such a row is never written again."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Random and public: it stands in the form and in addresses, and opens nothing."""
    owner_hash: Mapped[str] = mapped_column(String(64), index=True)
    """Derived from the browser's token: whose draft it is."""
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed answers; after sending, the sealed reference; otherwise empty once it is closed for good."""
    version: Mapped[int] = mapped_column(server_default="1")
    """Counts the saves, from 1."""
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When it was sent or deleted."""
    undo_until: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    """Until when a deleted draft can be brought back. Its answers are kept that long."""
    network: Mapped[str] = mapped_column(String(32), server_default="", index=True)
    """Keyed hash of the network that started it, to limit drafts per network."""
