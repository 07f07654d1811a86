"""Which coded reasons the assessment speaks for. A suggestion: a clinician decides."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.referrals.assessment.assess import Assessment
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS

BY_FLAG = {
    **dict.fromkeys(CONTRAINDICATIONS, "contraindication"),
    "uncontrolled_hypertension": "medical_instability",
    "recent_cardiovascular_event": "medical_instability",
    "blood_pressure_urgent": "medical_instability",
    "blood_pressure_hold": "medical_instability",
    "psychosis": "psychosis_mania",
    "mania": "psychosis_mania",
    "substance_use_disorder": "substance_use",
    "pregnancy": "pregnancy",
}


def of(assessment: Assessment) -> Iterator[str]:
    """Codes of lifecycle/reasons.py, each once."""
    codes = [BY_FLAG[flag.code] for flag in assessment.flags if flag.level == "red" and flag.code in BY_FLAG]
    if assessment.resistant.verdict == "no":
        codes.append("not_resistant")
    if assessment.missing:
        codes.append("incomplete")
    yield from dict.fromkeys(codes)
