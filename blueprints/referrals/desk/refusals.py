"""Why a change is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from blueprints.referrals.lifecycle.states import State


@dataclass(frozen=True)
class Now:
    """What a referral has become meanwhile."""

    version: int
    state: State
    owner: str
    who: str
    """Who changed it last."""
    when: datetime
    did: str
    """What they did, in words."""
    entry: str = ""
    """What they wrote, if they wrote something."""


class Stale(Exception):
    """Somebody else changed the referral since it was shown. Nothing was changed now."""

    def __init__(self, now: Now) -> None:
        super().__init__(f"changed by {now.who}")
        self.now = now


class NotAllowed(Exception):
    """It cannot be done in this state, or not by this person. `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Missing(Exception):
    """Something that must be given is missing or cannot be used: name → words."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)
