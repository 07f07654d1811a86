"""Was each medication tried enough, and do they make treatment-resistant depression? What is not known is no yes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from blueprints.referrals.assessment.criteria import RuleSet
from blueprints.referrals.assessment.models import AssessmentInput, Finding, Verdict, at_least, combine, number, plural
from blueprints.referrals.details import Trial
from blueprints.referrals.terminology.medications import Medication, find

MAJOR_DEPRESSION = frozenset(
    ["F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.9", "F33.0", "F33.1", "F33.2", "F33.3", "F33.41", "F33.9"],
)
FULL_REMISSION = frozenset({"F32.5", "F33.42"})
# Depressive, but the code does not say that it is major depression, or that it is there now.
OTHER_DEPRESSION = frozenset({"F32.89", "F32.A", "F33.40", "F33.8", "F34.1", "F53.0"})
OUTCOME = {
    "none": "no improvement",
    "partial": "improved by less than half",
    "response_lost": "it helped, then stopped helping",
    "intolerant": "stopped for side effects, which is counted separately",
}
EPISODE: dict[str, Verdict] = {"yes": "yes", "no": "no"}


@dataclass(frozen=True)
class TrialResult:
    """One row: whether it is an adequate trial without enough benefit, and why."""

    trial: Trial
    medication: Medication | None
    name: str
    verdict: Verdict
    why: str
    short: bool = False
    """Only the weeks are too few: rows of the same medication may add up."""

    def key(self, by_class: bool = False) -> str:
        """What must differ for two trials to count as two."""
        if self.medication is None:
            return f"? {self.name.casefold()}"
        return self.medication.drug_class if by_class else self.medication.ingredient


def assess_trial(trial: Trial, rules: RuleSet) -> TrialResult:
    medication = find(trial.medication) or find(trial.generic)
    if medication and not medication.counts:
        return TrialResult(trial, medication, medication.generic, "no", _not_counted(medication))
    checks = _checks(trial, medication, rules)
    verdict = combine(checks.values())
    short = checks.get("weeks") == "no" and list(checks.values()).count("no") == 1
    name = medication.generic if medication else trial.medication.strip() or "a medication without a name"
    return TrialResult(trial, medication, name, verdict, _why(trial, medication, rules), short)


def _checks(trial: Trial, medication: Medication | None, rules: RuleSet) -> dict[str, Verdict]:
    checks: dict[str, Verdict] = {
        "medication": "yes" if medication else "cannot_tell",
        "episode": EPISODE.get(trial.current_episode, "cannot_tell") if rules.current_episode else "yes",
    }
    if rules.intolerance and trial.outcome == "intolerant":
        return checks
    dose = at_least(trial.daily_dose_mg, medication.minimum_mg if medication else None)
    weeks = at_least(trial.weeks, rules.weeks, rules.weeks_surely)
    if rules.intolerance and trial.outcome not in OUTCOME:
        # It may have been stopped for side effects: then neither dose nor weeks are asked.
        dose, weeks = (("cannot_tell" if check == "no" else check) for check in (dose, weeks))
    return checks | {"dose": dose, "weeks": weeks, "outcome": _outcome(trial.outcome, rules)}


def _outcome(outcome: str, rules: RuleSet) -> Verdict:
    if outcome in rules.counts:
        return "yes"
    return "cannot_tell" if outcome in rules.unclear or outcome not in OUTCOME else "no"


def _why(trial: Trial, medication: Medication | None, rules: RuleSet) -> str:
    outcome = OUTCOME.get(trial.outcome, "outcome not known")
    if rules.intolerance and trial.outcome == "intolerant":
        outcome = "stopped for side effects, which these rules count"
    elif trial.outcome in rules.unclear:
        outcome += ", and these rules may allow less"
    parts = [_given(trial), _asked(medication, rules), outcome]
    if rules.current_episode and trial.current_episode != "yes":
        parts.append("not in the current episode" if trial.current_episode == "no" else "current episode not known")
    return "; ".join(parts)


def _given(trial: Trial) -> str:
    weeks = "weeks not known" if trial.weeks is None else plural(trial.weeks, "week")
    dose = "dose not known" if trial.daily_dose_mg is None else f"{number(trial.daily_dose_mg)} mg"
    return f"{weeks}, {dose}" if None in (trial.weeks, trial.daily_dose_mg) else f"{weeks} at {dose}"


def _asked(medication: Medication | None, rules: RuleSet) -> str:
    weeks = (
        f"at least {rules.weeks} weeks"
        if rules.weeks == rules.weeks_surely
        else (f"at least {rules.weeks} to {rules.weeks_surely} weeks")
    )
    if medication is None:
        return f"{weeks} is adequate; the medication is not in the table, so its adequate dose is not known"
    if medication.minimum_mg is None:
        return f"{weeks} is adequate; the table has no adequate dose for {medication.generic}"
    return f"{weeks} at {number(medication.minimum_mg)} mg or more is adequate"


def _not_counted(medication: Medication) -> str:
    if medication.role == "augmentation":
        return f"{medication.generic} is counted as augmentation, not as an antidepressant trial"
    return f"{medication.generic} is not counted as an antidepressant trial"


def treatment_resistant(case: AssessmentInput, results: Iterable[TrialResult], rules: RuleSet) -> Finding:
    """Major depression, and enough different adequate trials."""
    diagnosis = _diagnosis(case.diagnosis_code)
    counted = _counted(case, tuple(results), rules)
    verdict = combine((diagnosis.verdict, counted.verdict))
    decisive = [f.why for f in (diagnosis, counted) if f.verdict == verdict] if verdict != "yes" else [counted.why]
    return Finding("treatment_resistant_depression", verdict, " ".join(decisive))


def _diagnosis(code: str) -> Finding:
    name = "diagnosis"
    if not code:
        return Finding(name, "cannot_tell", "The diagnosis is not known.")
    if code.startswith("F31"):
        return Finding(name, "does_not_apply", f"These rules are for major depression. {code} is a bipolar disorder.")
    if code in MAJOR_DEPRESSION:
        return Finding(name, "yes", f"{code} is major depressive disorder.")
    if code in FULL_REMISSION:
        return Finding(name, "no", f"{code} says full remission, so there is no current episode.")
    if code in OTHER_DEPRESSION:
        return Finding(name, "cannot_tell", f"{code} does not say whether this is a current major depressive episode.")
    return Finding(name, "no", f"{code} is not a code for major depressive disorder.")


def _counted(case: AssessmentInput, results: tuple[TrialResult, ...], rules: RuleSet) -> Finding:
    if not results:
        words = "No trials are known." if case.no_trials_known else "No trials are given."
        return Finding("trials", "cannot_tell", words)
    sure = _distinct((r for r in results if r.verdict == "yes"), rules)
    possible = sure | _distinct((r for r in results if r.verdict == "cannot_tell"), rules)
    possible |= _distinct(_adding_up(results, rules), rules)
    verdict = _enough(sure, possible, rules.trials)
    return Finding("trials", verdict, _count_words(results, sure, possible, verdict, rules) + _intolerance(results))


def _distinct(results: Iterable[TrialResult], rules: RuleSet) -> set[str]:
    return {result.key(rules.by_class) for result in results}


def _adding_up(results: tuple[TrialResult, ...], rules: RuleSet) -> list[TrialResult]:
    """Rows of one medication, each too short, that may have been one trial with a change of dose."""
    weeks: Counter[str] = Counter()
    for result in results:
        weeks[result.key()] += result.trial.weeks or 0 if result.short else 0
    return [result for result in results if result.short and weeks[result.key()] >= rules.weeks]


def _count_words(
    results: tuple[TrialResult, ...], sure: set[str], possible: set[str], verdict: Verdict, rules: RuleSet
) -> str:
    kind = "different classes" if rules.by_class else "different medications"
    names = ", ".join(sorted({r.name for r in results if r.verdict == "yes"}))
    listed = f" ({names})" if names else ""
    found = f"Adequate trials of {kind}: {len(sure)}{listed}; at least {rules.trials} are needed."
    if verdict != "cannot_tell":
        return found
    return f"{found} {len(possible - sure)} more could count once what is not known is known."


def _intolerance(results: tuple[TrialResult, ...]) -> str:
    count = intolerances(results)
    return f" {plural(count, 'medication')} stopped for side effects, counted separately." if count else ""


def intolerances(results: Iterable[TrialResult]) -> int:
    """Different antidepressants that were stopped for side effects."""
    stopped = [result for result in results if result.trial.outcome == "intolerant"]
    return len({result.key() for result in stopped if result.medication is None or result.medication.counts})


def augmentations(results: tuple[TrialResult, ...], rules: RuleSet) -> Finding:
    """Different augmentation agents that did not help enough. Their dose is not asked: no minimum is known."""
    agents = [r for r in results if r.medication is None or r.medication.role == "augmentation"]
    verdicts = [(r.key(), _without_dose(r, rules)) for r in agents]
    sure = {key for key, verdict in verdicts if verdict == "yes"}
    possible = sure | {key for key, verdict in verdicts if verdict == "cannot_tell"}
    verdict = _enough(sure, possible, rules.augmentations) if results else "cannot_tell"
    words = f"{len(sure)} of {rules.augmentations} augmentation agents were tried for long enough."
    return Finding("augmentation", verdict, words)


def _without_dose(result: TrialResult, rules: RuleSet) -> Verdict:
    checks = _checks(result.trial, result.medication, rules)
    return combine(check for name, check in checks.items() if name != "dose")


def _enough(sure: set[str], possible: set[str], needed: int) -> Verdict:
    if len(sure) >= needed:
        return "yes"
    return "cannot_tell" if len(possible) >= needed else "no"
