"""Tables of drafts and referrals. Nothing about a patient stands in the clear."""

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
    __table_args__ = (Index(None, "priority", "id"),)  # The list: urgent ones first, each kind in order of arrival.
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
    """Signs of who sent it (verification.py), nothing about the patient. None where it came before they were kept."""
    confirm_hash: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)
    """Of the token in the receipt, where one left, until it is used."""
    confirm_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When whoever reads the referrer's mail said that the referral is theirs."""
    events: Mapped[list[Event]] = relationship(order_by="Event.id")


class Event(db.Model):  # type: ignore[name-defined,misc]
    """One thing that happened to a referral. Rows are only ever added."""

    __tablename__ = "referral_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referrals.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """submitted | confirmed."""
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Draft(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "drafts"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    network: Mapped[str] = mapped_column(String(32), server_default="", index=True)
    """Keyed hash of the network that started it: one network may start so many and no more."""
