"""Laws of the assessment: they hold for every case that can be written down."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.referrals.assessment.assess import MGH_ATRQ, RULE_SETS, AssessmentInput, assess
from blueprints.referrals.assessment.criteria import RuleSet
from blueprints.referrals.assessment.trials import VERDICT
from blueprints.referrals.details import Trial
from blueprints.referrals.terminology.answers import SAFETY
from tests.referrals.assessment.test_assess import SERTRALINE, case
from tests.thorough import examples

quickly = settings(deadline=None, derandomize=True, max_examples=examples(200))
MEDICATIONS = ["sertraline", "Zoloft", "Paxil CR", "bupropion", "citalopram", "lithium", "Exxua", "Silenor", "mystery"]
MEDICATIONS += ["Abilify", "Seroquel", "Aplenzin"]
trials = st.builds(
    Trial,
    medication=st.sampled_from(MEDICATIONS),
    daily_dose_mg=st.none() | st.sampled_from([10.0, 50.0, 150.0, 400.0]),
    weeks=st.none() | st.integers(0, 12),
    adequate_weeks=st.none() | st.integers(0, 12),
    current_episode=st.sampled_from(["yes", "yes", "no", "unknown", ""]),
    outcome=st.sampled_from(["none", "none", "partial", "response_lost", "intolerant", "unknown", ""]),
)
cases = st.builds(
    case,
    st.just(SERTRALINE) | trials,
    trials,
    trials,
    diagnosis_code=st.sampled_from(["F33.2", "F33.2", "F32.A", "F31.81", "F43.10", ""]),
    age=st.none() | st.integers(18, 80),
    phq9_score=st.none() | st.integers(0, 27),
    current_medications=st.sampled_from(["", "Zoloft", "mirtazapine, sertraline", "Wellbutrin XL and lisinopril"]),
)
rule_sets = st.sampled_from([*RULE_SETS, replace(MGH_ATRQ, name="intolerance", intolerance=True)])
ORDER = {"no": 0, "cannot_tell": 1, "yes": 2}
UNKNOWN_TRIAL: list[dict[str, Any]] = [
    {"medication": "not in the table", "generic": ""},
    {"daily_dose_mg": None},
    {"weeks": None, "adequate_weeks": None},
    {"current_episode": "unknown"},
    {"current_episode": ""},
    {"outcome": "unknown"},
    {"outcome": ""},
]
UNKNOWN: list[dict[str, Any]] = [
    {"diagnosis_code": ""},
    {"age": None},
    {"phq9_score": None},
    {"phq9_date": None},
    {"current_medications": ""},
]


def forget(known: AssessmentInput, row: int, less: dict[str, Any]) -> AssessmentInput:
    rows = (replace(trial, **less) if place == row else trial for place, trial in enumerate(known.trials))
    return replace(known, trials=tuple(rows))


@quickly
@given(trials, rule_sets, st.integers(1, 50), st.sampled_from([0.5, 10.0, 200.0]))
def test_longer_and_higher_is_never_less_adequate(trial: Trial, rules: RuleSet, weeks: int, dose: float) -> None:
    before = ORDER[assess(case(trial), rules).trials[0].verdict]
    for name in ("weeks", "adequate_weeks"):
        if (given_weeks := getattr(trial, name)) is not None:
            longer = replace(trial, **{name: given_weeks + weeks})
            assert ORDER[assess(case(longer), rules).trials[0].verdict] >= before
    if trial.daily_dose_mg is not None:
        higher = replace(trial, daily_dose_mg=trial.daily_dose_mg + dose)
        assert ORDER[assess(case(higher), rules).trials[0].verdict] >= before


@quickly
@given(trials, rule_sets)
def test_weeks_at_the_highest_dose_alone_are_never_too_few(trial: Trial, rules: RuleSet) -> None:
    old = replace(trial, adequate_weeks=None, weeks=trial.weeks or 0)
    unknown = replace(old, weeks=None)
    verdicts = [assess(case(row), rules).trials[0].verdict for row in (unknown, old)]
    assert verdicts[0] == verdicts[1] or verdicts == ["cannot_tell", "yes"]


@quickly
@given(cases, rule_sets, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    given_case: AssessmentInput, rules: RuleSet, shuffled: random.Random
) -> None:
    rows = list(given_case.trials)
    shuffled.shuffle(rows)
    one, other = assess(given_case, rules), assess(replace(given_case, trials=tuple(rows)), rules)
    assert (one.resistant, one.criteria, one.flags) == (other.resistant, other.criteria, other.flags)


@quickly
@given(cases, rule_sets, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL), st.sampled_from(UNKNOWN))
def test_forgetting_an_answer_never_makes_a_yes(
    known: AssessmentInput, rules: RuleSet, row: int, less: dict[str, Any], less_known: dict[str, Any]
) -> None:
    before = assess(known, rules)
    for forgetful in (forget(known, row, less), replace(known, **less_known)):
        after = assess(forgetful, rules)
        assert after.verdict != "yes" or before.verdict == "yes"
        assert after.resistant.verdict != "yes" or before.resistant.verdict == "yes"


@quickly
@given(cases, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL))
def test_a_trial_with_an_unknown_is_never_adequate(known: AssessmentInput, row: int, less: dict[str, Any]) -> None:
    assert assess(forget(known, row, less)).trials[row].verdict != "yes"


@quickly
@given(cases, rule_sets, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL))
def test_what_is_decided_stays_decided(known: AssessmentInput, rules: RuleSet, row: int, less: dict[str, Any]) -> None:
    """A "no" that stands while something is not known stands whatever that turns out to be."""
    decided = assess(forget(known, row, less), rules).trials[row].verdict == "no"
    if decided and "medication" not in less:
        assert assess(known, rules).trials[row].verdict == "no"


@quickly
@given(cases, rule_sets, st.integers(0, 2), st.sampled_from(UNKNOWN_TRIAL))
def test_an_answer_that_makes_a_no_is_named_in_its_reason(
    known: AssessmentInput, rules: RuleSet, row: int, less: dict[str, Any]
) -> None:
    """More information may turn "cannot tell" into "no", but then the reason is another one, and it is said first."""
    before, after = assess(forget(known, row, less), rules).trials[row], assess(known, rules).trials[row]
    assert after.why
    assert after.summary.startswith(VERDICT[after.verdict])
    if before.verdict != "no" and after.verdict == "no":
        assert after.why.split(";")[0] != before.why.split(";")[0]
        assert "not known" not in after.why.split(";")[0]


@quickly
@given(trials, rule_sets)
def test_an_empty_answer_is_the_same_as_not_known(trial: Trial, rules: RuleSet) -> None:
    answers: list[dict[str, Any]] = [{"current_episode": ""}, {"outcome": ""}]
    for blank in answers:
        unknown: dict[str, Any] = dict.fromkeys(blank, "unknown")
        results = [assess(case(replace(trial, **answer)), rules).trials[0] for answer in (blank, unknown)]
        assert (results[0].verdict, results[0].why) == (results[1].verdict, results[1].why)


@quickly
@given(st.dictionaries(st.sampled_from(list(SAFETY)), st.sampled_from(["", "no"])), st.sampled_from(["", "no"]))
def test_no_answer_is_no_risk_and_never_a_no(safety: dict[str, str], answer: str) -> None:
    """It raises no flag, as a "no" does not, but unlike a "no" it is missing."""
    assessment = assess(case(safety=safety, prior_attempts=answer, lethal_means=answer))
    assert assessment.flags == ()
    listed = {gap.field for gap in assessment.missing}
    open_ = [code for code in SAFETY if safety.get(code) != "no"]
    assert listed.isdisjoint(code for code, given_answer in safety.items() if given_answer == "no")
    assert bool(open_) == bool(listed & set(SAFETY))
    assert ("prior_attempts" in listed) is (answer == "")
