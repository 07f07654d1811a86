"""What happens to the open referrals of somebody who leaves."""

from __future__ import annotations

from blueprints.referrals.desk import services
from core.audit import Actor


def hand_over(from_id: int, to: Actor | None, actor: Actor) -> int:
    """Give all open referrals of this person to another, or to nobody. Returns how many. Commits, with whatever else
    the transaction holds."""
    return services.hand_over_all(from_id, to, actor)
