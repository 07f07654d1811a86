"""The answers that an assessment reads, and the shapes of its results. No name, no address, and one free text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Literal

from blueprints.referrals.details import ReferralData, Trial

Verdict = Literal["yes", "no", "cannot_tell", "does_not_apply"]
Level = Literal["red", "amber"]
STALE_DAYS = 28


@dataclass(frozen=True, kw_only=True)
class AssessmentInput:
    """The answers to assess. All but `today` may be unanswered, so that a half-filled form can be assessed."""

    today: date
    trials: tuple[Trial, ...] = ()
    no_trials_known: bool = False
    diagnosis_code: str = ""
    age: int | None = None
    services: tuple[str, ...] = ()
    priority: str = ""
    phq9_score: int | None = None
    phq9_date: date | None = None
    phq9_item9: int | None = None
    suicide_risk: str = ""
    safety_plan: str = ""
    prior_attempts: str = ""
    lethal_means: str = ""
    had_ect: str = ""
    had_tms: str = ""
    had_psychotherapy: str = ""
    had_ketamine: str = ""
    safety: Mapping[str, str] = field(default_factory=dict)
    """Keys of terminology/answers.py SAFETY; yes, no, unknown, not_applicable, or "" (not answered)."""
    systolic: int | None = None
    """mmHg, like diastolic."""
    diastolic: int | None = None
    hold_systolic: int | None = None
    """The clinic does not treat at or above this pressure (mmHg). None: the clinic has set no such limit."""
    hold_diastolic: int | None = None
    current_medications: str = ""

    def phq9_age(self) -> int | None:
        """Days since the PHQ-9. None if its date is missing, or in the future and so mistyped."""
        if self.phq9_date is None or self.phq9_date > self.today:
            return None
        return (self.today - self.phq9_date).days

    def blood_pressure(self) -> str:
        return f"{self.systolic or '?'}/{self.diastolic or '?'} mmHg"


@dataclass(frozen=True)
class Finding:
    """The answer to one question, with the reason in a sentence."""

    code: str
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class Flag:
    code: str
    level: Level
    words: str


@dataclass(frozen=True)
class Missing:
    """A question that still needs an answer."""

    field: str
    """Name of its field in the form; the first of them where several questions share a line."""
    words: str
    reason: str = ""
    """What the answer is needed for, as in "needed for prior authorization"; "" where nothing in particular."""


def assessment_input_of(details: ReferralData, today: date) -> AssessmentInput:
    """The answers that an assessment reads, taken from a whole referral."""
    same = {f.name for f in fields(AssessmentInput)} & {f.name for f in fields(details)} - {"phq9_date"}
    born = _date(details.patient_birth_date)
    return AssessmentInput(
        today=today,
        age=years_between(born, today) if born else None,
        services=details.service_requested,
        phq9_date=_date(details.phq9_date),
        **{name: getattr(details, name) for name in same},
    )


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for all: "no" if any is "no"; otherwise "cannot_tell" if any cannot be told; otherwise "yes"."""
    given = set(verdicts)
    return next((v for v in ("does_not_apply", "no", "cannot_tell") if v in given), "yes")


def at_least(value: float | None, least: float | None, surely: float | None = None) -> Verdict:
    """ "no" below `least` and "yes" from `surely` (or `least`) up; in between, or without a number, "cannot_tell"."""
    if value is None or least is None:
        return "cannot_tell"
    if value < least:
        return "no"
    return "yes" if value >= (least if surely is None else surely) else "cannot_tell"


def number(value: float) -> str:
    """The number without a trailing `.0`."""
    return f"{value:g}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def years_between(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
