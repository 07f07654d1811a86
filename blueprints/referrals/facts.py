"""What the clinic says about referrals: the table [referrals] of content/clinic.toml."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from flask.blueprints import BlueprintSetupState

from core import clinic


@dataclass(frozen=True)
class ReferralFacts:
    email: str | None = None
    """Who is told that a referral has arrived."""
    read_within: str | None = None
    decided_within: str | None = None
    """Promises to referring clinicians, in words: 1 business day."""


def load(state: BlueprintSetupState) -> None:
    """Raises ConfigError, so that a mistake stops the start."""
    state.app.config["REFERRAL_FACTS"] = clinic.facts(state.app, "referrals", ReferralFacts)


def current() -> ReferralFacts:
    """Within the application."""
    found: ReferralFacts = current_app.config["REFERRAL_FACTS"]
    return found
