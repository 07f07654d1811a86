"""One referral for another system, with its line in the audit trail."""

from __future__ import annotations

from typing import Any

from blueprints.referrals import services
from blueprints.referrals.fhir.bundle import bundle
from core.audit import trail
from core.audit.trail import Actor
from core.extensions import db


def as_fhir(reference: str, actor: Actor, private_key: str) -> dict[str, Any]:
    """A FHIR R4 transaction Bundle. Commits an audit line. Raises UnknownReferral and SealingError."""
    row = services.summary(reference)
    said = services.open_referral(row.reference, private_key)
    made = bundle(said.data, row.reference, row.received_at, said.warning)
    trail.add(actor, "referral.exported", row.reference, form="FHIR")
    db.session.commit()
    return made
