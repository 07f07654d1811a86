"""Referrals for the desk's tests. Everybody in them is made up."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask

from blueprints.referrals import services as arriving
from blueprints.referrals.desk import services
from blueprints.staff import roles
from core.audit import Actor
from core.extensions import db
from tests.referrals.charts import details

COLLEAGUE = Actor("Dr. Test Colleague", 901, "colleague@example.com")
EVERYTHING = roles.allowed(roles.PERMISSIONS)
CALM = {"suicide_risk": "low", "urgent_handoff": "", "priority": "routine", "priority_reason": "", "phq9_item9": 1}
"""Answers of a referral that is not of high risk."""
CALL = {"spoke_with": "Test Referrer, MD", "reached": "yes", "words": "The patient is safe today."}


def send(app: Flask, **changes: Any) -> str:
    """Somebody refers a patient; the reference. Not of high risk unless the changes make it so."""
    given = {**CALM, "patient_given_name": "Zebedee", "patient_family_name": "Canaryfield", **changes}
    with app.app_context():
        return arriving.submit(details(**given), uuid.uuid4().hex, None, app.config["SEALING_PUBLIC_KEYS"])


def act(app: Flask, reference: str, action: str, actor: Actor = COLLEAGUE, **given: str) -> None:
    """A colleague does it meanwhile, whatever the version is."""
    with app.app_context():
        keys = (app.config["SEALING_PRIVATE_KEY"], app.config["SEALING_PUBLIC_KEYS"])
        services.act(reference, action, version(app, reference), actor, EVERYTHING, given, *keys)


def write(app: Flask, reference: str, kind: str, actor: Actor = COLLEAGUE, **given: str) -> None:
    with app.app_context():
        services.write(reference, kind, given, actor, EVERYTHING, app.config["SEALING_PUBLIC_KEYS"])


def version(app: Flask, reference: str) -> int:
    return int(column(app, reference, "version"))


def column(app: Flask, reference: str, name: str) -> Any:
    """What the database holds of a referral."""
    from blueprints.referrals.models import Referral

    with app.app_context():
        found = db.session.query(getattr(Referral, name)).filter_by(reference=reference).scalar()
        db.session.rollback()
        return found
