"""Which answers raise a flag, and which do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from blueprints.referrals.assessment.assess import GUIDANCE, Assessment, AssessmentInput, assess
from blueprints.referrals.assessment.flags import BY_CODE, SAFETY_LEVEL
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY, SUICIDE_RISK
from tests.referrals.assessment.test_assess import SERTRALINE, TODAY, UNMATCHED, case, trial

AMBER = {"bladder_disease", "sleep_apnea", "glaucoma", "thyroid_disease", "dementia"}
HOLD = {"hold_systolic": 165, "hold_diastolic": 100}


def codes(assessment: Assessment) -> dict[str, str]:
    return {flag.code: flag.level for flag in assessment.flags}


def words(assessment: Assessment) -> str:
    return " ".join(flag.words for flag in assessment.flags)


@pytest.mark.parametrize(
    ("changes", "code", "level"),
    [
        *(({"safety": {key: "yes"}}, key, "amber" if key in AMBER else "red") for key in SAFETY),
        *(({"safety": {key: "unknown"}}, key, "amber") for key in CONTRAINDICATIONS),
        ({"safety": {"mania": "unknown", "dementia": "unknown"}}, "safety_not_known", "amber"),
        ({"systolic": 140}, "blood_pressure", "amber"),
        ({"diastolic": 90}, "blood_pressure", "amber"),
        ({"systolic": 164, "diastolic": 99, **HOLD}, "blood_pressure", "amber"),
        ({"systolic": 165, **HOLD}, "blood_pressure_hold", "red"),
        ({"diastolic": 100, **HOLD}, "blood_pressure_hold", "red"),
        ({"systolic": 175, "diastolic": 118, **HOLD}, "blood_pressure_hold", "red"),
        ({"systolic": 135, "hold_systolic": 130}, "blood_pressure_hold", "red"),
        ({"diastolic": 85, "hold_diastolic": 85}, "blood_pressure_hold", "red"),
        ({"systolic": 180}, "blood_pressure_urgent", "red"),
        ({"systolic": 180, **HOLD}, "blood_pressure_urgent", "red"),
        ({"diastolic": 120, "systolic": 150}, "blood_pressure_urgent", "red"),
        ({"phq9_date": TODAY - timedelta(days=29)}, "phq9_stale", "amber"),
        ({"phq9_item9": 1}, "item9_against_risk", "amber"),
        ({"phq9_item9": 3}, "item9_against_risk", "red"),
        ({"phq9_item9": 2, "suicide_risk": "low", "safety_plan": "yes"}, "item9_against_risk", "amber"),
        ({"phq9_item9": 3, "suicide_risk": "low", "safety_plan": "yes"}, "item9_against_risk", "red"),
        ({"suicide_risk": "high"}, "suicide_risk_high", "red"),
        ({"suicide_risk": "moderate"}, "suicide_risk_moderate", "amber"),
        ({"suicide_risk": "not_assessed"}, "suicide_risk_not_assessed", "amber"),
        ({"suicide_risk": "low", "safety_plan": "no"}, "safety_plan", "amber"),
        ({"suicide_risk": "low", "safety_plan": "unknown"}, "safety_plan", "amber"),
        ({"prior_attempts": "yes"}, "prior_attempts", "amber"),
        ({"lethal_means": "yes"}, "lethal_means", "amber"),
        ({"age": 18}, "young_adult", "amber"),
        ({"age": 24}, "young_adult", "amber"),
        ({"diagnosis_code": "F33.3"}, "psychosis_by_code", "amber"),
        ({"diagnosis_code": "F25.1"}, "psychosis_by_code", "amber"),
        ({"diagnosis_code": "F31.13"}, "mania_by_code", "amber"),
        ({"diagnosis_code": "F03.90"}, "dementia_by_code", "amber"),
        ({"diagnosis_code": "R45.851"}, "suicidality_by_code", "red"),
        ({"diagnosis_code": "T14.91XA"}, "suicidality_by_code", "red"),
        ({"diagnosis_code": "F33.42", "services": ("spravato",)}, "remission", "amber"),
        ({"diagnosis_code": "F32.5", "services": ("spravato",)}, "remission", "amber"),
        ({"diagnosis_code": "F33.40", "services": ("spravato",)}, "remission", "amber"),
        ({"diagnosis_code": "F43.10", "services": ("spravato",)}, "outside_label", "amber"),
        ({"trials": (replace(SERTRALINE, daily_dose_mg=1000),)}, "dose_high", "amber"),
        ({"trials": (trial("Aplenzin", "", 523, 8),)}, "dose_high", "amber"),
        ({"trials": (trial("Celexa", "", 40, 8),), "age": 60}, "citalopram_age", "amber"),
        ({"current_medications": "Emsam patch"}, "medicine_maoi", "amber"),
        ({"current_medications": "adderall 20"}, "medicine_stimulant", "amber"),
        ({"current_medications": "XANAX0.5mg prn"}, "medicine_benzodiazepine", "amber"),
        ({"current_medications": "hydrocodone/APAP"}, "medicine_opioid", "amber"),
        ({"current_medications": "Lamictal, vitamin D"}, "medicine_lamotrigine", "amber"),
        *(
            ({"current_medications": name}, "medicine_sedative", "amber")
            for name in ("gabapentin 300", "Lyrica", "Ambien CR", "eszopiclone", "zaleplon", "SOMA", "phenobarbital")
        ),
        *(
            ({"current_medications": name}, "medicine_sympathomimetic", "amber")
            for name in ("phentermine", "Adipex-P", "pseudoephedrine", "Sudafed PE", "phenylephrine")
        ),
        ({"current_medications": "Vivitrol monthly"}, "medicine_naltrexone", "amber"),
        ({"current_medications": "Contrave"}, "medicine_naltrexone", "amber"),
        ({"current_medications": "theophylline ER"}, "medicine_theophylline", "amber"),
        ({"current_medications": "aminophylline"}, "medicine_theophylline", "amber"),
    ],
)
def test_a_flag_is_raised(changes: dict[str, Any], code: str, level: str) -> None:
    assert codes(assess(replace(case(), **changes))) == {code: level}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"systolic": 139, "diastolic": 89},
        {"systolic": 139, "diastolic": 89, **HOLD},
        {"phq9_date": TODAY - timedelta(days=28)},
        {"phq9_item9": 1, "suicide_risk": "low", "safety_plan": "yes"},
        {"safety": {"pregnancy": "not_applicable"}},
        {"age": 25},
        {"diagnosis_code": "F43.10", "services": ("iv_ketamine",)},
        {"diagnosis_code": "F33.42", "services": ("iv_ketamine",)},
        {"diagnosis_code": "F33.41", "services": ("spravato",)},
        {"diagnosis_code": "R45.851", "suicide_risk": "low", "safety_plan": "yes"},
        {"trials": (replace(SERTRALINE, daily_dose_mg=200),)},
        {"trials": (trial("Aplenzin", "", 522, 8),)},
        {"trials": (trial("vilazodone", "", 40, 8), trial("desvenlafaxine", "", 100, 8))},
        {"trials": (trial("Celexa", "", 40, 8),), "age": 59},
        {"trials": (trial("Celexa", "", 20, 8),), "age": 80},
        {"trials": (trial("Lexapro", "", 20, 8),), "age": 80},
        {"current_medications": "sertraline, nordiazepamine, Xanaxine, lisinopril"},
    ],
)
def test_no_flag_without_a_reason(changes: dict[str, Any]) -> None:
    assert codes(assess(replace(case(), **changes))) == {}


def test_no_answer_raises_no_flag() -> None:
    unanswered = dict.fromkeys(SAFETY, "")
    quiet = case(safety=unanswered, suicide_risk="", prior_attempts="", lethal_means="", phq9_item9=None, systolic=None)
    assert codes(assess(quiet)) == {}
    assert codes(assess(AssessmentInput(today=TODAY, hold_systolic=160, hold_diastolic=100))) == {}


@pytest.mark.parametrize("risk", ["low", "none_known", "not_assessed"])
def test_thoughts_nearly_every_day_never_pass_for_a_low_risk(risk: str) -> None:
    found = codes(assess(case(phq9_item9=3, suicide_risk=risk, safety_plan="yes")))
    assert found["item9_against_risk"] == "red"


@pytest.mark.parametrize("risk", SUICIDE_RISK)
def test_an_attempt_and_means_weigh_more_with_the_risk(risk: str) -> None:
    found = codes(assess(case(suicide_risk=risk, safety_plan="yes", prior_attempts="yes", lethal_means="yes")))
    expected = "red" if risk in ("moderate", "high") else "amber"
    assert found["prior_attempts"] == found["lethal_means"] == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({**HOLD, "systolic": 170}, "does not treat at or above 165/100 mmHg; it asks for a new reading"),
        ({"hold_systolic": 160, "systolic": 170}, "at or above a systolic pressure of 160 mmHg"),
        ({"hold_diastolic": 95, "diastolic": 95}, "at or above a diastolic pressure of 95 mmHg"),
        ({"age": 21}, "boxed warning"),
        ({"trials": (trial("Celexa", "", 40, 8),), "age": 67}, "citalopram 40 mg at age 67: FDA advises at most 20 mg"),
        ({"current_medications": "theophylline"}, "seizure"),
    ],
)
def test_a_flag_says_why(changes: dict[str, Any], said: str) -> None:
    assert said in words(assess(replace(case(), **changes)))


def test_an_answer_that_agrees_with_the_code_is_flagged_once() -> None:
    for question, (beginnings, _) in BY_CODE.items():
        found = codes(assess(case(diagnosis_code=beginnings[-1], safety={**case().safety, question: "yes"})))
        assert found == {question: SAFETY_LEVEL[question]}


def test_every_safety_question_has_a_level() -> None:
    assert {*CONTRAINDICATIONS, *SAFETY_LEVEL} == set(SAFETY)


def test_medicines_are_named_and_never_to_be_stopped() -> None:
    said = words(assess(case(current_medications="Ativan, then lorazepam; ativan at night")))
    assert "Named: Ativan, lorazepam." in said
    assert "Do not stop any medicine for this referral." in said


def test_red_comes_before_amber() -> None:
    levels = [flag.level for flag in assess(case(suicide_risk="high", safety_plan="yes", systolic=150)).flags]
    assert levels == ["red", "amber"]


def test_words_decide_nothing_and_promise_nothing() -> None:
    drugs = "Ambien, phentermine, naltrexone, theophylline, Xanax, Nardil, Adderall, Lamictal, morphine"
    answers = {"safety": dict.fromkeys(SAFETY, "yes"), "suicide_risk": "high", "current_medications": drugs}
    more = {"prior_attempts": "yes", "lethal_means": "yes", "age": 20, "services": ("spravato",)}
    alarmed = case(SERTRALINE, UNMATCHED, systolic=170, **HOLD, **answers, **more)
    for given in (alarmed, replace(alarmed, systolic=190, diagnosis_code="F32.5", suicide_risk="low", phq9_item9=3)):
        said = f"{words(assess(given))} {GUIDANCE}".casefold()
        for wrong in ("acceptable", "low risk", "eligible", "safe to", "approved", "reject"):
            assert wrong not in said
