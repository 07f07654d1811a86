"""What the form understood of a drug or a diagnosis as typed, in words that stand below the box."""

from __future__ import annotations

from blueprints.referrals.terminology import diagnoses, medications

AS_TYPED = "Not in our list: the clinic will read it as typed."


def medication(text: str) -> str:
    found = medications.find(text)
    return (f"= {found.generic}" if found else AS_TYPED) if text.strip() else ""


def diagnosis(text: str) -> str:
    found = diagnoses.read(text)
    return (f"= {found}" if found else AS_TYPED) if text.strip() else ""


def adequate_weeks_label(text: str) -> str:
    found = medications.find(text)
    return f"Weeks at {found.minimum_mg:g} mg or more" if found and found.minimum_mg else "Weeks at an adequate dose"
