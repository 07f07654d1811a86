"""Numbers and units as English writes them: patterns, and what they mean."""

from __future__ import annotations

import re

_UP_TO_NINE = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SPELLED = {
    **{word: number for number, word in enumerate((*_UP_TO_NINE, *_TEENS), 1)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    **{"a hundred": 100, "one hundred": 100},
}
PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}

DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
NUMBER = (
    rf"(?<![\w.])(?:{DIGITS}|(?:(?:{'|'.join(_TENS)})-(?:{'|'.join(_UP_TO_NINE)})"
    rf"|{'|'.join(sorted(SPELLED, key=len, reverse=True))})(?!\w))"
)
TO = r"\s*(?:to|–|-)\s*"
TIMES = ("second", "minute", "hour", "night", "day", "week", "month", "year")
TIME = rf"(?:{'|'.join(TIMES)})s?"
PEOPLE = (
    r"(?:people|persons?|(?:out|in)?patients?|adults?|veterans?|women|men|children|teens?|participants?|volunteers?)"
)
UNITS = {
    "%": r"%|percent\b|per cent\b|percentage points?\b",
    "mg/kg": r"(?:mg|milligrams?)\s*(?:/|per)\s*(?:kg|kilogram)",
    "mg": r"(?:mg|milligrams?)\b",
    "ml": r"(?:ml|milliliters?)\b",
    "point": r"points?\b",
    "person": rf"{PEOPLE}\b",
    "study": r"(?:trials?|stud(?:y|ies))\b",
    "treatment": r"treatments?\b",
    "times": r"times\b",
    "medicine": r"(?:medicines?|medications?|antidepressants?|drugs?)\b",
    "dose": r"(?:infusions?|injections?|shots?|doses?|sprays?|pills?)\b",
    "visit": r"(?:visits?|sessions?)\b",
    **{name: rf"{name}s?\b" for name in TIMES},
}
UNIT = "|".join(UNITS.values())


def value(number: str) -> float:
    """Of a text that NUMBER matches."""
    number = number.lower()
    if number[0].isdigit():
        return float(number.replace(",", ""))
    if number in SPELLED:
        return SPELLED[number]
    tens, ones = number.split("-")
    return SPELLED[tens] + SPELLED[ones]


def text(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".")


def unit(words: str) -> str:
    """The name in UNITS of a unit as it is written."""
    return next(name for name, pattern in UNITS.items() if re.fullmatch(pattern, words, re.IGNORECASE))
