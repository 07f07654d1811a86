"""Which texts name a diagnosis."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.referrals.terminology.diagnoses import Diagnosis, diagnoses, read
from tests.thorough import examples

F33_2 = "Major depressive disorder, recurrent severe without psychotic features"


@pytest.mark.parametrize("diagnosis", diagnoses(), ids=lambda d: d.code)
def test_each_row_is_read_by_its_code_and_by_its_title(diagnosis: Diagnosis) -> None:
    undotted = diagnosis.code.replace(".", "")
    for text in (diagnosis.code, diagnosis.code.lower(), undotted, f" {undotted.lower()} ", str(diagnosis)):
        assert read(text) == diagnosis, text
    for text in (diagnosis.title, diagnosis.title.upper(), f"{diagnosis.title} ({diagnosis.code})"):
        assert read(text) == diagnosis, text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("F25.1", "F25.1"),
        ("f3175", "F31.75"),
        ("F43.21", "F43.21"),
        ("F33.2, recurrent", "F33.2"),
        ("F33.2: severe", "F33.2"),
        ("(F33.2)", "F33.2"),
        ("hoarding", "F42.3"),
        ("bipolar II", "F31.81"),
        ("postpartum", "F53.0"),
    ],
)
def test_a_row_is_read(text: str, code: str) -> None:
    found = read(text)
    assert found is not None
    assert found.code == code
    assert found.title


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("F25.8", "F25.8"),
        ("f258", "F25.8"),
        ("F99", "F99"),
        ("F33.", "F33"),
        ("S52.301A", "S52.301A"),
        ("t36.0x1a", "T36.0X1A"),
        ("U07.1", "U07.1"),
        ("C7A.1", "C7A.1"),
        ("Z91511", "Z91.511"),
    ],
)
def test_any_other_well_formed_code_is_read_without_a_title(text: str, code: str) -> None:
    assert read(text) == Diagnosis(code, "")
    assert str(read(text)) == code


@pytest.mark.parametrize(
    "text",
    ["", "  ", "()", "A1C", "H1N1", "PHQ9", "B12 deficiency", "F33.25678", "33.2", "FF3.2", "U7", "T3"]
    + ["MDD recurrent severe", "severe depression after a stroke", "not hoarding"]
    # Words of more than one row, and words that name no diagnosis.
    + ["depression", "recurrent severe", "adjustment disorder", "schizoaffective disorder", "acute", "other", "type"],
)
def test_anything_else_is_kept_as_typed(text: str) -> None:
    assert read(text) is None


@settings(deadline=None, derandomize=True, max_examples=examples(100))
@given(
    st.from_regex(r"[A-Za-z][0-9][0-9A-Za-z]\.[0-9A-Za-z]{1,4}", fullmatch=True, alphabet=st.characters(codec="ascii"))
)
def test_every_code_with_a_dot_is_read(text: str) -> None:
    found = read(text)
    assert found is not None
    assert found.code == text.upper()


@settings(deadline=None, derandomize=True, max_examples=examples(100))
@given(st.from_regex(r"[a-z]{1,12}( [a-z]{1,12}){0,3}", fullmatch=True))
def test_plain_words_are_no_code(text: str) -> None:
    found = read(text)
    assert found is None or found in diagnoses()


def test_the_words_after_an_unlisted_code_are_kept() -> None:
    assert read("F25.8 other schizoaffective disorders") == Diagnosis("F25.8", "other schizoaffective disorders")
