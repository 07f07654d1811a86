"""Which unanswered questions are listed, under which field, and what for."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from blueprints.referrals.assessment.assess import AssessmentInput, Missing, assess
from blueprints.referrals.assessment.criteria import MERCY_AHCCCS
from blueprints.referrals.assessment.missing import BEFORE_TREATMENT, PRIOR_AUTHORIZATION, SUICIDE
from blueprints.referrals.details import ReferralData, Trial
from blueprints.referrals.terminology.answers import SAFETY
from tests.referrals.assessment.test_assess import BUPROPION, LITHIUM, SERTRALINE, TODAY, UNMATCHED, case

NO = dict.fromkeys(SAFETY, "no")
THREE = ("mania", "glaucoma", "dementia")


def gaps(*trials: Trial, **changes: Any) -> list[Missing]:
    return list(assess(case(*trials, **changes)).missing)


def fields(*trials: Trial, **changes: Any) -> list[str]:
    return [gap.field for gap in gaps(*trials, **changes)]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"diagnosis_code": ""}, "diagnosis", PRIOR_AUTHORIZATION),
        ({"age": None}, "patient_birth_date_year", PRIOR_AUTHORIZATION),
        ({"phq9_score": None}, "phq9_score", PRIOR_AUTHORIZATION),
        ({"phq9_date": None}, "phq9_date", PRIOR_AUTHORIZATION),
        ({"phq9_date": TODAY - timedelta(days=29)}, "phq9_date", PRIOR_AUTHORIZATION),
        ({"phq9_item9": None}, "phq9_item9", SUICIDE),
        ({"had_tms": ""}, "had_tms", ""),
        ({"had_tms": "", "had_ketamine": ""}, "had_tms", PRIOR_AUTHORIZATION),
        ({"diastolic": None}, "systolic", BEFORE_TREATMENT),
        ({"current_medications": " "}, "current_medications", PRIOR_AUTHORIZATION),
        ({"suicide_risk": ""}, "suicide_risk", SUICIDE),
        ({"suicide_risk": "not_assessed"}, "suicide_risk", SUICIDE),
        ({"suicide_risk": "low"}, "safety_plan", SUICIDE),
        ({"prior_attempts": ""}, "prior_attempts", SUICIDE),
        ({"lethal_means": ""}, "lethal_means", SUICIDE),
        ({"safety": {**NO, "arteriovenous_malformation": ""}}, "arteriovenous_malformation", PRIOR_AUTHORIZATION),
        (
            {"safety": {**NO, "arteriovenous_malformation": "unknown"}},
            "arteriovenous_malformation",
            PRIOR_AUTHORIZATION,
        ),
        ({"safety": {**NO, "glaucoma": ""}}, "glaucoma", BEFORE_TREATMENT),
        ({"safety": {**NO, "mania": "", "glaucoma": "", "dementia": "", "seizures": ""}}, "mania", BEFORE_TREATMENT),
        ({"safety": {}}, "aneurysmal_disease", PRIOR_AUTHORIZATION),
    ],
)
def test_an_open_question_is_listed_with_its_reason(changes: dict[str, Any], field: str, reason: str) -> None:
    assert fields(SERTRALINE, BUPROPION, phq9_date=TODAY - timedelta(days=28)) == []
    assert [(gap.field, gap.reason) for gap in gaps(SERTRALINE, BUPROPION, **changes)] == [(field, reason)]


def test_up_to_three_open_safety_questions_have_a_line_each() -> None:
    assert fields(SERTRALINE, BUPROPION, safety={**NO, **dict.fromkeys(THREE, "")}) == list(THREE)
    (gap,) = gaps(SERTRALINE, BUPROPION, safety={**NO, **dict.fromkeys(THREE, ""), "seizures": ""})
    assert gap.words == "4 of 19 safety questions are not answered."


def test_an_answer_of_not_known_is_not_missing_where_nobody_needs_it() -> None:
    assert fields(SERTRALINE, BUPROPION, safety={**NO, "glaucoma": "unknown"}, had_ect="unknown") == []


def test_gaps_of_a_trial_are_named_by_row() -> None:
    found = gaps(SERTRALINE, replace(BUPROPION, adequate_weeks=None, daily_dose_mg=None))
    assert [gap.field for gap in found] == ["trials-0-medication", "trials-1-daily_dose_mg", "trials-1-weeks"]
    assert found[2].words == "Medication 2 (bupropion): the weeks at 300 mg or more are missing."
    assert {gap.reason for gap in found} == {PRIOR_AUTHORIZATION}
    assert fields(SERTRALINE, BUPROPION, UNMATCHED) == ["trials-2-medication"]
    answered_late = replace(BUPROPION, current_episode="", outcome="")
    assert fields(SERTRALINE, answered_late)[1:] == ["trials-1-current_episode", "trials-1-outcome"]


def test_nothing_is_missing_of_a_row_that_is_decided() -> None:
    decided = replace(BUPROPION, current_episode="no", adequate_weeks=None, daily_dose_mg=None)
    assert fields(SERTRALINE, BUPROPION, decided, replace(LITHIUM, adequate_weeks=None)) == []


def test_weeks_of_an_old_referral_are_asked_again_only_where_they_are_too_few() -> None:
    old = replace(BUPROPION, adequate_weeks=None, weeks=3)
    assert fields(SERTRALINE, old)[1:] == ["trials-1-weeks"]
    assert fields(SERTRALINE, replace(old, weeks=6)) == []
    halfway = replace(SERTRALINE, adequate_weeks=5)
    assert "trials-0-weeks" not in [gap.field for gap in assess(case(halfway), MERCY_AHCCCS).missing]


def test_every_field_has_a_name_that_the_form_uses() -> None:
    """The names of details.py, but for the few that the form asks in its own way."""
    names = {f.name for f in fields_of(ReferralData)} | set(SAFETY)
    names |= {"diagnosis", "patient_birth_date_year"}
    names |= {f"trials-{n}-{f.name}" for n in (0, 1) for f in fields_of(Trial)}
    unanswered = AssessmentInput(today=TODAY, trials=(Trial("Zoloft"), Trial("?")))
    each_one = [AssessmentInput(today=TODAY, safety={**NO, code: ""}) for code in SAFETY]
    listed = {gap.field for given in (unanswered, *each_one) for gap in assess(given).missing}
    assert listed <= names
    assert {"trials-0-weeks", "trials-1-medication", "had_ect", "prior_attempts", *SAFETY} <= listed
