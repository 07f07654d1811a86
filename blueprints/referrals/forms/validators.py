"""Rules that only a referral has: NPI, names, dates, doses, blood pressure. Each words its own error."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from wtforms import Field
from wtforms.validators import StopValidation

from blueprints.referrals.assessment.models import years_between
from blueprints.referrals.forms import reading
from blueprints.referrals.terminology import medications
from core import clinic
from core.forms.base import Form
from core.forms.validators import is_unknown

MARKS_IN_NAMES = " -'’.,\u200c\u200d·"


class NPI:
    """National Provider Identifier: 10 digits, the first 1 or 2, Luhn over 80840 + NPI (45 CFR 162.406)."""

    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        npi = reading.npi(field.data)
        if not re.fullmatch(r"[0-9]{10}", npi):
            raise StopValidation("NPI must be 10 digits.")
        if npi[0] not in "12":
            raise StopValidation("NPI must start with 1 or 2.")
        if not reading.luhn_passes("80840" + npi):
            raise StopValidation("This NPI does not pass its check digit. Look for a mistyped or swapped digit.")


class PersonName:
    """Letters of any script, with the punctuation that names have."""

    field_flags = {"format": True}

    def __init__(self, whose: str) -> None:
        self.whose = whose

    def __call__(self, _form: Form, field: Field) -> None:
        letters = [c for c in field.data if unicodedata.category(c)[0] == "L"]
        strange = [c for c in field.data if unicodedata.category(c)[0] not in "LM" and c not in MARKS_IN_NAMES]
        if strange or not letters:
            raise StopValidation(f"{self.whose} must be letters. Spaces, hyphens and apostrophes are fine.")


class BirthMonth:
    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        if reading.month(field.data) is None:
            raise StopValidation("Month must be a number from 1 to 12, or a name like April.")


class BirthDay:
    field_flags = {"format": True}

    def __call__(self, form: Any, field: Field) -> None:
        if not re.fullmatch(r"0?[1-9]|[12][0-9]|3[01]", field.data):
            raise StopValidation("Day must be a number from 1 to 31.")
        month, year = form.patient_birth_date_month.data or "", form.patient_birth_date_year.data or ""
        number = reading.month(month)
        if number and re.fullmatch(r"[0-9]{4}", year) and reading.to_date(month, field.data, year) is None:
            name = reading.MONTHS[number - 1].capitalize()
            raise StopValidation(f"Date of birth must be a real date. {name} {year} has no day {field.data}.")


class BirthYear:
    field_flags = {"format": True}

    def __call__(self, form: Any, field: Field) -> None:
        today = clinic.today()
        if re.fullmatch(r"[0-9]{2}", field.data):
            raise StopValidation(f"Enter all 4 digits of the year. Is it {_adult_year(field.data, today)}?")
        if not re.fullmatch(r"[0-9]{4}", field.data):
            raise StopValidation("Year must have 4 digits, like 1985.")
        if born := form.birth_date():
            _check_age(born, today)


def _adult_year(two_digits: str, today: date) -> int:
    """The latest year with these digits in which an adult was born."""
    year = today.year - today.year % 100 + int(two_digits)
    return year if year <= today.year - 18 else year - 100


def _check_age(born: date, today: date) -> None:
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
        given = reading.recent_date(field.data)
        if given is None:
            raise StopValidation(f"{self.what} must be a real date, like 11/20/2026.")
        if given > clinic.today():
            raise StopValidation(f"{self.what} must not be in the future.")


def dose_to_confirm(medication_name: str | None, dose: str | None) -> float | None:
    """The usual maximum in mg a day, if the dose is more than 4 times that."""
    known, given = medications.find(medication_name or ""), reading.dose(dose)
    usual = known.maximum_mg if known else None
    return usual if usual and given and given > 4 * usual else None


class DailyDose:
    """mg a day above 0. Far above the usual maximum, the form asks whether that is right, and accepts Yes."""

    field_flags = {"format": True}

    def __call__(self, row: Any, field: Field) -> None:
        if is_unknown(field.data):
            return
        dose = reading.dose(field.data)
        if dose is None or not 0 < dose < 100_000:
            raise StopValidation("The daily dose must be a number of mg above 0, like 150, or Not known.")
        usual = dose_to_confirm(row.medication.data, field.data)
        if usual and not row.dose_confirmed.data:
            raise StopValidation(
                f"Is {dose:,g} mg right? It is more than 4 times the usual maximum of {usual:,g} mg a day. "
                "Correct it, or confirm it below."
            )


class BelowSystolic:
    """Said at once when the two are typed the wrong way around, and once: at the systolic box if that is in error."""

    def __call__(self, form: Any, field: Field) -> None:
        upper, lower = reading.number(form.systolic.data), reading.number(field.data)
        if upper is not None and lower is not None and upper <= lower and not form.systolic.errors:
            raise StopValidation("Diastolic pressure must be lower than systolic. Are the two the wrong way around?")


class AboveDiastolic:
    def __call__(self, form: Any, field: Field) -> None:
        upper, lower = reading.number(field.data), reading.number(form.diastolic.data)
        if upper is not None and lower is not None and upper <= lower:
            raise StopValidation("Systolic pressure must be higher than diastolic. Are the two the wrong way around?")


class Weight:
    """20 to 350 kg, in either unit."""

    field_flags = {"format": True}

    def __call__(self, form: Any, field: Field) -> None:
        if reading.weight(field.data) is None:
            raise StopValidation("Weight must be a number, like 168.")
        kg = form.kilograms()
        if kg is not None and not 20 <= kg <= 350:
            raise StopValidation(
                "Weight must be from 45 to 771 lb, or from 20 to 350 kg. Check the number and its unit."
            )


class UnitAsTyped:
    """The unit that was chosen is the one that was typed after the number, if one was."""

    field_flags = {"format": True}

    def __call__(self, form: Any, field: Field) -> None:
        found = reading.weight(form.weight.data)
        if found and found[1] not in ("", field.data):
            raise StopValidation(f"You typed {found[1]} after the weight, but chose {field.data}. Which is right?")
