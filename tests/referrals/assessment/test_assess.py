"""What an assessment says about trials, resistance, risks and gaps. What is not known never counts as yes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings

from blueprints.referrals.assessment.assess import (
    GUIDANCE,
    MGH_ATRQ,
    RULE_SETS,
    Assessment,
    AssessmentInput,
    assess,
    assessment_input_of,
)
from blueprints.referrals.assessment.criteria import CIGNA, MERCY_AHCCCS, QUALCHOICE, RuleSet
from blueprints.referrals.details import ReferralData, Trial
from blueprints.referrals.terminology.answers import SAFETY

TODAY = date(2026, 11, 23)
SERTRALINE = Trial("Zoloft", "sertraline", 100, 24, "yes", "none")
BUPROPION = Trial("Wellbutrin XL", "bupropion", 300, 8, "yes", "partial")
CITALOPRAM = Trial("citalopram", "citalopram", 40, 8, "yes", "none")
UNMATCHED = Trial("mystery pill", "", 50, 12, "yes", "none")
LITHIUM = Trial("lithium", "lithium", 900, 12, "yes", "none")
ARIPIPRAZOLE = Trial("Abilify", "aripiprazole", 5, 8, "yes", "none")
quickly = settings(deadline=None, derandomize=True, max_examples=300)


def case(*trials: Trial, **changes: Any) -> AssessmentInput:
    """Recurrent severe depression and nothing that needs a flag."""
    known: dict[str, Any] = {
        "diagnosis_code": "F33.2",
        "age": 44,
        "phq9_score": 19,
        "phq9_date": TODAY - timedelta(days=3),
        "phq9_item9": 0,
        "suicide_risk": "none_known",
        "safety": dict.fromkeys(SAFETY, "no"),
        "systolic": 120,
        "diastolic": 80,
    }
    return AssessmentInput(today=TODAY, trials=trials, **{**known, **changes})


def codes(assessment: Assessment) -> dict[str, str]:
    return {flag.code: flag.level for flag in assessment.flags}


def words(assessment: Assessment) -> str:
    return " ".join(flag.words for flag in assessment.flags)


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, "yes", "24 weeks at 100 mg; at least 6 weeks at 50 mg or more is adequate; no improvement"),
        ({"outcome": "partial"}, "yes", "improved by less than half"),
        ({"weeks": 6, "daily_dose_mg": 50}, "yes", "6 weeks at 50 mg"),
        ({"weeks": 5}, "no", "5 weeks at 100 mg"),
        ({"weeks": 1}, "no", "1 week at"),
        ({"daily_dose_mg": 49.9}, "no", "49.9 mg"),
        ({"current_episode": "no"}, "no", "not in the current episode"),
        ({"outcome": "response_lost"}, "no", "stopped helping"),
        ({"outcome": "intolerant"}, "no", "counted separately"),
        ({"weeks": None}, "cannot_tell", "weeks not known, 100 mg"),
        ({"daily_dose_mg": None}, "cannot_tell", "24 weeks, dose not known"),
        ({"outcome": "unknown"}, "cannot_tell", "outcome not known"),
        ({"current_episode": "unknown"}, "cannot_tell", "current episode not known"),
        ({"medication": "mystery", "generic": ""}, "cannot_tell", "not in the table"),
        ({"medication": "Exxua", "generic": "gepirone"}, "cannot_tell", "no adequate dose for gepirone"),
        # Decided, whatever is not known.
        ({"weeks": 5, "daily_dose_mg": None}, "no", "dose not known"),
        ({"medication": "mystery", "generic": "", "weeks": 2}, "no", "not in the table"),
        ({"outcome": "intolerant", "weeks": None}, "no", "weeks not known"),
        ({"medication": "lithium", "generic": "lithium"}, "no", "augmentation"),
        ({"medication": "Silenor", "generic": "doxepin", "daily_dose_mg": 300}, "no", "not counted"),
        ({"medication": "Spravato", "generic": "esketamine"}, "no", "not counted"),
    ],
)
def test_one_trial(changes: dict[str, Any], verdict: str, said: str) -> None:
    result = assess(case(replace(SERTRALINE, **changes))).trials[0]
    assert result.verdict == verdict
    assert said in result.why


@pytest.mark.parametrize(
    ("trials", "changes", "verdict", "said"),
    [
        ((SERTRALINE, BUPROPION), {}, "yes", "bupropion, sertraline"),
        ((SERTRALINE,), {}, "no", "different medications: 1 (sertraline); at least 2 are needed."),
        ((SERTRALINE, replace(SERTRALINE, medication="sertraline", daily_dose_mg=200.0)), {}, "no", ": 1 ("),
        ((Trial("Paxil CR", "", 50, 8, "yes", "none"), Trial("Paxil", "", 50, 8, "yes", "none")), {}, "no", ": 1 ("),
        ((SERTRALINE, LITHIUM, ARIPIPRAZOLE), {}, "no", ": 1 ("),
        ((SERTRALINE, UNMATCHED), {}, "cannot_tell", "1 more could count"),
        ((UNMATCHED, replace(UNMATCHED, medication="Mystery Pill")), {}, "no", ": 0;"),
        ((SERTRALINE, replace(BUPROPION, weeks=None)), {}, "cannot_tell", "1 more"),
        ((SERTRALINE, BUPROPION, UNMATCHED), {}, "yes", ": 2 ("),
        ((SERTRALINE, replace(BUPROPION, outcome="intolerant")), {}, "no", "1 medication stopped for side effects"),
        ((), {}, "cannot_tell", "No trials are given"),
        ((), {"no_trials_known": True}, "cannot_tell", "No trials are known"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F31.81"}, "does_not_apply", "bipolar"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F43.10"}, "no", "F43.10"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F33.42"}, "no", "remission"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": "F32.A"}, "cannot_tell", "F32.A"),
        ((SERTRALINE, BUPROPION), {"diagnosis_code": ""}, "cannot_tell", "diagnosis is not known"),
        ((SERTRALINE,), {"diagnosis_code": ""}, "no", ": 1 ("),
        # Two short rows of one medication may be one trial with a change of dose.
        ((CITALOPRAM, replace(SERTRALINE, weeks=4), replace(SERTRALINE, weeks=4)), {}, "cannot_tell", "1 more"),
        ((CITALOPRAM, replace(SERTRALINE, weeks=2), replace(SERTRALINE, weeks=2)), {}, "no", ": 1 ("),
    ],
)
def test_treatment_resistant_depression(
    trials: tuple[Trial, ...], changes: dict[str, Any], verdict: str, said: str
) -> None:
    resistant = assess(case(*trials, **changes)).resistant
    assert resistant.verdict == verdict
    assert said in resistant.why


AUGMENTED = (SERTRALINE, replace(BUPROPION, outcome="none"), LITHIUM, ARIPIPRAZOLE)


@pytest.mark.parametrize(
    ("rules", "trials", "changes", "verdict"),
    [
        (CIGNA, (SERTRALINE, CITALOPRAM), {}, "no"),  # one class
        (CIGNA, AUGMENTED, {}, "yes"),
        (CIGNA, (SERTRALINE, BUPROPION), {}, "cannot_tell"),  # less than half may be more than 25 %
        (MERCY_AHCCCS, (SERTRALINE, replace(BUPROPION, outcome="none", weeks=5)), {}, "cannot_tell"),
        (MERCY_AHCCCS, (SERTRALINE, replace(BUPROPION, outcome="none", weeks=3)), {}, "no"),
        (QUALCHOICE, AUGMENTED, {}, "yes"),
        (QUALCHOICE, AUGMENTED[:3], {}, "no"),
        (QUALCHOICE, AUGMENTED, {"phq9_score": 15}, "no"),
        (QUALCHOICE, AUGMENTED, {"phq9_score": None}, "cannot_tell"),
        (QUALCHOICE, AUGMENTED, {"phq9_date": TODAY - timedelta(days=28)}, "yes"),
        (QUALCHOICE, AUGMENTED, {"phq9_date": TODAY - timedelta(days=29)}, "no"),
        (QUALCHOICE, AUGMENTED, {"phq9_date": TODAY + timedelta(days=1)}, "cannot_tell"),
        (QUALCHOICE, AUGMENTED, {"age": 65}, "yes"),
        (QUALCHOICE, AUGMENTED, {"age": 66}, "no"),
        (QUALCHOICE, AUGMENTED, {"age": None}, "cannot_tell"),
    ],
)
def test_payers_ask_for_more(rules: RuleSet, trials: tuple[Trial, ...], changes: dict[str, Any], verdict: str) -> None:
    assert assess(case(*trials, **changes), rules).verdict == verdict


def test_rules_that_count_intolerance_say_so() -> None:
    stopped = replace(BUPROPION, outcome="intolerant", weeks=1, daily_dose_mg=None)
    assessment = assess(case(SERTRALINE, stopped), replace(MGH_ATRQ, intolerance=True))
    assert assessment.resistant.verdict == "yes"
    assert "these rules count" in assessment.trials[1].why
    assert assess(case(SERTRALINE, stopped)).intolerances == 1
    forgotten = assess(case(replace(stopped, outcome="unknown")), replace(MGH_ATRQ, intolerance=True))
    assert forgotten.trials[0].verdict == "cannot_tell"


@pytest.mark.parametrize("rules", RULE_SETS, ids=lambda rules: rules.name)
def test_each_rule_set_names_its_source(rules: RuleSet) -> None:
    assert rules.source
    assert rules.version
    assert rules is MGH_ATRQ or "An example, as read in" in rules.note


@pytest.mark.parametrize(
    ("changes", "code", "level"),
    [
        *(({"safety": {key: "yes"}}, key, "red") for key in list(SAFETY)[:-2]),
        *(({"safety": {key: "yes"}}, key, "amber") for key in list(SAFETY)[-2:]),
        *(({"safety": {key: "unknown"}}, key, "amber") for key in list(SAFETY)[:4]),
        ({"safety": {"mania": "unknown"}}, "safety_not_known", "amber"),
        ({"systolic": 140}, "blood_pressure", "amber"),
        ({"diastolic": 90}, "blood_pressure", "amber"),
        ({"systolic": 180}, "blood_pressure_urgent", "red"),
        ({"diastolic": 120, "systolic": 150}, "blood_pressure_urgent", "red"),
        ({"phq9_date": TODAY - timedelta(days=29)}, "phq9_stale", "amber"),
        ({"phq9_item9": 1}, "item9_against_risk", "amber"),
        ({"suicide_risk": "high"}, "suicide_risk_high", "red"),
        ({"suicide_risk": "moderate"}, "suicide_risk_moderate", "amber"),
        ({"suicide_risk": "not_assessed"}, "suicide_risk_not_assessed", "amber"),
        ({"suicide_risk": "low", "safety_plan": "no"}, "safety_plan", "amber"),
        ({"diagnosis_code": "F33.3"}, "psychosis_by_code", "amber"),
        ({"diagnosis_code": "F43.10", "services": ("spravato",)}, "outside_label", "amber"),
        ({"trials": (replace(SERTRALINE, daily_dose_mg=1000),)}, "dose_high", "amber"),
        ({"current_medications": "Emsam patch"}, "medicine_maoi", "amber"),
        ({"current_medications": "adderall 20"}, "medicine_stimulant", "amber"),
        ({"current_medications": "XANAX0.5mg prn"}, "medicine_benzodiazepine", "amber"),
        ({"current_medications": "hydrocodone/APAP"}, "medicine_opioid", "amber"),
        ({"current_medications": "Lamictal, vitamin D"}, "medicine_lamotrigine", "amber"),
    ],
)
def test_a_flag_is_raised(changes: dict[str, Any], code: str, level: str) -> None:
    assert codes(assess(replace(case(), **changes))) == {code: level}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"systolic": 139, "diastolic": 89},
        {"phq9_date": TODAY - timedelta(days=28)},
        {"phq9_item9": 3, "suicide_risk": "low", "safety_plan": "yes"},
        {"safety": {"pregnancy": "not_applicable"}},
        {"diagnosis_code": "F43.10", "services": ("iv_ketamine",)},
        {"trials": (replace(SERTRALINE, daily_dose_mg=200),)},
        {"current_medications": "sertraline, nordiazepamine, Xanaxine, lisinopril"},
    ],
)
def test_no_flag_without_a_reason(changes: dict[str, Any]) -> None:
    assert codes(assess(replace(case(), **changes))) == {}


def test_medicines_are_named_and_never_to_be_stopped() -> None:
    said = words(assess(case(current_medications="Ativan, then lorazepam; ativan at night")))
    assert "Named: Ativan, lorazepam." in said
    assert "Do not stop any medicine for this referral." in said


def test_red_comes_before_amber() -> None:
    levels = [flag.level for flag in assess(case(suicide_risk="high", systolic=150)).flags]
    assert levels == ["red", "amber"]


def test_words_decide_nothing_and_promise_nothing() -> None:
    alarmed = case(SERTRALINE, UNMATCHED, safety=dict.fromkeys(SAFETY, "yes"), suicide_risk="high", systolic=190)
    said = f"{words(assess(alarmed))} {GUIDANCE}".casefold()
    for wrong in ("acceptable", "low risk", "eligible", "safe to", "approved", "reject"):
        assert wrong not in said


def missing(*trials: Trial, **changes: Any) -> list[str]:
    return [gap.field for gap in assess(case(*trials, **changes)).missing]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"diagnosis_code": ""}, "diagnosis"),
        ({"age": None}, "patient_birth_date_year"),
        ({"phq9_score": None}, "phq9_score"),
        ({"phq9_date": None}, "phq9_date"),
        ({"phq9_date": TODAY - timedelta(days=29)}, "phq9_date"),
        ({"diastolic": None}, "systolic"),
        ({"suicide_risk": "not_assessed"}, "suicide_risk"),
        ({"safety": {**dict.fromkeys(SAFETY, "no"), "arteriovenous_malformation": ""}}, "arteriovenous_malformation"),
    ],
)
def test_what_a_payer_will_ask_for_is_named(changes: dict[str, Any], field: str) -> None:
    assert missing(SERTRALINE, BUPROPION, phq9_date=TODAY - timedelta(days=28)) == []
    assert missing(SERTRALINE, BUPROPION, **changes) == [field]


def test_gaps_of_a_trial_are_named_by_row() -> None:
    gaps = missing(SERTRALINE, replace(BUPROPION, weeks=None, daily_dose_mg=None))
    assert gaps == ["trials-0-medication", "trials-1-daily_dose_mg", "trials-1-weeks"]
    assert missing(SERTRALINE, BUPROPION, UNMATCHED) == ["trials-2-medication"]


def test_an_empty_form_can_be_assessed() -> None:
    for rules in RULE_SETS:
        assessment = assess(AssessmentInput(today=TODAY), rules)
        assert assessment.verdict == "cannot_tell"
        assert assessment.flags == ()


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
