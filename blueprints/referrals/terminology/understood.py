"""What the form shows under a box: how the clinic will read what was typed there."""

from __future__ import annotations

from blueprints.referrals.terminology import diagnoses, medications

LISTED = "In our list"
AS_TYPED = "Not in our list: the clinic will read it as typed"


def medication(text: str) -> str:
    """ "= fluoxetine" for Prozac; "" while nothing is typed."""
    if not text.strip():
        return ""
    found = medications.find(text)
    return f"= {found.generic}" if found else AS_TYPED


def diagnosis(text: str) -> str:
    """ "= F33.2 Major depressive disorder, ..." for f332; "" while nothing is typed."""
    if not text.strip():
        return ""
    found = diagnoses.read(text)
    if found is None:
        return AS_TYPED
    if found not in diagnoses.diagnoses():
        return f"{found.code} is not in our list: the clinic will read the code as typed"
    if others := [code for code in diagnoses.WITH_DOT.findall(text.upper()) if code != found.code]:
        return f"= {found}. Only this code is read here: enter {', '.join(others)} under other diagnoses"
    return LISTED if text.strip() == str(found) else f"= {found}"


def adequate_weeks_label(text: str) -> str:
    """Label of the box for weeks, for the medication in `text`: "Weeks at 50 mg or more" for Zoloft."""
    found = medications.find(text)
    if found is None or found.minimum_mg is None:
        return "Weeks at an adequate dose"
    return f"Weeks at {found.minimum_mg:g} mg or more"
