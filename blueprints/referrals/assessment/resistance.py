"""Do the trials of a case make treatment-resistant depression, and what else do the rules ask of its medications?

What is not known counts neither for nor against: the verdict is then "cannot_tell".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from blueprints.referrals.assessment.criteria import RuleSet
from blueprints.referrals.assessment.models import AssessmentInput, Finding, Verdict, combine, plural
from blueprints.referrals.assessment.trials import TrialResult, checks_of
from blueprints.referrals.terminology.medications import mentioned

MAJOR_DEPRESSION = frozenset(
    ["F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.9", "F33.0", "F33.1", "F33.2", "F33.3", "F33.41", "F33.9"],
)
KIND = {"SGA": "second-generation antipsychotic"}
NOT_ORAL = frozenset({"selegiline transdermal"})
FULL_REMISSION = frozenset({"F32.5", "F33.42"})
# Codes of depression that do not say whether it is major depression, or whether it is there now.
OTHER_DEPRESSION = ("F32", "F33", "F34.1", "F53.0")


def treatment_resistant(case: AssessmentInput, results: Iterable[TrialResult], rules: RuleSet) -> Finding:
    """Whether the diagnosis is major depression and enough different trials are adequate."""
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
    if code.startswith(OTHER_DEPRESSION):
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
    """Rows of one medication that are each too short, but may together be one trial with a change of dose."""
    weeks: Counter[str] = Counter()
    for result in results:
        weeks[result.key()] += result.trial.adequate_weeks or 0 if result.short else 0
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
    """Kinds of augmentation that were tried without enough benefit. Their dose is not asked: no minimum is known.

    Two medications of one kind may count as two; the source does not say, so they leave it open.
    """
    tried = [(r, _without_dose(r, rules)) for r in results if r.medication is None or _kind(r) in rules.augments]
    sure = {_kind(result) for result, verdict in tried if verdict == "yes"}
    possible = {result.key() for result, verdict in tried if verdict != "no"}
    verdict = _enough(sure, possible, rules.augmentations) if results else "cannot_tell"
    listed = f" ({_listed(sure)})" if sure else ""
    words = f"Kinds of augmentation tried for at least {rules.weeks} weeks: {len(sure)}{listed}; "
    return Finding("augmentation", verdict, f"{words}{rules.augmentations} of {_listed(rules.augments)} are needed.")


def _listed(kinds: Iterable[str]) -> str:
    return ", ".join(sorted(KIND.get(kind, kind) for kind in kinds))


def _kind(result: TrialResult) -> str:
    """The class of an augmentation medication, or its name where it is a kind of its own: lithium, buspirone."""
    medication = result.medication
    if medication is None or medication.role != "augmentation":
        return ""
    return medication.drug_class if medication.drug_class in ("SGA", "thyroid hormone") else medication.generic


def _without_dose(result: TrialResult, rules: RuleSet) -> Verdict:
    checks = checks_of(result.trial, result.medication, rules)
    return combine(check.verdict for check in checks if check.name != "dose")


def _enough(sure: set[str], possible: set[str], needed: int) -> Verdict:
    if len(sure) >= needed:
        return "yes"
    return "cannot_tell" if len(possible) >= needed else "no"


def current_antidepressant(case: AssessmentInput, results: Iterable[TrialResult]) -> Finding:
    """Whether the current medications name an oral antidepressant that is none of the failed ones.

    Never "no": a name in that text may be misspelled or missing from our list.
    """
    taken = {m.ingredient for m in mentioned(case.current_medications) if m.counts and m.ingredient not in NOT_ORAL}
    tried = [result for result in results if result.verdict != "no"]
    is_sure = taken - {result.key() for result in tried} and all(result.medication for result in tried)
    found = ", ".join(sorted(taken)) or "none found"
    words = f"Current oral antidepressant: {found}; one is needed that is none of the failed ones."
    return Finding("current_antidepressant", "yes" if is_sure else "cannot_tell", words)
