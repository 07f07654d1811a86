"""The assessment of a referral: trials, treatment-resistant depression, flags, and what is missing.

It is guidance: it decides nothing and hides no referral. It must never import the web, the forms or the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.referrals.assessment.criteria import MGH_ATRQ, RULE_SETS, RuleSet
from blueprints.referrals.assessment.flags import flags_of
from blueprints.referrals.assessment.missing import missing_of
from blueprints.referrals.assessment.models import (
    AssessmentInput,
    Finding,
    Flag,
    Missing,
    Verdict,
    assessment_input_of,
    at_least,
    combine,
)
from blueprints.referrals.assessment.resistance import (
    augmentations,
    current_antidepressant,
    intolerances,
    treatment_resistant,
)
from blueprints.referrals.assessment.trials import TrialResult, assess_trial

__all__ = [
    "GUIDANCE",
    "MGH_ATRQ",
    "RULE_SETS",
    "Assessment",
    "AssessmentInput",
    "Finding",
    "Flag",
    "Missing",
    "RuleSet",
    "TrialResult",
    "Verdict",
    "assess",
    "assessment_input_of",
]
GUIDANCE = "Guidance from the answers given. It decides nothing; a clinician does. No flag does not mean no risk."


@dataclass(frozen=True)
class Assessment:
    rules: RuleSet
    trials: tuple[TrialResult, ...]
    """One for each medication of the case, in the same order."""
    resistant: Finding
    """Treatment-resistant depression."""
    criteria: tuple[Finding, ...]
    """What the rule set asks for besides; () for MGH-ATRQ."""
    intolerances: int
    """Different antidepressants that were stopped for side effects."""
    flags: tuple[Flag, ...]
    missing: tuple[Missing, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the case meets everything that the rule set asks for."""
        return combine(finding.verdict for finding in (self.resistant, *self.criteria))


def assess(case: AssessmentInput, rules: RuleSet = MGH_ATRQ) -> Assessment:
    results = tuple(assess_trial(trial, rules) for trial in case.trials)
    return Assessment(
        rules=rules,
        trials=results,
        resistant=treatment_resistant(case, results, rules),
        criteria=tuple(_criteria(case, results, rules)),
        intolerances=intolerances(results),
        flags=flags_of(case, results),
        missing=missing_of(case, results, rules),
    )


def _criteria(case: AssessmentInput, results: tuple[TrialResult, ...], rules: RuleSet) -> Iterator[Finding]:
    if rules.augmentations:
        yield augmentations(results, rules)
    if rules.current_antidepressant:
        yield current_antidepressant(case, results)
    if rules.phq9:
        yield _recent_phq9(case, *rules.phq9, rules.phq9_days)
    if rules.ages:
        youngest, oldest = rules.ages
        verdict = combine((at_least(case.age, youngest), at_least(oldest, case.age)))
        age = "not known" if case.age is None else str(case.age)
        yield Finding("age", verdict, f"Age {age}; {youngest} to {oldest} is asked.")


def _recent_phq9(case: AssessmentInput, least: int, surely: int, days: int) -> Finding:
    age = case.phq9_age()
    verdict = combine((at_least(case.phq9_score, least, surely), at_least(days, age)))
    score = "not known" if case.phq9_score is None else str(case.phq9_score)
    when = "date not known" if age is None else f"{age} days old"
    words = f"PHQ-9 {score}, {when}; more than {least} in the last {days} days is asked."
    is_open = case.phq9_score is not None and least <= case.phq9_score < surely
    return Finding("phq9", verdict, f"{words} It is not certain whether {least} is enough." if is_open else words)
