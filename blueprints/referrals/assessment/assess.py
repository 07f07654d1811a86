"""Guidance from the answers of a referral: trials, treatment-resistant depression, flags, and what is missing.

It decides nothing and hides no referral. It must never import the web, the forms or the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.referrals.assessment.criteria import MGH_ATRQ, RULE_SETS, RuleSet
from blueprints.referrals.assessment.flags import CONTRAINDICATIONS, flags_of
from blueprints.referrals.assessment.models import (
    STALE_DAYS,
    AssessmentInput,
    Finding,
    Flag,
    Missing,
    Verdict,
    assessment_input_of,
    at_least,
    combine,
)
from blueprints.referrals.assessment.trials import (
    TrialResult,
    assess_trial,
    augmentations,
    intolerances,
    treatment_resistant,
)
from blueprints.referrals.terminology.answers import SAFETY

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
DETAILS = {
    "daily_dose_mg": "the dose",
    "weeks": "the weeks at that dose",
    "current_episode": "whether it was in the current episode",
    "outcome": "the outcome",
}


@dataclass(frozen=True)
class Assessment:
    rules: RuleSet
    trials: tuple[TrialResult, ...]
    """One for each row of the case, in its order."""
    resistant: Finding
    """Treatment-resistant depression."""
    criteria: tuple[Finding, ...]
    """What else this rule set asks for: nothing in MGH-ATRQ."""
    intolerances: int
    """Different antidepressants that were stopped for side effects."""
    flags: tuple[Flag, ...]
    missing: tuple[Missing, ...]

    @property
    def verdict(self) -> Verdict:
        """Everything that this rule set asks for, together."""
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
        missing=tuple(_missing(case, results, rules)),
    )


def _criteria(case: AssessmentInput, results: tuple[TrialResult, ...], rules: RuleSet) -> Iterator[Finding]:
    if rules.augmentations:
        yield augmentations(results, rules)
    if rules.phq9_above is not None:
        yield _recent_phq9(case, rules.phq9_above, rules.phq9_days)
    if rules.ages:
        youngest, oldest = rules.ages
        verdict = combine((at_least(case.age, youngest), at_least(oldest, case.age)))
        age = "not known" if case.age is None else str(case.age)
        yield Finding("age", verdict, f"Age {age}; {youngest} to {oldest} is asked.")


def _recent_phq9(case: AssessmentInput, above: int, days: int) -> Finding:
    age = case.phq9_age()
    recent = at_least(days, age)
    verdict = combine((at_least(case.phq9_score, above + 1), recent))
    score = "not known" if case.phq9_score is None else str(case.phq9_score)
    when = "date not known" if age is None else f"{age} days old"
    return Finding("phq9", verdict, f"PHQ-9 {score}, {when}; above {above} in the last {days} days is asked.")


def _missing(case: AssessmentInput, results: tuple[TrialResult, ...], rules: RuleSet) -> Iterator[Missing]:
    if not case.diagnosis_code:
        yield Missing("diagnosis", "The diagnosis is missing.")
    if case.age is None:
        yield Missing("patient_birth_date_year", "The date of birth is missing.")
    yield from _missing_trials(results, rules)
    yield from _missing_scores(case)
    for code in CONTRAINDICATIONS:
        if case.safety.get(code) not in ("yes", "no"):
            yield Missing(code, f"Not known: {SAFETY[code]}.")
    if case.suicide_risk in ("", "not_assessed"):
        yield Missing("suicide_risk", "Suicide risk is not assessed.")


def _missing_trials(results: tuple[TrialResult, ...], rules: RuleSet) -> Iterator[Missing]:
    adequate = {result.key() for result in results if result.verdict == "yes"}
    if len(adequate) < rules.trials:
        words = f"Fewer than {rules.trials} adequate trials are documented: {len(adequate)}."
        yield Missing("trials-0-medication", words)
    for place, result in enumerate(results):
        if result.verdict != "cannot_tell":
            continue
        if result.medication is None:
            yield Missing(f"trials-{place}-medication", f"Medication {place + 1}: the medication is not in the table.")
        for name, words in DETAILS.items():
            if getattr(result.trial, name) in (None, "", "unknown"):
                yield Missing(f"trials-{place}-{name}", f"Medication {place + 1}: {words} is not known.")


def _missing_scores(case: AssessmentInput) -> Iterator[Missing]:
    age = case.phq9_age()
    if case.phq9_score is None:
        yield Missing("phq9_score", "The PHQ-9 score is missing.")
    elif age is None:
        yield Missing("phq9_date", "The date of the PHQ-9 is missing.")
    elif age > STALE_DAYS:
        yield Missing("phq9_date", f"The PHQ-9 is more than {STALE_DAYS} days old.")
    if case.systolic is None or case.diastolic is None:
        yield Missing("systolic", "Blood pressure is missing.")
