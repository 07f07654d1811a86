"""What a referral says, once it is valid: plain values between the form and the service."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Trial:
    """One medication that was tried. None and "" mean that it is not known."""

    medication: str
    """As typed."""
    generic: str = ""
    """Its name in data/medications.csv, or "" where the table does not have it."""
    daily_dose_mg: float | None = None
    weeks: int | None = None
    """At that dose."""
    current_episode: str = "unknown"
    """yes | no | unknown."""
    outcome: str = "unknown"
    """none | partial | response_lost | intolerant | unknown."""


@dataclass(frozen=True)
class ReferralDetails:
    """Dates are ISO 8601, phones E.164 (RFC 3966 extension), languages BCP 47, diagnoses ICD-10-CM."""

    referrer_npi: str
    referrer_given_name: str
    referrer_family_name: str
    referrer_credentials: str
    referrer_specialty: str
    referrer_organization: str
    referrer_phone: str
    referrer_fax: str
    referrer_email: str
    patient_given_name: str
    patient_family_name: str
    patient_preferred_name: str
    patient_birth_date: str
    patient_sex: str
    patient_phone: str
    patient_email: str
    patient_postal_code: str
    patient_language: str
    patient_interpreter: bool
    insurance_payer: str
    insurance_member_id: str
    service_requested: tuple[str, ...]
    priority: str
    priority_reason: str
    diagnosis_code: str
    diagnosis_title: str
    other_diagnoses: str
    phq9_score: int | None
    phq9_date: str
    phq9_item9: int | None
    clinical_summary: str
    trials: tuple[Trial, ...]
    no_trials_known: bool
    had_ect: str
    had_tms: str
    had_psychotherapy: str
    had_ketamine: str
    history_details: str
    safety: dict[str, str]
    """yes | no | unknown (| not_applicable for pregnancy) for each question of data/answers.py SAFETY."""
    systolic: int | None
    """mmHg, as diastolic."""
    diastolic: int | None
    weight_kg: float | None
    current_medications: str
    allergies: str
    suicide_risk: str
    safety_plan: str
    urgent_handoff: str
    submitted_by: str

    def as_json(self) -> dict[str, Any]:
        """The shape that is sealed. `version` tells later code how to read it."""
        return {"version": 2, **asdict(self)}
