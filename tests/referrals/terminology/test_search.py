"""What is suggested while a name is typed, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.referrals.terminology.diagnoses import read
from blueprints.referrals.terminology.medications import find, medications
from blueprints.referrals.terminology.search import OTHER_WORDS, suggest_diagnoses, suggest_medications
from blueprints.referrals.terminology.spelling import FAR, slips
from tests.page import Client
from tests.thorough import examples

settings.register_profile("referrals", deadline=None, derandomize=True, max_examples=examples(60))
NAMES = [name for m in medications() for name in (m.generic, *m.brands)]


def labels(typed: str) -> list[str]:
    return [suggestion.label for suggestion in suggest_medications(typed)]


def codes(typed: str) -> list[str]:
    return [suggestion.value.split()[0] for suggestion in suggest_diagnoses(typed)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("sertral", "sertraline"),
        ("sertal", "sertraline"),
        ("setr", "sertraline"),
        ("ZOL", "Zoloft (sertraline)"),
        ("zolft", "Zoloft (sertraline)"),
        ("lex", "Lexapro (escitalopram)"),
        ("trazadone", "trazodone"),
        ("nortryptiline", "nortriptyline"),
        ("Welbutrin", "Wellbutrin (bupropion)"),
        ("Wellbutrin XL 300", "Wellbutrin (bupropion)"),
        ("effexer xr", "Effexor (venlafaxine)"),
        ("paxil", "Paxil (paroxetine)"),
        ("paxil c", "Paxil CR (paroxetine CR)"),
        ("silenor", "Silenor (low-dose doxepin)"),
        ("t3", "liothyronine"),
        ("bupropion x", "bupropion"),
        ("bupropion xl", "bupropion"),
        ("bupropion hydro", "bupropion"),
        ("bupropion hydrob", "bupropion hydrobromide"),
        ("bupropion dextro", "bupropion"),
        ("buproprion sr", "bupropion"),
        ("welbutrin xl", "Wellbutrin (bupropion)"),
        ("welbutrin hydro", "Wellbutrin (bupropion)"),
        ("lithium ca", "lithium"),
        ("zoloft (sert", "Zoloft (sertraline)"),
        ("paroxetine er", "paroxetine CR"),
        ("cap", "Caplyta (lumateperone)"),
    ],
)
def test_the_meant_medication_comes_first(typed: str, first: str) -> None:
    assert labels(typed)[0] == first


def test_beginnings_come_before_middles() -> None:
    found = labels("lex")
    assert found.index("Lexapro (escitalopram)") < found.index("Celexa (citalopram)")
    assert labels("citalopram")[:2] == ["citalopram", "escitalopram"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("bupropion", False),
        ("bupropion xl 300", False),
        ("buproprion", False),
        ("dextrom", False),
        ("dextromethorphan", False),
        ("bupropion dex", True),
        ("dextromethorphan-bup", True),
        ("dextromethorphanbupropion", True),
        ("auv", True),
    ],
)
def test_a_combination_needs_both_drugs_or_its_brand(typed: str, offered: bool) -> None:
    assert any("dextromethorphan-bupropion" in label for label in labels(typed)) is offered


@pytest.mark.parametrize("typed", ["", "  ", "300", "XL", "zzzz"])
def test_nothing_is_suggested_for_nothing(typed: str) -> None:
    assert labels(typed) == []


def test_short_words_must_be_right() -> None:
    assert labels("zxl") == []
    assert labels("prx") == []


def test_no_more_than_asked_for_and_none_twice() -> None:
    assert len(suggest_medications("a", limit=3)) == 3
    values = [suggestion.value for suggestion in suggest_medications("a", limit=100)]
    assert len(values) == len(set(values))


def test_every_name_is_first_for_itself_and_can_be_found_again() -> None:
    for name in NAMES:
        first = suggest_medications(name)[0]
        assert first.value == name
        assert find(first.value) is not None


@settings(settings.get_profile("referrals"))
@given(st.sampled_from([name for name in NAMES if len(name) >= 7]), st.data())
def test_one_slip_still_finds_the_name(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 2))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    for typed in (swapped, name[:at] + name[at + 1 :], name[:at] + "x" + name[at:]):
        assert name in [suggestion.value for suggestion in suggest_medications(typed, limit=20)]


@settings(settings.get_profile("referrals"))
@given(st.text(max_size=120))
def test_any_text_may_be_typed(typed: str) -> None:
    for suggestion in suggest_medications(typed):
        assert find(suggestion.value)
    for suggestion in suggest_diagnoses(typed):
        assert str(read(suggestion.value)) == suggestion.value


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("F33.2", "F33.2"),
        ("f332", "F33.2"),
        ("MDD", "F33.2"),
        ("ptsd", "F43.10"),
        ("OCD", "F42.2"),
        ("gad", "F41.1"),
        ("PMDD", "F32.81"),
        ("dysthymia", "F34.1"),
        ("severe recurrent", "F33.2"),
        ("depresive recurent severe", "F33.2"),
        ("postpartm", "F53.0"),
        ("crps", "G90.50"),
        ("fibromylagia", "M79.7"),
        ("suicidal", "R45.851"),
    ],
)
def test_a_diagnosis_is_found_by_code_words_and_other_words(typed: str, found: str) -> None:
    assert codes(typed)[0] == found


def test_other_words_lead_to_their_codes_first() -> None:
    for words, beginnings in OTHER_WORDS.items():
        assert codes(words)[0].startswith(beginnings), words


@pytest.mark.parametrize("typed", ["TRD", "treatment resistant depression", "treatment-resistant"])
def test_treatment_resistant_depression_has_no_code_and_says_so(typed: str) -> None:
    found = suggest_diagnoses(typed)
    assert found[0].value.startswith("F33.2")
    assert all("no code" in suggestion.note for suggestion in found)
    assert all(suggestion.note == "" for suggestion in suggest_diagnoses("F33.2"))


@pytest.mark.parametrize(
    ("typed", "name", "most", "count"),
    [
        ("sertraline", "sertraline", 2, 0),
        ("sertr", "sertraline", 2, 0),
        ("sretr", "sertraline", 1, 1),
        ("estraline", "setraline", 1, 1),
        ("sertal", "sertraline", 1, 1),
        ("zertralina", "sertraline", 2, 2),
        ("zertralina", "sertraline", 1, FAR),
        ("sertralinexx", "sertraline", 2, 2),
        ("sertralinexxx", "sertraline", 2, FAR),
        ("a", "", 1, 1),
    ],
)
def test_slips_are_counted(typed: str, name: str, most: int, count: int) -> None:
    assert slips(typed, name, most) == count


def test_the_route_answers_with_options(sqlite_client: Client) -> None:
    asking = Client(sqlite_client.app, {"HX-Request": "true"})
    answer = asking.post("/refer/suggest", {"kind": "medications", "q": "zol"})
    (option, *_) = answer.document.all("li", role="option")
    assert (option.attributes["data-value"], option.text) == ("Zoloft", "Zoloft (sertraline)")


def test_what_is_typed_comes_back_as_text(sqlite_client: Client) -> None:
    answer = sqlite_client.client.post("/refer/suggest", data={"kind": "medications", "q": "<script>"})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_an_unknown_kind_is_not_found(sqlite_client: Client) -> None:
    assert sqlite_client.client.post("/refer/suggest", data={"kind": "secrets", "q": "zol"}).status_code == 404
