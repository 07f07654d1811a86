"""Who looks at a referral now. Decoration: nothing depends on it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from blueprints.referrals.models import Look
from core import clock
from core.audit import Actor
from core.extensions import db

NOW = timedelta(seconds=60)
"""The page says every 20 seconds that it is open."""
KEPT = timedelta(minutes=10)


def note(referral_id: int, actor: Actor) -> None:
    """That this person looks at it, in the caller's transaction."""
    if actor.id is None:
        return
    now = clock.now()
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    values = {"referral_id": referral_id, "member_id": actor.id, "name": actor.name, "seen_at": now}
    fresh = insert(Look).values(values)
    update = fresh.on_conflict_do_update(index_elements=["referral_id", "member_id"], set_={"seen_at": now})
    db.session.execute(update)
    db.session.execute(delete(Look).where(Look.referral_id == referral_id, Look.seen_at < now - KEPT))


def others(referral_id: int, actor: Actor) -> tuple[str, ...]:
    """The names of everybody else who looks at it."""
    recent = (Look.referral_id == referral_id, Look.seen_at >= clock.now() - NOW, Look.member_id != (actor.id or 0))
    return tuple(db.session.scalars(select(Look.name).where(*recent).order_by(Look.name)))
