"""The medication table, and which texts name a row of it."""

from __future__ import annotations

import pytest

from blueprints.referrals.terminology.medications import Medication, find, medications, without_dose

EVERY_NAME = [(name, m) for m in medications() for name in (m.generic, *m.brands, *m.aliases)]


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
    ],
)
def test_a_name_is_found_in_any_usual_spelling(text: str, generic: str) -> None:
    found = find(text)
    assert found is not None
    assert found.generic == generic


@pytest.mark.parametrize(
    "text",
    ["", " ", "300", "mg", "XL", "sertaline", "zolof", "cital", "Zoloft and Wellbutrin", "sertraline + lithium"]
    + ["Zoloft (bupropion)", "selegiline", "not sertraline", "5-HTP", "Zyban"],
)
def test_a_guess_is_never_made_into_a_drug(text: str) -> None:
    assert find(text) is None


def test_every_name_of_the_table_finds_its_row() -> None:
    for name, medication in EVERY_NAME:
        for written in (name, name.upper(), f"{name} 25 mg", f"  {name}  "):
            assert find(written) is medication, written


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
        assert "second-hand" in medication.source


def test_what_is_not_confirmed_is_blank() -> None:
    by_name = {m.generic: m for m in medications()}
    assert by_name["gepirone"].minimum_mg is None
    assert by_name["dextromethorphan-bupropion"].rxcui == ""
    assert by_name["lithium"].minimum_mg is None
    assert by_name["liothyronine"].maximum_mg is None


def test_one_ingredient_in_two_forms_is_one_medicine() -> None:
    by_name = {m.generic: m.ingredient for m in medications()}
    assert by_name["paroxetine CR"] == by_name["paroxetine"]
    assert by_name["olanzapine-fluoxetine"] == by_name["fluoxetine"]
