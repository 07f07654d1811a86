"""The table of the audit trail. It names people of the staff and references, never a patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import UTCDateTime
from core.extensions import db


class AuditEvent(db.Model):  # type: ignore[name-defined,misc]
    """One thing that somebody did. Append-only: triggers in the database refuse changes."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "subject", "id"), Index(None, "actor_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3, … without gaps: the position in the chain."""
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column()
    """The member of staff, or None: the command line, the site itself, or somebody who did not sign in."""
    actor: Mapped[str] = mapped_column(String(255))
    """Their email address at that time, or "command line", "the site"."""
    place: Mapped[str] = mapped_column(String(64), default="")
    """The network address they used; for a command, the account of the operating system."""
    action: Mapped[str] = mapped_column(String(40))
    """A noun and a past participle: referral.opened."""
    subject: Mapped[str] = mapped_column(String(64), default="")
    """The reference, or staff:<id>."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Plain values that are nobody's health: states, roles, counts."""
    previous_hash: Mapped[str] = mapped_column(String(64), default="")
    hash: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of this row and of previous_hash, in hexadecimal (core/audit/chain.py)."""
