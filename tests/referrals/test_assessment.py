"""What the answers come to: examples that a clinician would check, and laws that hold for every case."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.referrals.assessment import Assessment, Case, assess, judge
from blueprints.referrals.data.answers import OUTCOME, SAFETY
from blueprints.referrals.data.medications import medications
from blueprints.referrals.details import Trial
from blueprints.referrals.flags import CONTRAINDICATIONS, SCREENED
from blueprints.referrals.rulesets import CIGNA, MERCY_CARE, MGH_ATRQ, QUALCHOICE, RULE_SETS

TODAY = date(2026, 11, 23)
SERTRALINE = Trial("Zoloft", "sertraline", 100, 24, "yes", "none")
VENLAFAXINE = Trial("venlafaxine", "venlafaxine", 225, 8, "yes", "partial")
CITALOPRAM = Trial("citalopram", "citalopram", 40, 8, "yes", "none")
TRD = Case(today=TODAY, trials=(SERTRALINE, VENLAFAXINE), diagnosis_code="F33.2")
ORDER = ("no", "cannot_tell", "yes")


def case(**changes: Any) -> Case:
    return replace(TRD, **changes)


TRIALS: list[tuple[Trial, str, str]] = [
    (SERTRALINE, "yes", "24 weeks at 100 mg; at least 6 weeks at 50 mg or more is adequate; no improvement."),
    (VENLAFAXINE, "yes", "some improvement, less than half"),
    (replace(SERTRALINE, weeks=6), "yes", "6 weeks at 100 mg"),
    (replace(SERTRALINE, weeks=5), "no", "5 weeks"),
    (replace(SERTRALINE, daily_dose_mg=25), "no", "25 mg"),
    (replace(SERTRALINE, weeks=None), "cannot_tell", "weeks not known"),
    (replace(SERTRALINE, daily_dose_mg=None), "cannot_tell", "a dose that is not known"),
    (replace(SERTRALINE, weeks=2, daily_dose_mg=None), "no", "2 weeks"),
    (replace(SERTRALINE, current_episode="no"), "no", "not in the current episode"),
    (replace(SERTRALINE, current_episode="unknown"), "cannot_tell", "not known whether in the current episode"),
    (replace(SERTRALINE, outcome="response_lost"), "no", "it helped"),
    (replace(SERTRALINE, outcome="intolerant"), "no", "side effects"),
    (replace(SERTRALINE, outcome="unknown"), "cannot_tell", "outcome not known"),
    (Trial("a study drug", "", 10, 10, "yes", "none"), "cannot_tell", "not in the table"),
    (Trial("Abilify", "aripiprazole", 10, 10, "yes", "none"), "no", "does not count"),
    (Trial("Silenor", "", 6, 30, "yes", "none"), "no", "does not count"),
    (Trial("Exxua", "gepirone", 54.5, 10, "yes", "none"), "cannot_tell", "could not be confirmed"),
]


@pytest.mark.parametrize(("trial", "verdict", "words"), TRIALS)
def test_a_trial_is_judged_and_says_why(trial: Trial, verdict: str, words: str) -> None:
    judged = judge(trial)
    assert judged.adequate == verdict, judged.why
    assert words in judged.why


RESISTANT: list[tuple[Case, str, str]] = [
    (TRD, "yes", "2 of the 2 antidepressants needed"),
    (case(trials=(SERTRALINE,)), "no", "1 of the 2"),
    (case(trials=(SERTRALINE, replace(SERTRALINE, medication="sertraline", daily_dose_mg=200))), "no", "1 of the 2"),
    (case(trials=(SERTRALINE, replace(VENLAFAXINE, weeks=None))), "cannot_tell", "1 more cannot be judged"),
    (case(trials=(SERTRALINE, replace(VENLAFAXINE, outcome="intolerant"))), "no", "1 stopped for side effects"),
    (case(trials=()), "cannot_tell", "No medication trial"),
    (case(diagnosis_code=""), "cannot_tell", "2 of the 2"),
    (case(diagnosis_code="F31.4"), "no", "major depression"),
    (case(diagnosis_code="F32.81"), "no", "major depression"),
]


@pytest.mark.parametrize(("given_case", "verdict", "words"), RESISTANT)
def test_treatment_resistance_is_told_with_its_reason(given_case: Case, verdict: str, words: str) -> None:
    found = assess(given_case)
    assert (found.resistant, words in found.why) == (verdict, True), found.why


PAYERS: list[tuple[Case, Any, str]] = [
    (case(trials=(SERTRALINE, CITALOPRAM)), MGH_ATRQ, "yes"),
    (case(trials=(SERTRALINE, CITALOPRAM)), CIGNA, "no"),
    (TRD, CIGNA, "cannot_tell"),
    (case(trials=(SERTRALINE, replace(VENLAFAXINE, outcome="none"))), CIGNA, "yes"),
    (case(trials=(SERTRALINE, replace(VENLAFAXINE, weeks=4, current_episode="no"))), MERCY_CARE, "yes"),
    (TRD, QUALCHOICE, "no"),
]


@pytest.mark.parametrize(("given_case", "rules", "verdict"), PAYERS)
def test_payers_have_their_own_rules(given_case: Case, rules: Any, verdict: str) -> None:
    assert assess(given_case, rules).resistant == verdict


def test_a_payer_may_ask_for_more_than_trials() -> None:
    added = tuple(Trial(name, name, 5, 8, "yes", "none") for name in ("aripiprazole", "lithium"))
    full = case(trials=(*TRD.trials, *added), age=40, phq9_score=20, phq9_date=TODAY)
    assert assess(full, QUALCHOICE).resistant == "yes"
    assert assess(replace(full, phq9_score=15), QUALCHOICE).resistant == "no"
    assert assess(replace(full, phq9_date=TODAY - timedelta(days=29)), QUALCHOICE).resistant == "cannot_tell"
    assert assess(replace(full, age=66), QUALCHOICE).resistant == "no"
    assert assess(replace(full, age=None), QUALCHOICE).resistant == "cannot_tell"


def codes(found: Assessment) -> dict[str, str]:
    return {flag.code: flag.level for flag in found.contraindications + found.flags}


FLAGS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"systolic": 139, "diastolic": 89}, {}),
    ({"systolic": 140, "diastolic": 80}, {"blood_pressure": "amber"}),
    ({"systolic": 130, "diastolic": 90}, {"blood_pressure": "amber"}),
    ({"systolic": 180, "diastolic": 80}, {"blood_pressure": "red"}),
    ({"systolic": 150, "diastolic": 120}, {"blood_pressure": "red"}),
    ({"suicide_risk": "high"}, {"suicide_risk": "red"}),
    ({"suicide_risk": "none_known", "phq9_item9": 1}, {"item9": "amber"}),
    ({"suicide_risk": "low", "phq9_item9": 3}, {}),
    ({"phq9_date": TODAY - timedelta(days=29)}, {"stale_phq9": "amber"}),
    ({"phq9_date": TODAY - timedelta(days=28)}, {}),
    ({"current_medications": "Nardil 45 mg; adderall"}, {"maoi": "amber", "stimulant": "amber"}),
    ({"current_medications": "lorazepam as needed, LAMICTAL"}, {"benzodiazepine": "amber", "lamotrigine": "amber"}),
    ({"current_medications": "tramadol"}, {"opioid": "amber"}),
    ({"current_medications": "codeinefree syrup, sertraline"}, {}),
]


@pytest.mark.parametrize(("changes", "expected"), FLAGS)
def test_what_stands_out_is_flagged(changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert codes(assess(case(**changes))) == expected


@pytest.mark.parametrize("question", SAFETY)
def test_each_safety_question_has_its_flag(question: str) -> None:
    assert question in codes(assess(case(safety={question: "yes"})))
    assert codes(assess(case(safety={question: "no"}))) == {}
    unknown = codes(assess(case(safety={question: "unknown"})))
    assert unknown == ({question: "amber"} if question in CONTRAINDICATIONS else {})


def test_only_the_four_of_the_label_are_contraindications() -> None:
    found = assess(case(safety=dict.fromkeys(SAFETY, "yes")))
    assert {flag.code for flag in found.contraindications} == set(CONTRAINDICATIONS)
    assert {flag.code for flag in found.flags} == set(SCREENED)
    assert all("You can still send" in flag.words for flag in found.contraindications)


def test_what_a_prior_authorization_would_miss_is_listed() -> None:
    complete = case(phq9_score=20, phq9_date=TODAY, systolic=120, diastolic=80)
    assert assess(complete).missing == ()
    lacking = replace(complete, trials=(SERTRALINE, replace(VENLAFAXINE, weeks=None)), systolic=None)
    missing = assess(lacking).missing
    assert missing[0] == "Medication 2: weeks"
    assert "A blood pressure reading" in missing


def test_no_words_call_a_risk_acceptable() -> None:
    everything = case(
        safety=dict.fromkeys(SAFETY, "yes"),
        suicide_risk="high",
        systolic=185,
        diastolic=121,
        current_medications="Nardil Ritalin Xanax morphine Lamictal",
    )
    found = assess(everything)
    words = " ".join(flag.words for flag in found.contraindications + found.flags).casefold()
    for promise in ("safe", "acceptable", "no risk", "low risk", "fine", "nothing to worry"):
        assert promise not in words


trials = st.builds(
    Trial,
    medication=st.just("as typed"),
    generic=st.sampled_from(["", *[medication.generic for medication in medications()]]),
    daily_dose_mg=st.none() | st.floats(1, 600),
    weeks=st.none() | st.integers(0, 60),
    current_episode=st.sampled_from(["yes", "no", "unknown"]),
    outcome=st.sampled_from(list(OUTCOME)),
)
cases = st.builds(
    Case,
    today=st.just(TODAY),
    trials=st.lists(trials, max_size=6).map(tuple),
    diagnosis_code=st.sampled_from(["", "F33.2", "F32.9", "F31.4"]),
    age=st.none() | st.integers(18, 90),
    phq9_score=st.none() | st.integers(0, 27),
    phq9_date=st.none() | st.dates(date(2026, 9, 1), TODAY),
)
rule_sets = st.sampled_from(RULE_SETS)


@given(trials, st.integers(0, 30), st.floats(0, 200), rule_sets)
def test_more_weeks_or_a_higher_dose_never_make_a_trial_less_adequate(
    trial: Trial, weeks: int, dose: float, rules: Any
) -> None:
    more = replace(
        trial,
        weeks=None if trial.weeks is None else trial.weeks + weeks,
        daily_dose_mg=None if trial.daily_dose_mg is None else trial.daily_dose_mg + dose,
    )
    assert ORDER.index(judge(more, rules).adequate) >= ORDER.index(judge(trial, rules).adequate)


@given(cases, st.data(), rule_sets)
def test_what_is_not_known_never_counts_as_yes(known: Case, data: st.DataObject, rules: Any) -> None:
    if not known.trials:
        return
    place = data.draw(st.integers(0, len(known.trials) - 1))
    gaps: list[dict[str, Any]] = [{"weeks": None}, {"daily_dose_mg": None}, {"outcome": "unknown"}]
    gap = data.draw(st.sampled_from(gaps))
    fewer = [*known.trials]
    fewer[place] = replace(fewer[place], **gap)
    before, after = assess(known, rules), assess(replace(known, trials=tuple(fewer)), rules)
    assert after.trials[place].adequate != "yes"
    assert not (after.resistant == "yes" and before.resistant != "yes")


@given(cases, st.randoms(), rule_sets)
def test_the_order_of_the_rows_does_not_matter(known: Case, random: Any, rules: Any) -> None:
    shuffled = list(known.trials)
    random.shuffle(shuffled)
    one, other = assess(known, rules), assess(replace(known, trials=tuple(shuffled)), rules)
    assert (one.resistant, one.why) == (other.resistant, other.why)
    assert codes(one) == codes(other)
