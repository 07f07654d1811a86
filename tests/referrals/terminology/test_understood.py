"""What the form says under a box."""

from __future__ import annotations

import pytest

from blueprints.referrals.terminology import understood

AS_TYPED = "Not in our list: the clinic will read it as typed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("  ", ""),
        ("Prozac", "= fluoxetine"),
        ("sertraline 100", "= sertraline"),
        ("Sertraline", "= sertraline"),
        ("bupropion xl", "= bupropion"),
        ("Aplenzin", "= bupropion hydrobromide"),
        ("mystery pill", AS_TYPED),
        ("Zoloft and Wellbutrin", AS_TYPED),
    ],
)
def test_a_medication(text: str, said: str) -> None:
    assert understood.medication(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("F33.2", "= F33.2 Major depressive disorder, recurrent severe without psychotic features"),
        ("m797", "= M79.7 Fibromyalgia"),
        ("fibromyalgia", "= M79.7 Fibromyalgia"),
        ("M79.7 Fibromyalgia", "In our list"),
        ("f25.8", "F25.8 is not in our list: the clinic will read the code as typed"),
        ("MDD recurrent severe", AS_TYPED),
        (
            "F42.3, F41.1 and F99.0",
            "= F42.3 Hoarding disorder. Only this code is read here: enter F41.1, F99.0 under other diagnoses",
        ),
    ],
)
def test_a_diagnosis(text: str, said: str) -> None:
    assert understood.diagnosis(text) == said


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Zoloft 100 mg", "Weeks at 50 mg or more"),
        ("Paxil CR", "Weeks at 25 mg or more"),
        ("gepirone", "Weeks at an adequate dose"),
        ("lithium", "Weeks at an adequate dose"),
        ("mystery", "Weeks at an adequate dose"),
        ("", "Weeks at an adequate dose"),
    ],
)
def test_the_label_of_the_weeks(text: str, label: str) -> None:
    assert understood.adequate_weeks_label(text) == label
