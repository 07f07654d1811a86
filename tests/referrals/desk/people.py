"""Staff at the desk, for tests of its services. Call everything within the application's context."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import undefer

from blueprints.referrals import services as referrals
from blueprints.referrals.desk import services
from blueprints.referrals.models import Referral
from blueprints.staff import roles
from core import clock
from core.audit import Actor
from core.extensions import db
from tests.referrals.charts import details

ANN = Actor("Ann Sample", 1, "ann@example.com", "198.51.100.1")
BEN = Actor("Ben Sample", 2, "ben@example.com", "198.51.100.2")
EVERYTHING = roles.allowed(roles.PERMISSIONS)
CALM = {"suicide_risk": "low", "urgent_handoff": "", "priority": "routine", "priority_reason": "", "phq9_item9": 1}
GIVEN = {
    "words": "canary words",
    "visit_on": "2026-12-01",
    "channel": "fax",
    "reason": "payment",
    "priority": "urgent",
    "to_id": "2",
    "to_name": "Ben Sample",
    "to_email": "ben@example.com",
}


def keys() -> tuple[str, Any]:
    return current_app.config["SEALING_PRIVATE_KEY"], current_app.config["SEALING_PUBLIC_KEYS"]


def arrive(**answers: Any) -> str:
    """The reference of a referral of low risk, unless the answers say otherwise."""
    said = details(**{**CALM, **answers})
    reference = referrals.submit(said, f"key {db.session.query(Referral).count()}", None, keys()[1])
    db.session.rollback()  # It read the reference after its commit, which holds SQLite's lock.
    return reference


def act(reference: str, action: str, who: Actor = ANN, seen: int | None = None, **given: str) -> None:
    """With everything that the action may need, on the version that is there unless said otherwise."""
    seen = row(reference).version if seen is None else seen
    services.act(reference, action, seen, who, EVERYTHING, {**GIVEN, **given}, *keys())


def write(reference: str, kind: str = "note", who: Actor = ANN, **given: str) -> None:
    services.write(reference, kind, {"words": "canary words", **given}, who, EVERYTHING, keys()[1])


def call(reference: str, reached: str = "yes", at: datetime | None = None) -> None:
    spoke_at = (at or clock.now()).isoformat()
    write(reference, "call", spoke_with="Dr. Test", spoke_at=spoke_at, reached=reached)


def row(reference: str) -> Referral:
    """As it is now."""
    db.session.rollback()
    query = select(Referral).where(Referral.reference == reference).options(undefer("*"))
    found: Referral = db.session.scalars(query.execution_options(populate_existing=True)).one()
    return found
