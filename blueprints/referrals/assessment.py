"""What the answers come to: trials, treatment resistance, contraindications, flags and what a payer would miss.

Pure functions without input or output. It is guidance: it decides nothing, and no text says that a risk is acceptable.
What is not known never counts as yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from blueprints.referrals import flags
from blueprints.referrals.data import medications
from blueprints.referrals.data.answers import OUTCOME
from blueprints.referrals.data.medications import Medication
from blueprints.referrals.details import Trial
from blueprints.referrals.rulesets import MGH_ATRQ, RuleSet

Verdict = Literal["yes", "no", "cannot_tell"]
STALE_PHQ9_DAYS = 28
DEPRESSIVE = ("F32", "F33")
NOT_DEPRESSIVE = ("F32.81",)


@dataclass(frozen=True)
class Case:
    """All that is looked at. Every default means that it is not known, so that a half-filled form can be assessed."""

    today: date
    trials: tuple[Trial, ...] = ()
    diagnosis_code: str = ""
    age: int | None = None
    phq9_score: int | None = None
    phq9_date: date | None = None
    phq9_item9: int | None = None
    suicide_risk: str = ""
    safety: Mapping[str, str] = field(default_factory=dict)
    systolic: int | None = None
    diastolic: int | None = None
    current_medications: str = ""


@dataclass(frozen=True)
class JudgedTrial:
    trial: Trial
    adequate: Verdict
    why: str


@dataclass(frozen=True)
class Assessment:
    rules: RuleSet
    trials: tuple[JudgedTrial, ...]
    resistant: Verdict
    why: str
    contraindications: tuple[flags.Flag, ...]
    flags: tuple[flags.Flag, ...]
    missing: tuple[str, ...]
    """What a prior authorization would ask for and is not here."""


def assess(case: Case, rules: RuleSet = MGH_ATRQ) -> Assessment:
    judged = tuple(judge(trial, rules) for trial in case.trials)
    resistant, why = _resistance(case, judged, rules)
    return Assessment(
        rules=rules,
        trials=judged,
        resistant=resistant,
        why=why,
        contraindications=tuple(flags.contraindications(case.safety)),
        flags=tuple(_flags(case)),
        missing=tuple(_missing(case, judged, resistant, rules)),
    )


def judge(trial: Trial, rules: RuleSet = MGH_ATRQ) -> JudgedTrial:
    """Whether one trial was adequate, and why in one sentence."""
    known = medications.find(trial.generic or trial.medication)
    if known is None:
        return JudgedTrial(trial, "cannot_tell", "It is not in the table of medications, so its dose cannot be judged.")
    if known.role != "antidepressant":
        return JudgedTrial(trial, "no", "It does not count as an antidepressant trial of its own.")
    return JudgedTrial(trial, _all_of(_conditions(trial, known, rules)), _reason(trial, known, rules))


def _conditions(trial: Trial, known: Medication, rules: RuleSet) -> Iterator[bool | None]:
    """True, False, or None where it is not known."""
    yield _at_least(trial.daily_dose_mg, known.minimum_mg)
    yield _at_least(trial.weeks, rules.min_weeks)
    yield _failed(trial.outcome, rules)
    if rules.current_episode_only:
        yield {"yes": True, "no": False}.get(trial.current_episode)


def _at_least(value: float | None, least: float | None) -> bool | None:
    return None if value is None or least is None else value >= least


def _failed(outcome: str, rules: RuleSet) -> bool | None:
    """Some improvement, less than half, may be more or less than a quarter."""
    partial = True if rules.most_improvement >= 50 else None
    return {"none": True, "partial": partial, "response_lost": False, "intolerant": False}.get(outcome)


def _all_of(conditions: Iterable[bool | None]) -> Verdict:
    found = set(conditions)
    return "no" if False in found else "cannot_tell" if None in found else "yes"


def _reason(trial: Trial, known: Medication, rules: RuleSet) -> str:
    """24 weeks at 100 mg; at least 6 weeks at 50 mg or more is adequate; no improvement."""
    weeks = "weeks not known" if trial.weeks is None else f"{trial.weeks} weeks"
    dose = "a dose that is not known" if trial.daily_dose_mg is None else f"{trial.daily_dose_mg:,g} mg"
    least = f"{known.minimum_mg:,g} mg or more" if known.minimum_mg else "a dose that could not be confirmed"
    episode = {"no": "; not in the current episode", "unknown": "; it is not known whether in the current episode"}
    outcome = OUTCOME.get(trial.outcome, OUTCOME["unknown"])
    words = "outcome not known" if trial.outcome == "unknown" else outcome[0].lower() + outcome[1:]
    about_episode = episode.get(trial.current_episode, "") if rules.current_episode_only else ""
    return f"{weeks} at {dose}; at least {rules.min_weeks} weeks at {least} is adequate; {words}{about_episode}."


def _resistance(case: Case, judged: Sequence[JudgedTrial], rules: RuleSet) -> tuple[Verdict, str]:
    code = case.diagnosis_code
    if code and (not code.startswith(DEPRESSIVE) or code in NOT_DEPRESSIVE):
        return "no", f"The term is about major depression, and the diagnosis is {code}."
    if not case.trials:
        return "cannot_tell", "No medication trial is entered."
    adequate, possible = _kinds(judged, ("yes",), rules), _kinds(judged, ("yes", "cannot_tell"), rules)
    enough: bool | None = True if len(adequate) >= rules.trials_needed else None
    if len(possible) < rules.trials_needed:
        enough = False
    verdict = _all_of((enough, True if code else None, *_further(case, rules)))
    return verdict, _counted(len(adequate), len(possible), judged, rules)


def _kinds(judged: Sequence[JudgedTrial], verdicts: Sequence[Verdict], rules: RuleSet) -> set[str]:
    """Different medications, or classes where the rules ask for those. The same one twice counts once."""
    return {_kind(one.trial, rules) for one in judged if one.adequate in verdicts}


def _kind(trial: Trial, rules: RuleSet) -> str:
    known = medications.find(trial.generic or trial.medication)
    if known is None:
        return trial.medication.casefold()
    return known.drug_class if rules.different_classes else known.generic


def _further(case: Case, rules: RuleSet) -> Iterator[bool | None]:
    """What the rules ask for besides trials."""
    if rules.augmentations_needed:
        added = {known.generic for trial in case.trials if (known := _augmentation(trial))}
        yield len(added) >= rules.augmentations_needed
    if rules.phq9_above is not None:
        yield case.phq9_score > rules.phq9_above if case.phq9_score is not None and _is_fresh(case) else None
    if rules.ages:
        yield rules.ages[0] <= case.age <= rules.ages[1] if case.age is not None else None


def _augmentation(trial: Trial) -> Medication | None:
    known = medications.find(trial.generic or trial.medication)
    return known if known and known.role == "augmentation" else None


def _is_fresh(case: Case) -> bool:
    return case.phq9_date is not None and (case.today - case.phq9_date).days <= STALE_PHQ9_DAYS


def _counted(adequate: int, possible: int, judged: Sequence[JudgedTrial], rules: RuleSet) -> str:
    what = "classes of antidepressant" if rules.different_classes else "antidepressants"
    words = f"{adequate} of the {rules.trials_needed} {what} needed had an adequate trial"
    if possible > adequate:
        words += f"; {possible - adequate} more cannot be judged"
    stopped = sum(one.trial.outcome == "intolerant" for one in judged)
    if stopped:
        words += f"; {stopped} stopped for side effects, which some payers count"
    return f"{words}."


def _flags(case: Case) -> Iterator[flags.Flag]:
    yield from flags.suicide(case.suicide_risk, case.phq9_item9)
    yield from flags.blood_pressure(case.systolic, case.diastolic)
    yield from flags.screened(case.safety)
    yield from flags.medicines(case.current_medications)
    if case.phq9_date and not _is_fresh(case):
        yield flags.Flag("amber", "stale_phq9", "The PHQ-9 is more than 28 days old. A payer may ask for a new one.")


def _missing(case: Case, judged: Sequence[JudgedTrial], resistant: Verdict, rules: RuleSet) -> Iterator[str]:
    for place, one in enumerate(judged, start=1):
        unknown = list(_unknown_of(one.trial))
        if unknown:
            yield f"Medication {place}: {', '.join(unknown)}"
    if resistant != "yes":
        yield f"{rules.trials_needed} adequate trials, with dose, weeks and outcome"
    if case.phq9_score is None or not _is_fresh(case):
        yield "A PHQ-9 of the last 28 days, with its date"
    if case.systolic is None or case.diastolic is None:
        yield "A blood pressure reading"


def _unknown_of(trial: Trial) -> Iterator[str]:
    if trial.daily_dose_mg is None:
        yield "dose"
    if trial.weeks is None:
        yield "weeks"
    if trial.current_episode == "unknown":
        yield "whether in the current episode"
    if trial.outcome == "unknown":
        yield "outcome"
