"""The medication table, and which texts name a row of it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blueprints.referrals.terminology.medications import (
    DOSE,
    RELEASE,
    RELEASE_IN_WORDS,
    ROUTE,
    SALT,
    Medication,
    find,
    medications,
    mentioned,
    without_dose,
)
from blueprints.referrals.terminology.search import suggest_medications
from tests.thorough import examples

EVERY_NAME = [(name, m) for m in medications() for name in (m.generic, *m.brands, *m.aliases)]
BY_GENERIC = {m.generic: m for m in medications()}
OWN_ROW = {"paroxetine CR", "bupropion hydrobromide"}
"""Rows with a release form or a salt in their own name."""
FORMS = [*sorted(RELEASE | ROUTE), *(form.replace(" ", "-") for form in RELEASE_IN_WORDS)]
DOSES = ["", "300", "300 mg", "150mg", "37.5 mg daily", "20 mg po qhs", "6 mg/24 h", "1,200 mg"]
plain_names = st.sampled_from([pair for pair in EVERY_NAME if pair[1].ingredient not in ("paroxetine", "bupropion")])


@pytest.mark.parametrize(
    ("text", "generic"),
    [
        ("sertraline", "sertraline"),
        ("  ZOLOFT ", "sertraline"),
        ("Zoloft (sertraline)", "sertraline"),
        ("sertraline HCl 50 mg", "sertraline"),
        ("Wellbutrin XL 300", "bupropion"),
        ("Wellbutrin SR 150mg", "bupropion"),
        ("Effexor-XR 37.5 mg daily", "venlafaxine"),
        ("Paxil 20", "paroxetine"),
        ("Paxil CR 25", "paroxetine CR"),
        ("paroxetine 25 mg CR", "paroxetine CR"),
        ("Silenor 6 mg", "low-dose doxepin"),
        ("doxepin 150", "doxepin"),
        ("Emsam 6 mg/24 h", "selegiline transdermal"),
        ("T3", "liothyronine"),
        ("lithium carbonate 300 mg", "lithium"),
        ("Symbyax 6/25", "olanzapine-fluoxetine"),
        ("fluoxetine and olanzapine", "olanzapine-fluoxetine"),
        ("fluoxetine/olanzapine", "olanzapine-fluoxetine"),
        ("bupropion xl", "bupropion"),
        ("bupropion HCl XL 150mg", "bupropion"),
        ("Wellbutrin XL300", "bupropion"),
        ("Wellbutrin XL (bupropion HCl)", "bupropion"),
        ("Aplenzin 522 mg", "bupropion hydrobromide"),
        ("bupropion HBr ER 348", "bupropion hydrobromide"),
        ("dextromethorphan HBr and bupropion HCl", "dextromethorphan-bupropion"),
        ("Auvelity", "dextromethorphan-bupropion"),
        ("paroxetine hydrochloride CR 25 mg", "paroxetine CR"),
        ("paroxetine extended-release", "paroxetine CR"),
        ("venlafaxine extended-release capsules 75 mg", "venlafaxine"),
        ("desvenlafaxine succinate ER", "desvenlafaxine"),
        ("escitalopram oxalate", "escitalopram"),
        ("mirtazapine ODT 15", "mirtazapine"),
        ("Spravato nasal spray", "esketamine"),
    ],
)
def test_a_name_is_found_in_any_usual_spelling(text: str, generic: str) -> None:
    found = find(text)
    assert found is not None
    assert found.generic == generic


@pytest.mark.parametrize(
    "text",
    ["", " ", "300", "mg", "XL", "sertaline", "zolof", "cital", "Zoloft and Wellbutrin", "sertraline + lithium"]
    + [
        "Zoloft (bupropion)",
        "selegiline",
        "not sertraline",
        "5-HTP",
        "Zyban",
        "dextromethorphan",
        "HCl",
        "extended release",
    ],
)
def test_a_guess_is_never_made_into_a_drug(text: str) -> None:
    assert find(text) is None


def test_every_name_of_the_table_finds_its_row() -> None:
    for name, medication in EVERY_NAME:
        for written in (name, name.upper(), f"{name} 25 mg", f"  {name}  "):
            assert find(written) is medication, written


@settings(deadline=None, derandomize=True, max_examples=examples(200))
@given(plain_names, st.sampled_from(["", *sorted(SALT)]), st.sampled_from(["", *FORMS]), st.sampled_from(DOSES))
@example(("bupropion", BY_GENERIC["bupropion"]), "", "XL", "")
@example(("Wellbutrin", BY_GENERIC["bupropion"]), "hydrochloride", "SR", "150 mg")
def test_salt_form_and_dose_change_neither_the_drug_nor_its_place(
    named: tuple[str, Medication], salt: str, form: str, dose: str
) -> None:
    name, medication = named
    for written in (f"{name} {salt} {form} {dose}", f"{name} {dose} {form.upper()} {salt}", f"{name} {form}"):
        assert find(written) is medication, written
        assert find(suggest_medications(written)[0].value) is medication, written


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["bupropion", "Wellbutrin", "paroxetine", "Paxil"])
def test_a_form_leads_to_no_other_ingredient(name: str, form: str) -> None:
    expected = find(name)
    assert expected is not None
    for written in (f"{name} {form}", f"{name} HCl {form} 150 mg"):
        found = find(written)
        assert found is not None
        assert found.ingredient == expected.ingredient
        assert not found.parts
        assert found.generic not in OWN_ROW or form in ("cr", "er", "controlled-release", "extended-release")


def test_no_word_that_is_left_out_begins_a_name() -> None:
    for name, _ in EVERY_NAME:
        assert not [word for word in DOSE if len(word) > 2 and name.casefold().startswith(word)], name


def test_medications_are_found_in_a_list() -> None:
    listed = "Sertraline 200 mg daily, Abilify 5 mg; Paxil CR last year, olanzapine, fluoxetine\nmystery pill"
    assert [m.generic for m in mentioned(listed)] == [
        "sertraline",
        "aripiprazole",
        "paroxetine CR",
        "olanzapine",
        "fluoxetine",
    ]
    assert mentioned("") == mentioned("none") == ()
    assert [m.generic for m in mentioned("Symbyax 6/25 and Symbyax")] == ["olanzapine-fluoxetine"]


def test_no_two_rows_share_a_name() -> None:
    names = [without_dose(name) for name, _ in EVERY_NAME]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("medication", medications(), ids=lambda m: m.generic)
def test_a_row_says_what_it_knows_and_from_where(medication: Medication) -> None:
    assert medication.role in {"antidepressant", "augmentation", "other"}
    assert medication.source
    assert medication.rxcui == "" or medication.rxcui.isdigit()
    if medication.minimum_mg is not None:
        # Only antidepressants have a dose that makes a trial adequate.
        assert medication.counts
        assert 0 < medication.minimum_mg <= (medication.maximum_mg or medication.minimum_mg)
        assert "second-hand" in medication.source or "US label" in medication.source


@pytest.mark.parametrize(
    ("name", "minimum", "maximum", "source"),
    [
        ("vilazodone", 20, 40, "viibrydhcp.com"),
        ("desvenlafaxine", 50, 100, "US label"),
        ("Aplenzin", 348, 522, "druglib.com"),
        ("bupropion", 300, 450, "COMP006"),
        ("citalopram", 20, 40, "FDA safety communication"),
        ("paroxetine CR", 25, 62.5, "COMP006"),
    ],
)
def test_doses_that_were_wrong_or_are_special(name: str, minimum: float, maximum: float, source: str) -> None:
    found = find(name)
    assert found is not None
    assert (found.minimum_mg, found.maximum_mg) == (minimum, maximum)
    assert source in found.source


def test_what_is_not_confirmed_is_blank() -> None:
    by_name = BY_GENERIC
    assert by_name["gepirone"].minimum_mg is None
    assert by_name["dextromethorphan-bupropion"].rxcui == ""
    assert by_name["lithium"].minimum_mg is None
    assert by_name["liothyronine"].maximum_mg is None


def test_one_ingredient_in_two_forms_is_one_medicine() -> None:
    by_name = {m.generic: m.ingredient for m in medications()}
    assert by_name["paroxetine CR"] == by_name["paroxetine"]
    assert by_name["olanzapine-fluoxetine"] == by_name["fluoxetine"]
    assert by_name["bupropion hydrobromide"] == by_name["bupropion"]


def test_only_combinations_have_parts() -> None:
    parts = {m.generic: m.parts for m in medications() if m.parts}
    assert parts == {
        "dextromethorphan-bupropion": ("dextromethorphan", "bupropion"),
        "olanzapine-fluoxetine": ("olanzapine", "fluoxetine"),
    }
