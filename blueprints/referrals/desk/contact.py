"""The rule for high risk: such a referral leaves `new` only after somebody has spoken with somebody about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blueprints.referrals.desk import entries
from blueprints.referrals.desk.entries import Writing
from blueprints.referrals.details import ReferralData, read
from blueprints.referrals.lifecycle import risk
from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.models import Referral
from core.crypto import models
from core.crypto.envelope import SealingError

EVENT = "contact"
"""The kind of the event of the first live contact."""


def is_needed(row: Any, private_key: str) -> bool:
    """Whether the contact is still to be made. It goes by the answers and the sealed log of calls as well as by the
    columns, because somebody may have changed a column by hand."""
    if row.status != State.NEW:
        return False
    return _is_high(row, private_key) and not is_logged(row, entries.of(row.id, private_key))


def is_missing(row: Any, details: ReferralData, written: Iterable[Writing]) -> bool:
    """The same for a referral that is open already."""
    high = row.high_risk or risk.is_high(details)
    return bool(row.status == State.NEW and high and not is_logged(row, written))


def is_logged(row: Any, written: Iterable[Writing]) -> bool:
    return row.contact_at is not None and any(entry.is_contact for entry in written)


def _is_high(row: Any, private_key: str) -> bool:
    """True also for a referral that does not open: nobody knows what it says."""
    if row.high_risk:
        return True
    try:
        opened = models.find(Referral, row.reference, private_key)
        return opened is None or risk.is_high(read(opened.data))
    except (SealingError, ValueError):
        return True
