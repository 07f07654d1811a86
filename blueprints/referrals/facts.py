"""What the clinic says about referrals: the table [referrals] of content/clinic.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask.blueprints import BlueprintSetupState

from core import clinic
from core.config import ConfigError


@dataclass(frozen=True)
class ReferralFacts:
    email: str | None = clinic.fact("the email that says a referral has arrived")
    """Who is told that a referral has arrived."""
    read_within: str | None = clinic.fact("the page after sending a referral", "its receipt")
    decided_within: str | None = clinic.fact("the page after sending a referral", "its receipt")
    """Promises to referring clinicians, in words: 1 business day."""
    urgent_read_within: str | None = clinic.fact("the page after sending a referral", "its receipt")
    """The same for urgent referrals."""
    hold_blood_pressure: str | None = clinic.fact("the assessment of a referral")
    """The center does not treat at this pressure or above, in mmHg: 160/100."""

    def hold_levels(self) -> dict[str, Any]:
        """As the assessment takes them; empty if the clinic has not said."""
        if not self.hold_blood_pressure:
            return {}
        systolic, diastolic = map(int, self.hold_blood_pressure.split("/"))
        return {"hold_systolic": systolic, "hold_diastolic": diastolic}


def load(state: BlueprintSetupState) -> None:
    """Read the table at startup. Raises ConfigError, so that a mistake stops the start."""
    given = clinic.facts(state.app, "referrals", ReferralFacts)
    if given.hold_blood_pressure and not re.fullmatch(r"\d{2,3}/\d{2,3}", given.hold_blood_pressure):
        raise ConfigError("content/clinic.toml: [referrals] hold_blood_pressure must be written like 160/100")
    state.app.config["REFERRAL_FACTS"] = given


def current() -> ReferralFacts:
    """Within the application."""
    found: ReferralFacts = current_app.config["REFERRAL_FACTS"]
    return found
