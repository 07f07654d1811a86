"""Was one medication tried at a high enough dose, for long enough, and without enough benefit?

What is not known counts neither for nor against: the verdict is then "cannot_tell".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from blueprints.referrals.assessment.criteria import RuleSet
from blueprints.referrals.assessment.models import Verdict, at_least, combine, number, plural
from blueprints.referrals.details import Trial
from blueprints.referrals.terminology.medications import Medication, find

OUTCOME = {
    "none": "no improvement",
    "partial": "improved by less than half",
    "response_lost": "it helped, then stopped helping",
    "intolerant": "stopped for side effects",
}
UNCLEAR = {
    "partial": "improved by less than half, which may be more than these rules allow",
    "response_lost": "it helped, then stopped helping; these rules do not say whether that counts",
}
ENOUGH = {"dose": "dose", "weeks": "time"}
EPISODE: dict[str, Verdict] = {"yes": "yes", "no": "no"}


VERDICT = {"yes": "Counted", "no": "Not counted", "cannot_tell": "Cannot tell yet", "does_not_apply": "Not counted"}


@dataclass(frozen=True)
class TrialResult:
    """One row: whether it counts as an adequate trial without enough benefit, and why."""

    trial: Trial
    medication: Medication | None
    name: str
    verdict: Verdict
    why: str
    """What decided first, without a period: "earlier episode; dose and time were enough"."""
    short: bool = False
    """Whether only the weeks are too few. Several such rows of one medication may be one trial."""

    @property
    def counted(self) -> bool:
        return self.verdict == "yes"

    @property
    def summary(self) -> str:
        """ "Not counted: earlier episode; dose and time were enough"."""
        return f"{VERDICT[self.verdict]}: {self.why}"

    def key(self, by_class: bool = False) -> str:
        """Two trials count as two only if their keys differ."""
        if self.medication is None:
            return f"? {self.name.casefold()}"
        return self.medication.drug_class if by_class else self.medication.ingredient


@dataclass(frozen=True)
class _Check:
    name: str
    verdict: Verdict
    words: str


def assess_trial(trial: Trial, rules: RuleSet) -> TrialResult:
    medication = find(trial.medication) or find(trial.generic)
    if medication and not medication.counts:
        return TrialResult(trial, medication, medication.generic, "no", _not_counted(medication))
    checks = checks_of(trial, medication, rules)
    verdict = combine(check.verdict for check in checks)
    short = [check.name for check in checks if check.verdict == "no"] == ["weeks"]
    name = medication.generic if medication else trial.medication.strip() or "a medication without a name"
    return TrialResult(trial, medication, name, verdict, _why(verdict, checks), short)


def checks_of(trial: Trial, medication: Medication | None, rules: RuleSet) -> list[_Check]:
    checks = [_known(medication), _episode(trial, rules)]
    if rules.intolerance and trial.outcome == "intolerant":
        return [*checks, _Check("outcome", "yes", f"{OUTCOME['intolerant']}, which these rules count")]
    dose, weeks = _dose(trial, medication), _weeks(trial, medication, rules)
    if rules.intolerance and trial.outcome not in OUTCOME:
        # It may have been stopped for side effects, and then neither its dose nor its weeks would matter.
        dose, weeks = (replace(c, verdict="cannot_tell") if c.verdict == "no" else c for c in (dose, weeks))
    return [*checks, weeks, dose, _outcome(trial.outcome, rules)]


def _known(medication: Medication | None) -> _Check:
    if medication is None:
        return _Check("medication", "cannot_tell", "it is not in our list, so its adequate dose is not known")
    return _Check("medication", "yes", "")


def _episode(trial: Trial, rules: RuleSet) -> _Check:
    verdict = EPISODE.get(trial.current_episode, "cannot_tell") if rules.current_episode else "yes"
    words = {"yes": "", "no": "earlier episode", "cannot_tell": "whether it was in the current episode is not known"}
    return _Check("episode", verdict, words[verdict])


def _dose(trial: Trial, medication: Medication | None) -> _Check:
    least, highest = medication.minimum_mg if medication else None, trial.daily_dose_mg
    verdict = at_least(highest, least)
    if highest is None:
        return _Check("dose", verdict, "the highest dose is not known")
    if medication is None:
        return _Check("dose", verdict, "")  # The check of the medication has said so.
    if least is None:
        return _Check("dose", verdict, f"our list has no adequate dose for {medication.generic}")
    enough = "" if verdict == "yes" else f", and at least {number(least)} mg is adequate"
    return _Check("dose", verdict, f"highest dose {number(highest)} mg{enough}")


def _weeks(trial: Trial, medication: Medication | None, rules: RuleSet) -> _Check:
    """`weeks` of old referrals is only the time at the highest dose: a longer time at lower doses may add to it."""
    given = trial.weeks if trial.adequate_weeks is None else trial.adequate_weeks
    verdict, enough = at_least(given, rules.weeks, rules.weeks_surely), _enough_weeks(rules)
    if given is None:
        return _Check("weeks", verdict, f"the weeks {at_dose(medication)} are not known, and {enough}")
    if trial.adequate_weeks is not None:
        words = f"{plural(given, 'week')} {at_dose(medication)}"
        return _Check("weeks", verdict, words if verdict == "yes" else f"{words}, and {enough}")
    words = f"{plural(given, 'week')} at the highest dose"
    if verdict == "yes":
        return _Check("weeks", verdict, words)
    return _Check("weeks", "cannot_tell", f"{words}, not counting weeks at lower doses, and {enough}")


def at_dose(medication: Medication | None) -> str:
    if medication is None or medication.minimum_mg is None:
        return "at an adequate dose"
    return f"at {number(medication.minimum_mg)} mg or more"


def _enough_weeks(rules: RuleSet) -> str:
    if rules.weeks == rules.weeks_surely:
        return f"at least {rules.weeks} are needed"
    return f"{rules.weeks} to {rules.weeks_surely} are needed"


def _outcome(outcome: str, rules: RuleSet) -> _Check:
    if outcome not in OUTCOME:
        return _Check("outcome", "cannot_tell", "the outcome is not known")
    if outcome in rules.counts:
        return _Check("outcome", "yes", OUTCOME[outcome])
    if outcome in rules.unclear:
        return _Check("outcome", "cannot_tell", UNCLEAR[outcome])
    return _Check("outcome", "no", f"{OUTCOME[outcome]}, which is counted separately")


def _why(verdict: Verdict, checks: list[_Check]) -> str:
    """What decided, then what was enough."""
    if verdict == "yes":
        weeks_and_dose = [check.words for check in checks if check.name in ("weeks", "dose")]
        outcome = [check.words for check in checks if check.name == "outcome"]
        return "; ".join(filter(None, [", ".join(weeks_and_dose), *outcome]))
    decided = [check.words for check in checks if check.verdict == verdict and check.words]
    enough = [name for check, name in ((c, ENOUGH.get(c.name)) for c in checks) if name and check.verdict == "yes"]
    was = "were" if len(enough) > 1 else "was"
    return "; ".join([*decided, *([f"{' and '.join(sorted(enough))} {was} enough"] if enough else [])])


def _not_counted(medication: Medication) -> str:
    if medication.role == "augmentation":
        return "it is an augmentation, not an antidepressant trial"
    return "it is not an antidepressant trial"
