"""What a referral says, once it is valid: plain values between the form and the service."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
    suicide_risk: str
    safety_plan: str
    urgent_handoff: str
    submitted_by: str

    def as_json(self) -> dict[str, Any]:
        """The shape that is sealed. `version` tells later code how to read it."""
        return {"version": 1, **asdict(self)}
