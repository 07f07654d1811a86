"""What a typed beginning may become, from the tables and over the route."""

from __future__ import annotations

import pytest

from blueprints.referrals.data.diagnoses import diagnoses
from blueprints.referrals.data.medications import find, medications
from blueprints.referrals.data.search import LIMIT, suggest_diagnoses, suggest_medications
from tests.page import Visitor

FIRST = [
    ("sertraline", "sertraline"),
    ("SER", "sertraline"),
    ("zol", "Zoloft (sertraline)"),
    ("zolft", "Zoloft (sertraline)"),
    ("sertal", "sertraline"),
    ("effexer", "Effexor (venlafaxine)"),
    ("prozca", "Prozac (fluoxetine)"),
    ("Wellbutrin XL 300", "Wellbutrin (bupropion)"),
    ("lex", "Lexapro (escitalopram)"),
]


@pytest.mark.parametrize(("typed", "label"), FIRST)
def test_the_likeliest_medication_comes_first(typed: str, label: str) -> None:
    assert suggest_medications(typed)[0].label == label


DIAGNOSES = [
    ("f33.2", "F33.2"),
    ("f332", "F33.2"),
    ("mdd", "F32.0"),
    ("ptsd", "F43.10"),
    ("recurrent severe", "F33.2"),
    ("major depresive", "F32.0"),
    ("anxeity", "F41.1"),
]


@pytest.mark.parametrize(("typed", "code"), DIAGNOSES)
def test_the_likeliest_diagnosis_comes_first(typed: str, code: str) -> None:
    assert suggest_diagnoses(typed)[0].value.split()[0] == code


@pytest.mark.parametrize("typed", ["", "   ", "qqqqqq", "f99.9", "🙂", "x" * 200])
def test_what_is_like_nothing_suggests_nothing(typed: str) -> None:
    assert suggest_medications(typed) == suggest_diagnoses(typed) == []


def test_every_name_and_code_finds_itself_first() -> None:
    for medication in medications():
        for name in medication.names:
            assert suggest_medications(name)[0].value == name
    for diagnosis in diagnoses():
        assert suggest_diagnoses(diagnosis.code)[0].value == str(diagnosis)


def test_few_are_suggested_and_none_twice() -> None:
    found = suggest_diagnoses("disorder")
    assert len(found) == len(set(found)) == LIMIT


@pytest.mark.parametrize("typed", ["Zoloft", "zoloft 50 mg", "  SERTRALINE ", "sertraline hcl", "Effexor XR 150"])
def test_a_name_is_known_in_its_usual_forms(typed: str) -> None:
    assert find(typed) in medications()


@pytest.mark.parametrize("typed", ["", "zolft", "sertralin", "300 mg", "zoloft and lithium"])
def test_a_medication_is_never_guessed(typed: str) -> None:
    assert find(typed) is None


def test_the_table_of_medications_is_sound() -> None:
    names = [name.casefold() for medication in medications() for name in medication.names]
    assert len(names) == len(set(names))
    for medication in medications():
        assert medication.source
        assert medication.checked_on
        assert medication.role in ("antidepressant", "augmentation", "other")
        if medication.minimum_mg:
            assert medication.role == "antidepressant"
            assert medication.maximum_mg
            assert medication.minimum_mg <= medication.maximum_mg
        assert medication.rxcui == "" or medication.rxcui.isdecimal()


def test_the_route_answers_with_options(reader: Visitor) -> None:
    asking = Visitor(reader.app, {"HX-Request": "true"})
    answer = asking.post("/refer/suggest", {"kind": "medications", "q": "zol"})
    (option, *_) = answer.document.all("li", role="option")
    assert (option.attributes["data-value"], option.text) == ("Zoloft", "Zoloft (sertraline)")


def test_what_is_typed_comes_back_as_text(reader: Visitor) -> None:
    answer = reader.client.post("/refer/suggest", data={"kind": "medications", "q": "<script>"})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_an_unknown_kind_is_not_found(reader: Visitor) -> None:
    assert reader.client.post("/refer/suggest", data={"kind": "secrets", "q": "zol"}).status_code == 404
