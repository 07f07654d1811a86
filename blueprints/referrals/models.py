"""Tables of drafts, referrals, and what staff write about them. Nothing about a patient is stored unencrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import UTCDateTime
from core.crypto.models import Sealed
from core.extensions import db


class Referral(Sealed, db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "referrals"
    __table_args__ = (
        Index(None, "priority", "id"),  # For `flask referrals list`: urgent first, then by arrival.
        # For the views of the desk (desk/worklist.py), each in its order.
        Index(None, "queue", "owner_id", "rank", "id"),
        Index(None, "rank", "id"),
    )
    purpose = "clinic/referral/v1"
    known_by = "reference"
    recorded = ("public_id", "reference", "received_at", "priority")

    reference: Mapped[str] = mapped_column(String(12), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the form's key: the same form sent twice is one referral."""
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    status: Mapped[str] = mapped_column(String(20), default="new")
    """The state (lifecycle/states.py)."""
    priority: Mapped[str] = mapped_column(String(10))
    """As it was sent. Staff work by `urgency`."""
    marks: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Signs of who sent it (verification.py), nothing about the patient. None in rows that predate this column."""
    confirm_hash: Mapped[str | None] = mapped_column(String(64), index=True, unique=True)
    """Hash of the token in the receipt. None if no receipt was sent or once the token is used."""
    confirm_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When someone with access to the referrer's email confirmed the referral."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Counts the changes of state, owner and priority."""
    urgency: Mapped[str] = mapped_column(String(10), default="routine", server_default="routine")
    """routine | urgent: the priority as staff set it."""
    high_risk: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The one bit of the answers in the clear, so that the clock knows it without the key (ADR 25)."""
    outcome: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """How it ended; "" while it is open."""
    owner_id: Mapped[int | None] = mapped_column()
    """The member of staff who works on it. None: nobody."""
    owner: Mapped[str] = mapped_column(String(120), default="", server_default="")
    owner_email: Mapped[str] = mapped_column(String(255), default="", server_default="")
    """Where the reminder goes, as it was when they took it."""
    queue: Mapped[str] = mapped_column(String(10), default="open", server_default="open")
    """open (the center's turn) | waiting (the referrer's) | closed."""
    rank: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The place in lists: earliest due first, then waiting ones by age, then closed ones, the newest first."""
    clock: Mapped[str] = mapped_column(String(10), default="", server_default="")
    """The step that its clock is about (lifecycle/clocks.py); "" if there is none."""
    clock_started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    clock_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    """The length in business time."""
    clock_used: Mapped[int] = mapped_column(default=0, server_default="0")
    """What was used of it before `clock_runs_since`."""
    clock_runs_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """None: it stands still."""
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    remind_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    """When to remind of this clock. None: it stands still, or the reminder is out."""
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the reminder of this clock went out."""
    contact_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When somebody first spoke with the referrer or the patient."""
    first_read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    unread_for: Mapped[int | None] = mapped_column(index=True)
    """Who has not seen the latest: the owner's id, or 0 for anybody. None: it was seen."""
    events: Mapped[list[Event]] = relationship(order_by="Event.id")


class Event(db.Model):  # type: ignore[name-defined,misc]
    """Something that happened to a referral. Append-only."""

    __tablename__ = "referral_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referrals.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """submitted | confirmed | an action of lifecycle/states.py."""
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column()
    """The member of staff. None: the referrer, a command or the site itself."""
    actor: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """Their name at that time."""
    source: Mapped[str] = mapped_column(String(20), default="", server_default="")
    target: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """The states before and after."""
    outcome: Mapped[str] = mapped_column(String(20), default="", server_default="")
    owner: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """Who works on it afterwards."""
    clock: Mapped[str] = mapped_column(String(10), default="", server_default="")
    """What clock followed, its length in business seconds, and when it is due (None: it stands still)."""
    clock_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Written(Sealed, db.Model):  # type: ignore[name-defined,misc]
    """Something that staff wrote about a referral: a note, a message, a call, the words of a decision. Sealed."""

    __tablename__ = "referral_entries"
    __table_args__ = (Index(None, "referral_id", "id"),)
    purpose = "clinic/referral-entry/v1"
    recorded = ("public_id", "referral_id", "kind", "author_id", "author", "written_at")

    referral_id: Mapped[int] = mapped_column(ForeignKey("referrals.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """note | message | call | an action of lifecycle/states.py."""
    author_id: Mapped[int | None] = mapped_column()
    author: Mapped[str] = mapped_column(String(120))
    written_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Check(db.Model):  # type: ignore[name-defined,misc]
    """An item of a referral's checklist that somebody has ticked, or has ticked and cleared again."""

    __tablename__ = "referral_checks"

    referral_id: Mapped[int] = mapped_column(ForeignKey("referrals.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(30), primary_key=True)
    done: Mapped[bool] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column()
    changed_by: Mapped[str] = mapped_column(String(120))


class Look(db.Model):  # type: ignore[name-defined,misc]
    """Who looks at a referral now. Kept for minutes only; what was opened is in the audit trail."""

    __tablename__ = "referral_looks"

    referral_id: Mapped[int] = mapped_column(ForeignKey("referrals.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(120))
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


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
