"""Which questions still need an answer, and what for. No answer is never taken for a "no"."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.referrals.assessment.criteria import RuleSet
from blueprints.referrals.assessment.models import STALE_DAYS, AssessmentInput, Missing
from blueprints.referrals.assessment.trials import TrialResult, at_dose
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY

PRIOR_AUTHORIZATION = "needed for prior authorization"
BEFORE_TREATMENT = "needed before treatment"
SUICIDE = "needed to judge the risk of suicide"
HISTORY = {
    "had_ect": "electroconvulsive therapy",
    "had_tms": "magnetic stimulation",
    "had_psychotherapy": "psychotherapy",
    "had_ketamine": "ketamine or esketamine",
}
MOST_LINES = 3
"""More open safety questions than this share one line."""


def missing_of(case: AssessmentInput, results: tuple[TrialResult, ...], rules: RuleSet) -> tuple[Missing, ...]:
    """In the order of the form. Field names are those of the form."""
    found = [*_patient(case), *_scores(case), *_trials(case, results, rules), *_history(case)]
    return (*found, *_safety(case), *_vital_signs(case), *_suicide(case))


def _patient(case: AssessmentInput) -> Iterator[Missing]:
    if case.age is None:
        yield Missing("patient_birth_date_year", "The date of birth is missing.", PRIOR_AUTHORIZATION)
    if not case.diagnosis_code:
        yield Missing("diagnosis", "The diagnosis has no code yet.", PRIOR_AUTHORIZATION)


def _scores(case: AssessmentInput) -> Iterator[Missing]:
    age = case.phq9_age()
    if case.phq9_score is None:
        yield Missing("phq9_score", "The PHQ-9 score is missing.", PRIOR_AUTHORIZATION)
    elif age is None:
        yield Missing("phq9_date", "The date of the PHQ-9 is missing.", PRIOR_AUTHORIZATION)
    elif age > STALE_DAYS:
        yield Missing("phq9_date", f"The PHQ-9 is more than {STALE_DAYS} days old.", PRIOR_AUTHORIZATION)
    if case.phq9_score is not None and case.phq9_item9 is None:
        yield Missing("phq9_item9", "The answer to item 9 of the PHQ-9 is missing.", SUICIDE)


def _trials(case: AssessmentInput, results: tuple[TrialResult, ...], rules: RuleSet) -> Iterator[Missing]:
    adequate = {result.key(rules.by_class) for result in results if result.counted}
    if len(adequate) < rules.trials:
        words = f"Fewer than {rules.trials} adequate trials are documented: {len(adequate)}."
        yield Missing("trials-0-medication", words, PRIOR_AUTHORIZATION)
    for place, result in enumerate(results):
        if result.verdict == "cannot_tell":
            for name, what in _gaps(result, rules):
                words = f"Medication {place + 1} ({result.name}): {what}."
                yield Missing(f"trials-{place}-{name}", words, PRIOR_AUTHORIZATION)


def _gaps(result: TrialResult, rules: RuleSet) -> Iterator[tuple[str, str]]:
    """Field and words of what the row does not say."""
    trial = result.trial
    if result.medication is None:
        yield "medication", "it is not in our list; check its spelling"
    if trial.daily_dose_mg is None:
        yield "daily_dose_mg", "the highest dose is missing"
    if trial.adequate_weeks is None and (trial.weeks is None or trial.weeks < rules.weeks_surely):
        yield "weeks", f"the weeks {at_dose(result.medication)} are missing"
    if trial.current_episode not in ("yes", "no"):
        yield "current_episode", "say whether it was in the current episode"
    if trial.outcome in ("", "unknown"):
        yield "outcome", "what came of it is missing"


def _history(case: AssessmentInput) -> Iterator[Missing]:
    """One line for all: it is one row of questions on the form."""
    if open_ := [name for name in HISTORY if getattr(case, name) == ""]:
        words = f"Earlier treatment is not answered: {', '.join(HISTORY[name] for name in open_)}."
        yield Missing(open_[0], words, PRIOR_AUTHORIZATION if "had_ketamine" in open_ else "")


def _safety(case: AssessmentInput) -> Iterator[Missing]:
    unanswered = [code for code in SAFETY if not case.safety.get(code)]
    if len(unanswered) > MOST_LINES:
        words = f"{len(unanswered)} of {len(SAFETY)} safety questions are not answered."
        yield Missing(unanswered[0], words, _safety_reason(unanswered[0]))
    else:
        for code in unanswered:
            yield Missing(code, f"Not answered: {SAFETY[code]}.", _safety_reason(code))
    for code in CONTRAINDICATIONS:
        if case.safety.get(code) == "unknown":
            yield Missing(code, f"Not known: {SAFETY[code]}.", _safety_reason(code))


def _safety_reason(code: str) -> str:
    return PRIOR_AUTHORIZATION if code in CONTRAINDICATIONS else BEFORE_TREATMENT


def _vital_signs(case: AssessmentInput) -> Iterator[Missing]:
    if case.systolic is None or case.diastolic is None:
        yield Missing("systolic", "Blood pressure is missing.", BEFORE_TREATMENT)
    if not case.current_medications.strip():
        yield Missing("current_medications", "Current medications are missing.", PRIOR_AUTHORIZATION)


def _suicide(case: AssessmentInput) -> Iterator[Missing]:
    if case.suicide_risk in ("", "not_assessed"):
        yield Missing("suicide_risk", "Suicide risk is not assessed.", SUICIDE)
    if case.suicide_risk in ("low", "moderate", "high") and not case.safety_plan:
        yield Missing("safety_plan", "Whether there is a safety plan is not answered.", SUICIDE)
    if not case.prior_attempts:
        yield Missing("prior_attempts", "Earlier suicide attempts are not answered.", SUICIDE)
    if not case.lethal_means:
        yield Missing("lethal_means", "Access to firearms or stored medication is not answered.", SUICIDE)
