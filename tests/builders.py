"""Answers for forms. Everything in them is obviously made up."""

from __future__ import annotations

from typing import Any

from blueprints.referrals.terminology.answers import SAFETY

CANARIES = ("Zebedee", "Canaryfield", "1961", "90048-1234", "CANARY-MEMBER-7", "canary summary of the patient")

REFERRAL: dict[str, Any] = {
    "emergency": "no",
    "referrer_npi": "1234567893",
    "referrer_given_name": "Test",
    "referrer_family_name": "Referrer",
    "referrer_credentials": "MD",
    "referrer_specialty": "psychiatry",
    "referrer_organization": "Example Practice",
    "referrer_phone": "(310) 555-0123 ext. 12",
    "referrer_fax": "",
    "referrer_email": "referrer@example.com",
    "patient_given_name": "Zebedee",
    "patient_family_name": "Canaryfield",
    "patient_preferred_name": "",
    "patient_birth_date_month": "4",
    "patient_birth_date_day": "17",
    "patient_birth_date_year": "1961",
    "patient_sex": "unknown",
    "patient_phone": "213.555.0188",
    "patient_email": "zebedee@example.org",
    "patient_postal_code": "90048-1234",
    "patient_language": "en",
    "insurance_payer": "Self-pay",
    "insurance_member_id": "canary-member-7",
    "patient_agrees": "yes",
    "service_requested": ["spravato", "clinic_to_advise"],
    "priority": "routine",
    "diagnosis": "F33.2",
    "other_diagnoses": "",
    "phq9_score": "21",
    "phq9_date": "11/20/2026",
    "phq9_item9": "1",
    "clinical_summary": "canary summary of the patient",
    "trials-0-medication": "sertraline",
    "trials-0-daily_dose_mg": "150",
    "trials-0-weeks": "12",
    "trials-0-current_episode": "yes",
    "trials-0-outcome": "none",
    "trials-1-medication": "Effexor",
    "trials-1-daily_dose_mg": "not known",
    "trials-1-weeks": "8",
    "trials-1-current_episode": "unknown",
    "trials-1-outcome": "partial",
    "had_ect": "no",
    "had_tms": "unknown",
    "had_psychotherapy": "yes",
    "had_ketamine": "no",
    "history_details": "",
    **dict.fromkeys(SAFETY, "no"),
    "uncontrolled_hypertension": "unknown",
    "systolic": "128",
    "diastolic": "82",
    "weight": "180",
    "weight_unit": "lb",
    "current_medications": "venlafaxine, lorazepam as needed",
    "allergies": "",
    "suicide_risk": "low",
    "safety_plan": "yes",
    "prior_attempts": "no",
    "lethal_means": "unknown",
    "submitted_by": "",
    "attestation": "y",
}


PRODUCTION = {
    "SITE_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "SITE_URL": "https://clinic.example",
    "TRUSTED_HOSTS": "clinic.example,127.0.0.1",
    "SEALING_PUBLIC_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
}


def referral(**changes: Any) -> dict[str, Any]:
    """A referral that can be sent; a change of None leaves the answer out."""
    return {name: value for name, value in {**REFERRAL, **changes}.items() if value is not None}
