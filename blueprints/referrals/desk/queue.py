"""Which referral comes next, for whoever works through a list."""

from __future__ import annotations

from sqlalchemy import select

from blueprints.referrals.desk import worklist
from blueprints.referrals.desk.worklist import View
from blueprints.referrals.lifecycle import columns
from blueprints.referrals.models import Referral
from core.audit import Actor
from core.extensions import db

FAR = 200
"""Rows from the top of the list in which the present one is looked for."""


def following(view: View, reference: str, actor: Actor) -> str | None:
    """The open referral below this one in the view; the first one if this is the last or not there. None: no other.

    Ask before a change takes the referral out of the view."""
    is_open = Referral.queue != columns.CLOSED
    some = worklist.listed(view, actor, select(Referral.reference)).where(is_open).limit(FAR)
    references: list[str] = list(db.session.scalars(some))
    others = [one for one in references if one != reference]
    if reference in references:
        below = references[references.index(reference) + 1 :]
        others = below or others
    return others[0] if others else None
