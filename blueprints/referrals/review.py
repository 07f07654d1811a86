"""The answers as a person checks them before sending: words instead of codes, and what stands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wtforms import BooleanField, Field, FieldList

from blueprints.referrals.assessment.assess import RULE_SETS, Assessment, assess
from blueprints.referrals.forms.history import TrialRow
from blueprints.referrals.forms.referral import ReferralForm
from blueprints.referrals.forms.sections import BIRTH_DATE
from blueprints.referrals.terminology.diagnoses import matching
from core.forms.base import Parts, anchor
from core.forms.validators import applies, empty

NOT_GIVEN = "Not given"


@dataclass(frozen=True)
class Row:
    question: str
    answer: str
    anchor: str


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]


def groups(form: ReferralForm) -> list[Group]:
    """The questions that apply, by section, each with its answer or `Not given`."""
    return [
        Group(part.title, [row for question in part.questions for row in _rows(form, question)])
        for part in form.sections
    ]


def assessments(form: ReferralForm) -> list[Assessment]:
    """Under each set of rules, the usual one first."""
    case = form.assessment_input()
    return [assess(case, rules) for rules in RULE_SETS]


def _rows(form: ReferralForm, question: str | Parts) -> list[Row]:
    """What is not asked, given the other answers, and a box that was not ticked, have none."""
    if isinstance(question, Parts):
        return [_parts(form, question)]
    field = form[question]
    if isinstance(field, FieldList):
        used = [entry.form for entry in field if not entry.form.is_blank]
        return [
            Row(f"Medication {place}", _trial(row), anchor(row.medication)) for place, row in enumerate(used, start=1)
        ]
    if not applies(form, field) or (isinstance(field, BooleanField) and empty(field)):
        return []
    return [Row(field.label.text, _words(field) or NOT_GIVEN, anchor(field))]


def _parts(form: ReferralForm, question: Parts) -> Row:
    given = [form[name].data for name in question.names]
    words = " / ".join(given) if all(given) else NOT_GIVEN
    if question is BIRTH_DATE and (born := form.birth_date()):
        words = f"{born:%B} {born.day}, {born.year}"
    return Row(question.legend, words, question.names[0])


def _trial(row: TrialRow) -> str:
    trial = row.trial()
    dose = "dose not known" if trial.daily_dose_mg is None else f"{trial.daily_dose_mg:,g} mg a day"
    weeks = "weeks not known" if trial.weeks is None else f"{trial.weeks} weeks"
    name = f"{trial.medication} ({trial.generic})" if trial.generic not in ("", trial.medication) else trial.medication
    return f"{name}: {dose}, {weeks}. In the current episode: {_words(row.current_episode)}. {_words(row.outcome)}."


def _words(field: Field) -> str:
    answers: dict[str, str] | None = getattr(field, "answers", None)
    if isinstance(field, BooleanField):
        return "Yes" if field.data else "No"
    if answers is not None:
        given: Any = field.data if isinstance(field.data, list) else [field.data]
        return ", ".join(answers[value] for value in given if value in answers)
    if field.name == "diagnosis":
        return str(matching(field.data)[0])
    return str(field.data or "")
