"""Rules that only a referral has: NPI, names, dates, PHQ-9, diagnoses. Each words its own error."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from wtforms import Field
from wtforms.validators import StopValidation

from blueprints.referrals.assessment.models import years_between
from blueprints.referrals.terminology import medications
from blueprints.referrals.terminology.diagnoses import matching
from core import clinic
from core.forms.base import Form
from core.forms.validators import is_unknown

MONTHS = [date(2000, month, 1).strftime("%B").casefold() for month in range(1, 13)]
WHOLE_DATE = re.compile(r"^\s*(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\w{1,9})[-/. ]+(\d{1,2}),?[-/. ]+(\d{4}))\s*$")
MARKS_IN_NAMES = " -'’.,\u200c\u200d·"
KG_IN_A_POUND = 0.45359237


def luhn_passes(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B check digit."""
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def tidy_npi(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


class NPI:
    """National Provider Identifier: 10 digits, the first 1 or 2, Luhn over 80840 + NPI (45 CFR 162.406)."""

    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        npi = tidy_npi(field.data)
        if not re.fullmatch(r"[0-9]{10}", npi):
            raise StopValidation("NPI must be 10 digits.")
        if npi[0] not in "12":
            raise StopValidation("NPI must start with 1 or 2.")
        if not luhn_passes("80840" + npi):
            raise StopValidation("This NPI does not pass its check digit. Look for a mistyped or swapped digit.")


class PersonName:
    """Letters of any script, with the marks that names have."""

    field_flags = {"format": True}

    def __init__(self, whose: str) -> None:
        self.whose = whose

    def __call__(self, _form: Form, field: Field) -> None:
        letters = [c for c in field.data if unicodedata.category(c)[0] == "L"]
        strange = [c for c in field.data if unicodedata.category(c)[0] not in "LM" and c not in MARKS_IN_NAMES]
        if strange or not letters:
            raise StopValidation(f"{self.whose} must be letters. Spaces, hyphens and apostrophes are fine.")


def month_number(text: str) -> int | None:
    """4, 04, April or Apr; None for anything else."""
    if re.fullmatch(r"[0-9]{1,2}", text):
        return int(text) if 1 <= int(text) <= 12 else None
    word = text.casefold().rstrip(".")
    found = [i for i, name in enumerate(MONTHS, 1) if len(word) >= 3 and name.startswith(word)]
    return found[0] if len(found) == 1 else None


def split_date(text: str) -> tuple[str, str, str] | None:
    """(month, day, year) of a whole date that was pasted in one box: ISO or US order."""
    match = WHOLE_DATE.match(text)
    if not match:
        return None
    iso_year, iso_month, iso_day, month, day, year = match.groups()
    return (iso_month, iso_day, iso_year) if iso_year else (month, day, year)


def to_date(month: str, day: str, year: str) -> date | None:
    number = month_number(month)
    if number is None or not re.fullmatch(r"[0-9]{1,2}", day) or not re.fullmatch(r"[0-9]{4}", year):
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def read_date(text: str) -> date | None:
    """A date in one box: 11/20/2026, 2026-11-20 or Nov 20, 2026."""
    parts = split_date(text)
    return to_date(*parts) if parts else None


def number(text: str | None) -> float | None:
    """150, 37.5, 1,200 or 150 mg; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(\.[0-9]{1,3})?(?: ?mg)?", (text or "").strip(), re.I)
    return float((match[1].replace(",", "")) + (match[2] or "")) if match else None


def kilograms(text: str | None) -> float | None:
    """82, 82.5 kg or 180 lb, in kg with one decimal; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,4}(?:\.[0-9]{1,2})?) ?(kg|kgs|lb|lbs|pounds)?\.?", (text or "").strip(), re.I)
    if not match:
        return None
    is_kg = (match[2] or "kg").casefold().startswith("k")
    return round(float(match[1]) * (1 if is_kg else KG_IN_A_POUND), 1)


def dose_to_confirm(medication_name: str | None, dose: str | None) -> float | None:
    """The usual maximum in mg a day, where the dose is more than 4 times that."""
    known, given = medications.find(medication_name or ""), number(dose)
    usual = known.maximum_mg if known else None
    return usual if usual and given and given > 4 * usual else None


class BirthMonth:
    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        if month_number(field.data) is None:
            raise StopValidation("Month must be a number from 1 to 12, or a name like April.")


class BirthDay:
    field_flags = {"format": True}

    def __call__(self, form: Any, field: Field) -> None:
        if not re.fullmatch(r"0?[1-9]|[12][0-9]|3[01]", field.data):
            raise StopValidation("Day must be a number from 1 to 31.")
        month, year = form.patient_birth_date_month.data or "", form.patient_birth_date_year.data or ""
        if month_number(month) and re.fullmatch(r"[0-9]{4}", year) and to_date(month, field.data, year) is None:
            name = MONTHS[(month_number(month) or 1) - 1].capitalize()
            raise StopValidation(f"Date of birth must be a real date. {name} {year} has no day {field.data}.")


class BirthYear:
    field_flags = {"format": True}

    def __call__(self, form: Any, field: Field) -> None:
        if not re.fullmatch(r"[0-9]{4}", field.data):
            raise StopValidation("Year must have 4 digits, like 1985.")
        born = form.birth_date()
        if born is None:
            return
        today = clinic.today()
        age = years_between(born, today)
        if born > today:
            raise StopValidation("Date of birth must be in the past.")
        if age < 18:
            raise StopValidation("The patient must be 18 or older: this center treats adults only.")
        if age > 120:
            raise StopValidation("Check the year: it makes the patient older than 120.")


class PastDate:
    field_flags = {"format": True}

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, _form: Form, field: Field) -> None:
        given = read_date(field.data)
        if given is None:
            raise StopValidation(f"{self.what} must be a real date, like 11/20/2026.")
        if given > clinic.today():
            raise StopValidation(f"{self.what} must not be in the future.")


class DailyDose:
    """mg a day above 0. Far above the usual maximum it asks whether that is right, and takes Yes for an answer."""

    field_flags = {"format": True}

    def __call__(self, row: Any, field: Field) -> None:
        if is_unknown(field.data):
            return
        dose = number(field.data)
        if dose is None or not 0 < dose < 100_000:
            raise StopValidation("The daily dose must be a number of mg above 0, like 150, or Not known.")
        usual = dose_to_confirm(row.medication.data, field.data)
        if usual and not row.dose_confirmed.data:
            raise StopValidation(
                f"Is {dose:,g} mg right? It is more than 4 times the usual maximum of {usual:,g} mg a day. "
                "Correct it, or confirm it below."
            )


class AboveDiastolic:
    def __call__(self, form: Any, field: Field) -> None:
        lower = number(form.diastolic.data)
        if lower is not None and (number(field.data) or 0) <= lower:
            raise StopValidation("Systolic pressure must be higher than diastolic pressure.")


class Weight:
    """20 to 350 kg, given in kg or pounds."""

    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        weight = kilograms(field.data)
        if weight is None or not 20 <= weight <= 350:
            raise StopValidation("Weight must be from 20 to 350 kg, like 82 or 82 kg, or in pounds like 180 lb.")


class KnownDiagnosis:
    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        found = matching(field.data)
        if len(found) > 1:
            examples = " or ".join(d.code for d in found[:3])
            raise StopValidation(f"More than one diagnosis has these words. Enter a code, like {examples}.")
        if not found:
            raise StopValidation("Choose a diagnosis from the list, or enter an ICD-10-CM code like F33.2.")
