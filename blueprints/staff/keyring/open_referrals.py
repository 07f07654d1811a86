"""What happens to the open referrals of somebody who leaves. The desk knows which those are."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from core.audit import Actor

DESK = "blueprints.referrals.desk.services"


def hand_over(from_id: int, to: Actor | None, actor: Actor) -> int:
    """Give all open referrals of this person to another, or to nobody. Returns how many. The caller commits."""
    if find_spec(DESK) is None:
        return 0
    return int(import_module(DESK).hand_over_all(from_id, to, actor))
