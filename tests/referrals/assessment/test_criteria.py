"""What the rule sets ask for, number by number, and what payers ask for besides trials."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from blueprints.referrals.assessment.assess import MGH_ATRQ, RULE_SETS, assess
from blueprints.referrals.assessment.criteria import CIGNA, MERCY_AHCCCS, QUALCHOICE, RuleSet
from blueprints.referrals.details import Trial
from tests.referrals.assessment.test_assess import (
    ARIPIPRAZOLE,
    BUPROPION,
    CITALOPRAM,
    LITHIUM,
    SERTRALINE,
    TODAY,
    UNMATCHED,
    case,
    trial,
)

AUGMENTED = (SERTRALINE, replace(BUPROPION, outcome="none"), LITHIUM, ARIPIPRAZOLE)


@pytest.mark.parametrize(
    ("rules", "trials", "changes", "verdict"),
    [
        (CIGNA, (SERTRALINE, CITALOPRAM), {}, "no"),  # one class
        (CIGNA, AUGMENTED, {}, "yes"),
        (CIGNA, (SERTRALINE, BUPROPION), {}, "cannot_tell"),  # less than half may be more than 25 %
        (MERCY_AHCCCS, (SERTRALINE, replace(BUPROPION, outcome="none", adequate_weeks=5)), {}, "cannot_tell"),
        (MERCY_AHCCCS, (SERTRALINE, replace(BUPROPION, outcome="none", adequate_weeks=3)), {}, "no"),
        (QUALCHOICE, AUGMENTED, {}, "yes"),
        (QUALCHOICE, AUGMENTED[:3], {}, "no"),
        (QUALCHOICE, (*AUGMENTED[:3], trial("Lamictal", "lamotrigine", 200, 12)), {}, "no"),
        (QUALCHOICE, (*AUGMENTED[:3], trial("Ritalin", "methylphenidate", 20, 12)), {}, "no"),
        (QUALCHOICE, (*AUGMENTED[:3], trial("T3", "liothyronine", None, 4)), {}, "yes"),
        (QUALCHOICE, (*AUGMENTED[:3], trial("Buspar", "buspirone", 30, 4)), {}, "yes"),
        (QUALCHOICE, (*AUGMENTED[:3], trial("Buspar", "buspirone", 30, 3)), {}, "no"),
        (QUALCHOICE, (*AUGMENTED[:3], trial("Buspar", "buspirone", None, 1, "intolerant")), {}, "yes"),
        # Two of one kind may or may not be two.
        (QUALCHOICE, (*AUGMENTED[:2], ARIPIPRAZOLE, trial("Seroquel", "quetiapine", 300, 8)), {}, "cannot_tell"),
        (QUALCHOICE, (*AUGMENTED[:2], ARIPIPRAZOLE), {}, "no"),
        # Side effects excuse a trial.
        (
            QUALCHOICE,
            (SERTRALINE, replace(BUPROPION, outcome="intolerant", adequate_weeks=1), *AUGMENTED[2:]),
            {},
            "yes",
        ),
        (CIGNA, (SERTRALINE, replace(BUPROPION, outcome="intolerant", adequate_weeks=1)), {}, "no"),
        (QUALCHOICE, AUGMENTED, {"current_medications": ""}, "cannot_tell"),
        (QUALCHOICE, AUGMENTED, {"current_medications": "lisinopril"}, "cannot_tell"),
        (QUALCHOICE, AUGMENTED, {"current_medications": "Zoloft 200 mg"}, "cannot_tell"),  # one of those that failed
        (QUALCHOICE, AUGMENTED, {"current_medications": "Emsam 6 mg/24 h"}, "cannot_tell"),  # not oral
        (QUALCHOICE, AUGMENTED, {"current_medications": "Zoloft; mirtazapine 15 mg"}, "yes"),
        (QUALCHOICE, (*AUGMENTED, UNMATCHED), {}, "cannot_tell"),  # it may be the current one
        (QUALCHOICE, AUGMENTED, {"phq9_score": 16}, "yes"),
        (QUALCHOICE, AUGMENTED, {"phq9_score": 15}, "cannot_tell"),
        (QUALCHOICE, AUGMENTED, {"phq9_score": 14}, "no"),
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
    stopped = replace(BUPROPION, outcome="intolerant", adequate_weeks=1, daily_dose_mg=None)
    assessment = assess(case(SERTRALINE, stopped), replace(MGH_ATRQ, intolerance=True))
    assert assessment.resistant.verdict == "yes"
    assert "these rules count" in assessment.trials[1].why
    assert assess(case(SERTRALINE, stopped)).intolerances == 1
    forgotten = assess(case(replace(stopped, outcome="unknown")), replace(MGH_ATRQ, intolerance=True))
    assert forgotten.trials[0].verdict == "cannot_tell"


def test_rules_in_numbers() -> None:
    """A change here must have a source: see assessment/criteria.py."""
    table = [
        (
            r.name,
            r.weeks,
            r.weeks_surely,
            sorted(r.counts),
            r.trials,
            r.by_class,
            r.intolerance,
            r.augmentations,
            r.phq9,
        )
        for r in RULE_SETS
    ]
    assert table == [
        ("MGH-ATRQ", 6, 6, ["none", "partial"], 2, False, False, 0, None),
        ("Cigna", 6, 6, ["none"], 2, True, False, 0, None),
        ("Mercy Care (AHCCCS)", 4, 6, ["none"], 2, True, False, 0, None),
        ("QualChoice", 4, 4, ["none"], 2, True, True, 2, (15, 16)),
    ]
    assert all("response_lost" in rules.unclear for rules in RULE_SETS)
    assert QUALCHOICE.augments == {"SGA", "lithium", "thyroid hormone", "buspirone"}
    assert QUALCHOICE.ages == (18, 65)


@pytest.mark.parametrize("rules", RULE_SETS, ids=lambda rules: rules.name)
def test_each_rule_set_names_its_source(rules: RuleSet) -> None:
    assert rules.source
    assert rules.version
    assert date(2026, 11, 24) <= rules.read_on <= date.today()
    assert rules is MGH_ATRQ or "An example, as read in" in rules.note
