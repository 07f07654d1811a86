"""What an assessment says about trials and resistance. What is not known counts neither as yes nor as no."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from blueprints.referrals.assessment.assess import (
    RULE_SETS,
    AssessmentInput,
    assess,
    assessment_input_of,
)
from blueprints.referrals.details import ReferralData, Trial
from blueprints.referrals.terminology.answers import SAFETY

TODAY = date(2026, 11, 23)


def trial(medication: str, generic: str, dose: float | None, weeks: int | None, outcome: str = "none") -> Trial:
    return Trial(medication, generic, dose, None, "yes", outcome, weeks)


SERTRALINE = trial("Zoloft", "sertraline", 100, 24)
BUPROPION = trial("Wellbutrin XL", "bupropion", 300, 8, "partial")
CITALOPRAM = trial("citalopram", "citalopram", 40, 8)
UNMATCHED = trial("mystery pill", "", 50, 12)
LITHIUM = trial("lithium", "lithium", 900, 12)
ARIPIPRAZOLE = trial("Abilify", "aripiprazole", 5, 8)


def case(*trials: Trial, **changes: Any) -> AssessmentInput:
    """Recurrent severe depression and nothing that needs a flag."""
    known: dict[str, Any] = {
        "diagnosis_code": "F33.2",
        "age": 44,
        "phq9_score": 19,
        "phq9_date": TODAY - timedelta(days=3),
        "phq9_item9": 0,
        "suicide_risk": "none_known",
        "had_ect": "no",
        "had_tms": "no",
        "had_psychotherapy": "yes",
        "had_ketamine": "no",
        "prior_attempts": "no",
        "lethal_means": "no",
        "safety": dict.fromkeys(SAFETY, "no"),
        "systolic": 120,
        "diastolic": 80,
        "current_medications": "venlafaxine XR 75 mg, lisinopril",
    }
    return AssessmentInput(today=TODAY, trials=trials, **{**known, **changes})


OLD = {"adequate_weeks": None}
"""A referral of an earlier version has only the weeks at the highest dose."""


@pytest.mark.parametrize(
    ("changes", "verdict", "why"),
    [
        ({}, "yes", "24 weeks at 50 mg or more, highest dose 100 mg; no improvement"),
        (
            {"adequate_weeks": 10, "daily_dose_mg": 200},
            "yes",
            "10 weeks at 50 mg or more, highest dose 200 mg; no impr",
        ),
        ({"outcome": "partial"}, "yes", "24 weeks at 50 mg or more, highest dose 100 mg; improved by less than half"),
        ({"adequate_weeks": 6, "daily_dose_mg": 50}, "yes", "6 weeks at 50 mg or more, highest dose 50 mg"),
        # What decided comes first.
        ({"current_episode": "no"}, "no", "earlier episode; dose and time were enough"),
        (
            {"current_episode": "no", "daily_dose_mg": 25},
            "no",
            "earlier episode; highest dose 25 mg, and at least 50 mg is",
        ),
        ({"adequate_weeks": 5}, "no", "5 weeks at 50 mg or more, and at least 6 are needed; dose was enough"),
        ({"adequate_weeks": 1}, "no", "1 week at 50 mg or more"),
        ({"adequate_weeks": 0}, "no", "0 weeks at 50 mg or more"),
        ({"daily_dose_mg": 49.9}, "no", "highest dose 49.9 mg, and at least 50 mg is adequate; time was enough"),
        ({"outcome": "intolerant"}, "no", "stopped for side effects, which is counted separately; dose and time were"),
        (
            {"outcome": "response_lost"},
            "cannot_tell",
            "it helped, then stopped helping; these rules do not say whether",
        ),
        (
            {"adequate_weeks": None},
            "cannot_tell",
            "the weeks at 50 mg or more are not known, and at least 6 are needed",
        ),
        ({"daily_dose_mg": None}, "cannot_tell", "the highest dose is not known; time was enough"),
        ({"outcome": "unknown"}, "cannot_tell", "the outcome is not known; dose and time were enough"),
        ({"outcome": ""}, "cannot_tell", "the outcome is not known; dose and time were enough"),
        ({"current_episode": "unknown"}, "cannot_tell", "whether it was in the current episode is not known; dose and"),
        ({"current_episode": ""}, "cannot_tell", "whether it was in the current episode is not known; dose and"),
        (
            {"medication": "mystery", "generic": ""},
            "cannot_tell",
            "it is not in our list, so its adequate dose is not kn",
        ),
        (
            {"medication": "Exxua", "generic": "gepirone"},
            "cannot_tell",
            "our list has no adequate dose for gepirone; time",
        ),
        # An old referral's weeks are a lower bound: never too few.
        ({**OLD, "weeks": 6}, "yes", "6 weeks at the highest dose, highest dose 100 mg"),
        ({**OLD, "weeks": 3}, "cannot_tell", "3 weeks at the highest dose, not counting weeks at lower doses, and at"),
        ({**OLD, "weeks": 0}, "cannot_tell", "0 weeks at the highest dose"),
        ({**OLD, "weeks": 3, "daily_dose_mg": 25}, "no", "highest dose 25 mg"),
        ({"weeks": 3}, "yes", "24 weeks at 50 mg or more"),
        # Decided, although something is not known.
        ({"adequate_weeks": 5, "daily_dose_mg": None}, "no", "5 weeks at 50 mg or more"),
        ({"medication": "mystery", "generic": "", "adequate_weeks": 2}, "no", "2 weeks at an adequate dose"),
        ({"outcome": "intolerant", "adequate_weeks": None}, "no", "stopped for side effects"),
        ({"medication": "lithium", "generic": "lithium"}, "no", "it is an augmentation"),
        (
            {"medication": "Silenor", "generic": "doxepin", "daily_dose_mg": 300},
            "no",
            "it is not an antidepressant trial",
        ),
        ({"medication": "Spravato", "generic": "esketamine"}, "no", "it is not an antidepressant trial"),
    ],
)
def test_one_trial(changes: dict[str, Any], verdict: str, why: str) -> None:
    result = assess(case(replace(SERTRALINE, **changes))).trials[0]
    assert result.verdict == verdict
    assert result.why.startswith(why)
    assert result.counted is (verdict == "yes")


def test_a_trial_is_summed_up() -> None:
    results = assess(case(SERTRALINE, replace(BUPROPION, current_episode="no"), replace(CITALOPRAM, outcome=""))).trials
    assert [result.summary for result in results] == [
        "Counted: 24 weeks at 50 mg or more, highest dose 100 mg; no improvement",
        "Not counted: earlier episode; dose and time were enough",
        "Cannot tell yet: the outcome is not known; dose and time were enough",
    ]


@pytest.mark.parametrize(
    ("medication", "dose", "verdict"),
    [
        ("vilazodone", 20, "yes"),
        ("vilazodone", 10, "no"),
        ("desvenlafaxine", 50, "yes"),
        ("desvenlafaxine", 25, "no"),
        ("Aplenzin", 348, "yes"),
        ("Aplenzin", 300, "no"),
        ("bupropion XL", 300, "yes"),
        ("Paxil CR", 20, "no"),
        ("Paxil", 20, "yes"),
        ("venlafaxine ER", 75, "no"),
        ("fluoxetine", 20, "yes"),
    ],
)
def test_the_smallest_adequate_dose(medication: str, dose: float, verdict: str) -> None:
    assert assess(case(trial(medication, "", dose, 8))).trials[0].verdict == verdict


@pytest.mark.parametrize(
    ("trials", "changes", "verdict", "said"),
    [
        ((SERTRALINE, BUPROPION), {}, "yes", "bupropion, sertraline"),
        ((SERTRALINE,), {}, "no", "different medications: 1 (sertraline); at least 2 are needed."),
        ((SERTRALINE, replace(SERTRALINE, medication="sertraline", daily_dose_mg=200.0)), {}, "no", ": 1 ("),
        ((trial("Paxil CR", "", 50, 8), trial("Paxil", "", 50, 8)), {}, "no", ": 1 ("),
        ((SERTRALINE, LITHIUM, ARIPIPRAZOLE), {}, "no", ": 1 ("),
        ((SERTRALINE, UNMATCHED), {}, "cannot_tell", "1 more could count"),
        ((UNMATCHED, replace(UNMATCHED, medication="Mystery Pill")), {}, "no", ": 0;"),
        ((SERTRALINE, replace(BUPROPION, adequate_weeks=None)), {}, "cannot_tell", "1 more"),
        ((SERTRALINE, replace(BUPROPION, adequate_weeks=None, weeks=3)), {}, "cannot_tell", "1 more"),
        ((SERTRALINE, replace(BUPROPION, outcome="response_lost")), {}, "cannot_tell", "1 more"),
        ((trial("bupropion", "", 300, 8), trial("Aplenzin", "", 348, 8)), {}, "no", ": 1 ("),
        ((SERTRALINE, BUPROPION, UNMATCHED), {}, "yes", ": 2 ("),
        ((SERTRALINE, replace(BUPROPION, outcome="intolerant")), {}, "no", "1 medication stopped for side effects"),
        ((), {}, "cannot_tell", "No trials are given"),
        ((), {"no_trials_known": True}, "cannot_tell", "No trials are known"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F31.81"}, "does_not_apply", "bipolar"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F43.10"}, "no", "F43.10"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F33.42"}, "no", "remission"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F32.A"}, "cannot_tell", "F32.A"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": ""}, "cannot_tell", "diagnosis is not known"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F33"}, "cannot_tell", "F33 does not say"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F31.75"}, "does_not_apply", "bipolar"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F25.1"}, "no", "F25.1"),
        ((SERTRALINE,), {"diagnosis_code": ""}, "no", ": 1 ("),
        # Two short rows of one medication may be one trial with a change of dose.
        (
            (CITALOPRAM, replace(SERTRALINE, adequate_weeks=4), replace(SERTRALINE, adequate_weeks=4)),
            {},
            "cannot_tell",
            "1 more",
        ),
        ((CITALOPRAM, replace(SERTRALINE, adequate_weeks=2), replace(SERTRALINE, adequate_weeks=2)), {}, "no", ": 1 ("),
    ],
)
def test_treatment_resistant_depression(
    trials: tuple[Trial, ...], changes: dict[str, Any], verdict: str, said: str
) -> None:
    resistant = assess(case(*trials, **changes)).resistant
    assert resistant.verdict == verdict
    assert said in resistant.why


def test_an_empty_form_can_be_assessed() -> None:
    for rules in RULE_SETS:
        assessment = assess(AssessmentInput(today=TODAY), rules)
        assert assessment.verdict == "cannot_tell"
        assert assessment.flags == ()
        assert assessment.missing


def test_a_case_is_taken_from_a_referral() -> None:
    blank: dict[str, Any] = {f.name: "" for f in fields(ReferralData)}
    given = {"patient_birth_date": "1982-11-24", "phq9_date": "2026-11-20", "trials": (SERTRALINE,), "safety": {}}
    made = assessment_input_of(
        ReferralData(**blank | given | {"phq9_score": 19, "service_requested": ("spravato",)}), TODAY
    )
    assert (made.age, made.phq9_date, made.phq9_score) == (43, date(2026, 11, 20), 19)
    assert made.services == ("spravato",)
    assert made.trials == (SERTRALINE,)
    assert assessment_input_of(ReferralData(**blank), TODAY).age is None
