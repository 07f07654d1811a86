"""Whether a referral is of high risk: then somebody must speak with the referrer or the patient before all else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprints.referrals.details import ReferralData

CODES = ("R45.851", "T14.91")
"""Suicidal ideation; suicide attempt."""
LETHAL = {"prior_attempts": "a suicide attempt in the past", "lethal_means": "access to firearms or stored medication"}
WORDS = re.compile(r"(?i)suicid|self.?harm|kill|overdos|end (his|her|their) life|hang(ed|ing)? |hurt (him|her|them)sel")
"""Of the sentence that says why it is urgent. A false alarm costs one call."""


def is_high(details: ReferralData) -> bool:
    return any(reasons(details))


def reasons(details: ReferralData) -> Iterator[str]:
    """Each sign in the answers that makes the risk high, in words."""
    if details.suicide_risk == "high":
        yield "suicide risk is stated as high"
    if details.phq9_item9 == 3:
        yield "PHQ-9 item 9 is 3"
    if details.urgent_handoff:
        yield "care was arranged, or a call announced, for today"
    if details.diagnosis_code.startswith(CODES):
        yield f"the diagnosis is {details.diagnosis_code}"
    if details.suicide_risk == "moderate":
        yield from (f"moderate risk with {words}" for name, words in LETHAL.items() if getattr(details, name) == "yes")
    if WORDS.search(details.priority_reason):
        yield "the reason for urgency speaks of it"
