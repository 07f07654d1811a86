"""The order of the questions: on the form, in its list of sections, on the review page and on the blank form."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.referrals.terminology import answers
from core.forms.base import Parts


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    questions: tuple[str | Parts, ...]


BIRTH_DATE = Parts(
    "patient_birth_date",
    "Date of birth",
    "For example 4 17 1985. You can paste a whole date into any box.",
    ("patient_birth_date_month", "patient_birth_date_day", "patient_birth_date_year"),
)

BLOOD_PRESSURE = Parts(
    "blood_pressure",
    "Blood pressure in mmHg",
    "The latest reading. You can type 128/82 into the first box.",
    ("systolic", "diastolic"),
)

SECTIONS = (
    Section("gate", "Before you start", ("emergency",)),
    Section(
        "referrer",
        "You",
        (
            "referrer_given_name",
            "referrer_family_name",
            "referrer_credentials",
            "referrer_phone",
            "referrer_email",
            "referrer_fax",
            "referrer_npi",
            "referrer_no_npi",
            "referrer_specialty",
            "referrer_organization",
            "remember_me",
        ),
    ),
    Section(
        "patient",
        "Patient",
        (
            "patient_given_name",
            "patient_family_name",
            BIRTH_DATE,
            "patient_sex",
            "patient_phone",
            "patient_preferred_name",
            "patient_email",
            "patient_postal_code",
            "patient_language",
            "patient_interpreter",
            "insurance_payer",
            "insurance_member_id",
            "patient_agrees",
        ),
    ),
    Section(
        "reason",
        "Reason",
        (
            "service_requested",
            "priority",
            "priority_reason",
            "diagnosis",
            "other_diagnoses",
            "phq9_score",
            "phq9_not_done",
            "phq9_date",
            "phq9_item9",
            "clinical_summary",
        ),
    ),
    Section(
        "history",
        "Treatment so far",
        (
            "trials",
            "trials_list",
            "no_trials_known",
            "had_ect",
            "had_tms",
            "had_psychotherapy",
            "had_ketamine",
            "history_details",
        ),
    ),
    Section(
        "safety",
        "Safety",
        (*answers.SAFETY, BLOOD_PRESSURE, "weight", "weight_unit", "current_medications", "allergies"),
    ),
    Section(
        "risk", "Suicide risk", ("suicide_risk", "urgent_handoff", "safety_plan", "prior_attempts", "lethal_means")
    ),
    Section("send", "Send", ("submitted_by", "attestation")),
)
