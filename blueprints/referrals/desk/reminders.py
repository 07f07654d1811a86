"""Mail about referrals whose clock has run out: once for each clock, to the clinic and to whoever works on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from blueprints.referrals import emails
from blueprints.referrals.models import Referral
from core import audit, clock
from core.audit.trail import THE_SITE
from core.extensions import db

BATCH = 100


def remind(clinic_email: str | None) -> int:
    """Queue the mail that is due. Commits each referral by itself, with its mark; returns how many were reminded of.

    It may be stopped at any point and run twice at once: the mark and the mail are one transaction, and only one of
    two gets the mark.
    """
    now, reminded = clock.now(), 0
    while rows := _due(now):
        reminded += sum(_remind(row, now, clinic_email) for row in rows)
    return reminded


def _due(now: datetime) -> Any:
    columns = (Referral.id, Referral.reference, Referral.urgency, Referral.clock, Referral.remind_at)
    query = select(*columns, Referral.owner_email).where(Referral.remind_at <= now)
    rows = db.session.execute(query.order_by(Referral.remind_at, Referral.id).limit(BATCH)).all()
    db.session.rollback()
    return rows


def _remind(row: Any, now: datetime, clinic_email: str | None) -> bool:
    """Whether this call was the one that reminded."""
    mark = update(Referral).where(Referral.id == row.id, Referral.remind_at == row.remind_at)
    mark = mark.values(remind_at=None, reminded_at=now).execution_options(synchronize_session=False)
    if cast(CursorResult[Any], db.session.execute(mark)).rowcount != 1:
        db.session.rollback()
        return False
    recipients = dict.fromkeys(filter(None, (clinic_email, row.owner_email)))
    for recipient in recipients:
        emails.late(row.reference, row.urgency, row.clock, recipient)
    audit.add(THE_SITE, "referral.late", row.reference, clock=row.clock, mails=len(recipients))
    db.session.commit()
    return True
