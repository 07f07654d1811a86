"""What people plausibly type is read, and what cannot be read is never guessed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.referrals.details import weight_words
from blueprints.referrals.forms import reading


@pytest.mark.parametrize(
    ("text", "weeks"),
    [
        *(("8", 8), ("6 weeks", 6), ("6wk", 6), ("6 wks.", 6), ("8+", 8), ("8+ weeks", 8), (">8", 8), ("~10", 10)),
        *(("at least 12 weeks", 12), ("0", 0)),
        *(("3 months", None), ("2.5", None), ("6-8", None), ("-6", None), ("six", None), ("", None), (None, None)),
    ],
)
def test_weeks(text: str | None, weeks: int | None) -> None:
    assert reading.weeks(text) == weeks


@pytest.mark.parametrize(
    ("text", "dose"),
    [
        *(("20", 20), ("20mg", 20), ("20 MG", 20), ("37.5 mg", 37.5), ("1,200", 1200), ("20 mg/day", 20)),
        *(("20 mg daily", 20), ("20mg qd", 20), ("20 mg a day", 20), ("20 mg qhs", 20)),
        # Twice a day is not multiplied, a range is not chosen from, and grams are not milligrams.
        *(("50 mg bid", None), ("50-100", None), ("1.5 g", None), ("25 mcg", None), ("", None), ("1,20", None)),
    ],
)
def test_doses(text: str, dose: float | None) -> None:
    assert reading.dose(text) == dose


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        *((text, ("4", "17", "1985")) for text in ("4/17/1985", "4-17-1985", "4.17.1985", "1985-4-17", "4 17 1985")),
        ("04171985", ("04", "17", "1985")),
        ("April 17, 1985", ("April", "17", "1985")),
        ("Apr 17th 1985", ("Apr", "17", "1985")),
        ("17 April 1985", ("April", "17", "1985")),
        ("4/17/85", ("4", "17", "85")),
        *((text, None) for text in ("April", "1985", "4/17", "4/17/198", "")),
    ],
)
def test_whole_dates(text: str, parts: tuple[str, str, str] | None) -> None:
    assert reading.split_date(text) == parts


def test_a_recent_date_of_two_digits_is_of_this_century() -> None:
    assert reading.recent_date("11/1/26") == date(2026, 11, 1)
    assert reading.recent_date("2/30/26") is None


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        *((text, ("128", "82")) for text in ("128/82", "128 / 82", "128 over 82", "128/82 mmHg", "128-82")),
        *((text, None) for text in ("128", "128/", "1280/82", "")),
    ],
)
def test_blood_pressure(text: str, pair: tuple[str, str] | None) -> None:
    assert reading.pressure(text) == pair


@pytest.mark.parametrize(("text", "score"), [("21", 21), ("21/27", 21), ("21 of 27", 21), ("27/21", None), ("x", None)])
def test_phq9(text: str, score: int | None) -> None:
    assert reading.phq9(text) == score


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(("168", (168, "")), ("168 lb", (168, "lb")), ("168lbs.", (168, "lb")), ("168 pounds", (168, "lb"))),
        *(("76.5kg", (76.5, "kg")), ("76 kilos", (76, "kg"))),
        *((text, None) for text in ("12 st", "heavy", "-1", "1,68", "")),
    ],
)
def test_weights(text: str, found: tuple[float, str] | None) -> None:
    assert reading.weight(text) == found


@given(st.integers(450, 7710))
def test_pounds_are_given_back_as_they_were_typed(tenths: int) -> None:
    pounds = tenths / 10
    kg = reading.kilograms(pounds, "lb")
    assert weight_words(kg, "lb").startswith(f"{pounds:.0f} lb (") or pounds % 1 == 0.5


@pytest.mark.parametrize(
    ("kg", "unit", "words"),
    [(76.2, "lb", "168 lb (76 kg)"), (76.0, "kg", "76 kg (168 lb)"), (76.0, "", "76 kg (168 lb)"), (None, "lb", "")],
)
def test_a_weight_is_shown_in_both_units(kg: float | None, unit: str, words: str) -> None:
    assert weight_words(kg, unit) == words


READERS: list[Any] = [
    *(reading.weeks, reading.dose, reading.split_date, reading.recent_date, reading.pressure),
    *(reading.phq9, reading.weight, reading.number, reading.month, reading.npi),
]


@pytest.mark.parametrize("read", READERS)
@given(text=st.text(max_size=40) | st.from_regex(r"[0-9 /.,a-z%+-]{0,12}", fullmatch=True))
def test_no_text_is_a_fault(read: Any, text: str) -> None:
    read(text)
