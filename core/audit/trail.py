"""Adding to the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import clock
from core.audit.models import AuditEvent
from core.extensions import db


@dataclass(frozen=True)
class Actor:
    """Who acts. `id` is a member of staff, or None for a command or the site itself."""

    name: str
    """For people to read: in timelines."""
    id: int | None = None
    email: str = ""
    place: str = ""
    """Their network address."""


COMMAND_LINE = Actor("command line")
THE_SITE = Actor("the site")


def add(actor: Actor, action: str, subject: str = "", **detail: Any) -> None:
    """Add one event in the caller's transaction. Call it last, just before the commit."""
    db.session.add(
        AuditEvent(
            happened_at=clock.now(),
            actor_id=actor.id,
            actor=actor.email or actor.name,
            place=actor.place,
            action=action,
            subject=subject,
            detail=detail,
        )
    )
