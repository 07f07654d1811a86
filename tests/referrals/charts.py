"""Referrals as the services take them. Everything in them is obviously made up."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from blueprints.referrals.details import ReferralData, Trial
from blueprints.referrals.terminology import answers

TRIALS = (
    Trial("Zoloft", "sertraline", 150, None, "yes", "partial", 8),
    Trial("canary powder", "", None, None, "unknown", "intolerant"),
)
FULL: dict[str, Any] = {
    **{field.name: f"canary {field.name}" for field in fields(ReferralData)},
    "referrer_npi": "1234567893",
    "referrer_specialty": "psychiatry",
    "referrer_phone": "+13105550123;ext=12",
    "referrer_fax": "+13105550124",
    "referrer_email": "referrer@example.com",
    "patient_birth_date": "1961-04-17",
    "patient_sex": "unknown",
    "patient_phone": "+12135550188",
    "patient_email": "zebedee@example.org",
    "patient_postal_code": "90048-1234",
    "patient_language": "yue",
    "patient_interpreter": True,
    "service_requested": ("spravato", "clinic_to_advise"),
    "priority": "urgent",
    "diagnosis_code": "F33.2",
    "diagnosis_title": "Major depressive disorder, recurrent severe without psychotic features",
    "phq9_score": 21,
    "phq9_date": "2026-11-20",
    "phq9_item9": 1,
    "trials": TRIALS,
    "no_trials_known": False,
    "had_ect": "no",
    "had_tms": "yes",
    "had_psychotherapy": "unknown",
    "had_ketamine": "no",
    "safety": {**dict.fromkeys(answers.SAFETY, "no"), "pregnancy": "not_applicable", "sleep_apnea": "unknown"},
    "systolic": 128,
    "diastolic": 82,
    "weight_kg": 71.5,
    "weight_unit": "lb",
    "answered_together": ("dementia", "glaucoma"),
    "prior_attempts": "no",
    "lethal_means": "unknown",
    "suicide_risk": "high",
    "safety_plan": "yes",
    "urgent_handoff": "calling_clinic_now",
}
NUMBERS = ("phq9_score", "phq9_item9", "systolic", "diastolic", "weight_kg")
UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(FULL, ""),
    **dict.fromkeys(NUMBERS),
    "service_requested": (),
    "trials": (),
    "safety": {},
    "answered_together": (),
    "patient_interpreter": False,
    "no_trials_known": False,
}


def details(**changes: Any) -> ReferralData:
    """A referral with every question answered."""
    return ReferralData(**{**FULL, **changes})


def unknown(**changes: Any) -> ReferralData:
    """A referral with no question answered, which no form would send."""
    return ReferralData(**{**UNKNOWN, **changes})
