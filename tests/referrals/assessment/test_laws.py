"""Laws of the assessment: they hold for every case that can be written down."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.referrals.assessment.assess import MGH_ATRQ, RULE_SETS, AssessmentInput, assess
from blueprints.referrals.assessment.criteria import RuleSet
from blueprints.referrals.details import Trial
from tests.referrals.assessment.test_assess import SERTRALINE, case

quickly = settings(deadline=None, derandomize=True, max_examples=300)
MEDICATIONS = ["sertraline", "Zoloft", "Paxil CR", "bupropion", "citalopram", "lithium", "Exxua", "Silenor", "mystery"]
trials = st.builds(
    Trial,
    medication=st.sampled_from(MEDICATIONS),
    daily_dose_mg=st.none() | st.sampled_from([10.0, 50.0, 150.0, 300.0]),
    weeks=st.none() | st.integers(0, 12),
    current_episode=st.sampled_from(["yes", "yes", "no", "unknown"]),
    outcome=st.sampled_from(["none", "none", "partial", "response_lost", "intolerant", "unknown"]),
)
cases = st.builds(
    case,
    st.just(SERTRALINE) | trials,
    trials,
    trials,
    diagnosis_code=st.sampled_from(["F33.2", "F33.2", "F32.A", "F31.81", "F43.10", ""]),
    age=st.none() | st.integers(18, 80),
    phq9_score=st.none() | st.integers(0, 27),
)
rule_sets = st.sampled_from([*RULE_SETS, replace(MGH_ATRQ, name="intolerance", intolerance=True)])
ORDER = {"no": 0, "cannot_tell": 1, "yes": 2}


@quickly
@given(trials, rule_sets, st.integers(1, 50), st.sampled_from([0.5, 10.0, 200.0]))
def test_longer_and_higher_is_never_less_adequate(trial: Trial, rules: RuleSet, weeks: int, dose: float) -> None:
    before = ORDER[assess(case(trial), rules).trials[0].verdict]
    if trial.weeks is not None:
        longer = replace(trial, weeks=trial.weeks + weeks)
        assert ORDER[assess(case(longer), rules).trials[0].verdict] >= before
    if trial.daily_dose_mg is not None:
        higher = replace(trial, daily_dose_mg=trial.daily_dose_mg + dose)
        assert ORDER[assess(case(higher), rules).trials[0].verdict] >= before


@quickly
@given(cases, rule_sets, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    given_case: AssessmentInput, rules: RuleSet, shuffled: random.Random
) -> None:
    rows = list(given_case.trials)
    shuffled.shuffle(rows)
    one, other = assess(given_case, rules), assess(replace(given_case, trials=tuple(rows)), rules)
    assert (one.resistant, one.criteria, one.flags) == (other.resistant, other.criteria, other.flags)


UNKNOWN_TRIAL: list[dict[str, Any]] = [
    {"medication": "not in the table", "generic": ""},
    {"daily_dose_mg": None},
    {"weeks": None},
    {"current_episode": "unknown"},
    {"outcome": "unknown"},
]
UNKNOWN: list[dict[str, Any]] = [{"diagnosis_code": ""}, {"age": None}, {"phq9_score": None}, {"phq9_date": None}]


@quickly
@given(cases, rule_sets, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL), st.sampled_from(UNKNOWN))
def test_forgetting_an_answer_never_makes_a_yes(
    known: AssessmentInput, rules: RuleSet, row: int, less: dict[str, Any], less_known: dict[str, Any]
) -> None:
    before = assess(known, rules)
    rows = [replace(trial, **less) if place == row else trial for place, trial in enumerate(known.trials)]
    for forgetful in (replace(known, trials=tuple(rows)), replace(known, **less_known)):
        after = assess(forgetful, rules)
        assert after.verdict != "yes" or before.verdict == "yes"
        assert after.resistant.verdict != "yes" or before.resistant.verdict == "yes"


@quickly
@given(cases, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL))
def test_a_trial_with_an_unknown_is_never_adequate(known: AssessmentInput, row: int, less: dict[str, Any]) -> None:
    rows = [replace(trial, **less) if place == row else trial for place, trial in enumerate(known.trials)]
    assert assess(replace(known, trials=tuple(rows))).trials[row].verdict != "yes"


@quickly
@given(cases, rule_sets, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL))
def test_what_is_decided_stays_decided(known: AssessmentInput, rules: RuleSet, row: int, less: dict[str, Any]) -> None:
    """A no that stands while something is not known stands whatever it turns out to be."""
    rows = [replace(trial, **less) if place == row else trial for place, trial in enumerate(known.trials)]
    if assess(replace(known, trials=tuple(rows)), rules).trials[row].verdict == "no" and "medication" not in less:
        assert assess(known, rules).trials[row].verdict == "no"
