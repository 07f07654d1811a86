"""Money and REMS beside the states: a list of things to do, each with who did it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.models import Check
from core.audit import Actor
from core.extensions import db

S = State


@dataclass(frozen=True)
class Item:
    key: str
    label: str
    done_at: datetime | None = None
    """None: not done."""
    done_by: str = ""


ACCEPTED = {
    "coverage": "Coverage checked",
    "eligibility": "Eligibility checked",
}
SEEN = {
    "prior_authorization": "Prior authorization sent",
    "rems_enrollment": "Enrolled in the REMS",
    "medication_order": "Medication ordered",
    "rems_monitoring": "REMS monitoring form sent within 7 days of the dose",
}
LABELS = {**ACCEPTED, **SEEN}
BY_STATE: dict[State, tuple[str, ...]] = {
    S.ACCEPTED: tuple(ACCEPTED),
    S.BOOKED: tuple(ACCEPTED),
    S.SEEN: tuple(LABELS),
    S.CLOSED: tuple(LABELS),
}
"""What can be ticked in each state; a later state keeps the items of the earlier ones."""


def of(referral_id: int, state: State) -> tuple[Item, ...]:
    """The items of this state, and those that were ticked before."""
    ticked = {check.item: check for check in db.session.scalars(select(Check).where(Check.referral_id == referral_id))}
    shown = [key for key in LABELS if key in BY_STATE.get(state, ()) and (state != S.CLOSED or key in ticked)]
    return tuple(_item(key, ticked.get(key)) for key in LABELS if key in shown or key in ticked)


def tick(referral_id: int, key: str, done: bool, actor: Actor, at: datetime) -> None:
    """In the caller's transaction."""
    check = db.session.get(Check, (referral_id, key)) or Check(referral_id=referral_id, item=key)
    check.done, check.changed_at, check.changed_by_id, check.changed_by = done, at, actor.id, actor.name
    db.session.add(check)


def _item(key: str, check: Check | None) -> Item:
    done = check is not None and check.done
    return Item(
        key, LABELS[key], check.changed_at if check and done else None, check.changed_by if check and done else ""
    )
