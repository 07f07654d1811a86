"""Read what people plausibly type: dates, doses, weeks, scores, blood pressure. None means that it cannot be read."""

from __future__ import annotations

import re
from datetime import date

from blueprints.referrals.details import KG_IN_A_POUND

MONTHS = [date(2000, month, 1).strftime("%B").casefold() for month in range(1, 13)]
ISO_DATE = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})")
US_DATE = re.compile(r"(?P<month>\w{1,9})[-/. ]+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?[-/. ]+(?P<year>\d{4}|\d{2})", re.I)
DAY_FIRST_DATE = re.compile(r"(?P<day>\d{1,2})[-/. ]+(?P<month>[^\W\d_]{3,9})[-/., ]+(?P<year>\d{4}|\d{2})")
UNBROKEN_DATE = re.compile(r"(?P<month>\d{2})(?P<day>\d{2})(?P<year>\d{4})")
DATES = (ISO_DATE, US_DATE, DAY_FIRST_DATE, UNBROKEN_DATE)
NUMBER = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(\.[0-9]{1,3})?"
DOSE = re.compile(rf"{NUMBER} ?(?:mg)?(?: ?/ ?(?:d|day)| ?(?:a|per) day| ?daily| ?qd| ?qhs| ?qam)?\.?", re.I)
WEEKS = re.compile(r"(?:[~>≥]|at least|about)? ?([0-9]{1,4}) ?\+? ?(?:weeks?|wks?|w)?\.?", re.I)
PRESSURE = re.compile(r"([0-9]{2,3}) ?(?:/|over|-) ?([0-9]{2,3})(?: ?mm ?hg)?", re.I)
SCORE = re.compile(r"([0-9]{1,2}) ?(?:(?:/|of|out of) ?27)?", re.I)
NPI_LABEL = re.compile(r"^\s*npi\s*(?:no\.?|number|#)?\s*:?\s*", re.I)
POUNDS, KILOGRAMS = ("lb", "lbs", "pound", "pounds", "#"), ("kg", "kgs", "kilo", "kilos")
WEIGHT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?) ?([a-z#]*)\.?", re.I)


def npi(text: str) -> str:
    """The digits of `NPI 123-456-7893`; whatever else is in it stays, to be refused."""
    return re.sub(r"[\s-]", "", NPI_LABEL.sub("", text))


def luhn_passes(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B check digit."""
    doubled = [int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def month(text: str) -> int | None:
    """4, 04, April or Apr."""
    if re.fullmatch(r"[0-9]{1,2}", text):
        return int(text) if 1 <= int(text) <= 12 else None
    word = text.casefold().rstrip(".")
    found = [i for i, name in enumerate(MONTHS, 1) if len(word) >= 3 and name.startswith(word)]
    return found[0] if len(found) == 1 else None


def split_date(text: str) -> tuple[str, str, str] | None:
    """(month, day, year) of a whole date: 4/17/1985, 1985-04-17, Apr 17, 1985, 17 April 1985 or 04171985.

    The year is as typed: it may have two digits.
    """
    for pattern in DATES:
        if match := pattern.fullmatch(text.strip()):
            return match["month"], match["day"], match["year"]
    return None


def to_date(month_text: str, day: str, year: str) -> date | None:
    number = month(month_text)
    if number is None or not re.fullmatch(r"[0-9]{1,2}", day) or not re.fullmatch(r"[0-9]{4}", year):
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def recent_date(text: str) -> date | None:
    """A date in one box. It is recent, so a year of two digits is of this century."""
    parts = split_date(text)
    if not parts:
        return None
    month_text, day, year = parts
    return to_date(month_text, day, year if len(year) == 4 else f"20{year}")


def number(text: str | None) -> float | None:
    """150, 37.5 or 1,200."""
    match = re.fullmatch(NUMBER, (text or "").strip())
    return _value(match) if match else None


def dose(text: str | None) -> float | None:
    """mg a day: 150, 20mg, 37.5 mg/day or 20 mg daily. A dose several times a day is not multiplied."""
    match = DOSE.fullmatch((text or "").strip())
    return _value(match) if match else None


def weeks(text: str | None) -> int | None:
    """8, 6 weeks, 6wk, 8+ or >8; the least that it says."""
    match = WEEKS.fullmatch((text or "").strip())
    return int(match[1]) if match else None


def phq9(text: str | None) -> int | None:
    """21, 21/27 or 21 of 27."""
    match = SCORE.fullmatch((text or "").strip())
    return int(match[1]) if match else None


def pressure(text: str | None) -> tuple[str, str] | None:
    """(systolic, diastolic) of 128/82, where both were typed in one box."""
    match = PRESSURE.fullmatch((text or "").strip())
    return (match[1], match[2]) if match else None


def weight(text: str | None) -> tuple[float, str] | None:
    """(number, unit) of 168, 168 lb or 76.5kg. The unit is lb, kg, or "" if none was typed."""
    match = WEIGHT.fullmatch((text or "").strip())
    if not match or match[2].casefold() not in ("", *POUNDS, *KILOGRAMS):
        return None
    unit = match[2].casefold()
    return float(match[1]), "lb" if unit in POUNDS else "kg" if unit else ""


def kilograms(value: float, unit: str) -> float:
    """With two decimals, so that `weight_words` can give back the pounds."""
    return round(value * (KG_IN_A_POUND if unit == "lb" else 1), 2)


def _value(match: re.Match[str]) -> float:
    return float(match[1].replace(",", "") + (match[2] or ""))
