"""The answers as a person checks them before sending: words instead of codes, short, and with what is missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wtforms import BooleanField, Field, FieldList, TelField

from blueprints.referrals.assessment.assess import RULE_SETS, Assessment, Missing, assess
from blueprints.referrals.details import Trial, weight_words
from blueprints.referrals.forms import reading
from blueprints.referrals.forms.referral import ReferralForm
from blueprints.referrals.forms.sections import BIRTH_DATE, Section
from blueprints.referrals.terminology import understood
from blueprints.referrals.terminology.answers import OUTCOME, SAFETY, YES_NO_UNKNOWN
from core.forms.base import Parts, anchor
from core.forms.validators import applies, e164, empty, phone_words

WITH_ANOTHER = ("weight_unit", "trials_list", "remember_me")
"""Said with another answer, or no part of the referral."""


@dataclass(frozen=True)
class Row:
    question: str
    answer: str
    anchor: str


@dataclass(frozen=True)
class Group:
    """One section."""

    id: str
    title: str
    rows: list[Row] = field(default_factory=list)
    unanswered: list[Row] = field(default_factory=list)
    """Questions that apply and have no answer; their `answer` is ""."""


def groups(form: ReferralForm) -> list[Group]:
    """The questions that apply, by section."""
    return [_group(form, section) for section in form.sections]


def assessments(form: ReferralForm) -> list[Assessment]:
    """Under each set of rules, the usual one first. What is missing is named by the field on the page."""
    case, rows = form.assessment_input(), _used_rows(form)
    assessed = [assess(case, rules) for rules in RULE_SETS]
    return [replace(one, missing=tuple(_on_the_page(gap, rows) for gap in one.missing)) for one in assessed]


def _used_rows(form: ReferralForm) -> list[str]:
    """Names of the rows that are in use, in the order in which they are assessed."""
    return [entry.name for entry in form.trials if not entry.form.is_blank]


def _on_the_page(gap: Missing, rows: list[str]) -> Missing:
    """Blank rows are not assessed, so a medication's place in the assessment may differ from its place on the page."""
    match = re.fullmatch(r"trials-(\d+)-(\w+)", gap.field)
    if not match or int(match[1]) >= len(rows):
        return gap
    return replace(gap, field=f"{rows[int(match[1])]}-{match[2]}")


def _group(form: ReferralForm, section: Section) -> Group:
    questions = [q for q in section.questions if q not in SAFETY and q not in WITH_ANOTHER]
    rows = [row for question in questions for row in _rows(form, question)]
    if section.id == "safety":
        rows = [*_safety(form), *rows]
    answered, open_ = [row for row in rows if row.answer], [row for row in rows if not row.answer]
    return Group(section.id, section.title, answered, open_)


def _safety(form: ReferralForm) -> Iterator[Row]:
    """Each answer but No has a row; all that say No share one, and those answered with one button another."""
    for name in SAFETY:
        if form[name].data != "no":
            yield Row(SAFETY[name], _words(form[name]), anchor(form[name]))
    no = [name for name in SAFETY if form[name].data == "no"]
    for heading, names in grouped(no, form.together()):
        yield Row(heading, "; ".join(SAFETY[name] for name in names), anchor(form[names[0]]))


def grouped(no: Sequence[str], together: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Questions that were answered No, by how: one by one, or with the button for all the rest."""
    singly, at_once = [n for n in no if n not in together], [n for n in no if n in together]
    yield from ((heading, names) for heading, names in (("No", singly), ("No, answered together", at_once)) if names)


def _rows(form: ReferralForm, question: str | Parts) -> list[Row]:
    """Questions that are not asked, given the other answers, and boxes that were not ticked have none."""
    if isinstance(question, Parts):
        return [_parts(form, question)]
    asked = form[question]
    if isinstance(asked, FieldList):
        return _trials(asked)
    if not applies(form, asked) or (isinstance(asked, BooleanField) and empty(asked)):
        return []
    return [Row(asked.label.text, _said(form, asked), anchor(asked))]


def _parts(form: ReferralForm, question: Parts) -> Row:
    given = [form[name].data for name in question.names]
    words = "/".join(given) if all(given) else ""
    if question is BIRTH_DATE and (born := form.birth_date()):
        words = f"{born:%B} {born.day}, {born.year}"
    return Row(question.legend, words, question.names[0])


def _trials(rows: FieldList) -> list[Row]:
    used = [entry.form for entry in rows if not entry.form.is_blank]
    said = [
        Row(f"Medication {place}", trial_words(row.trial()), anchor(row.medication))
        for place, row in enumerate(used, start=1)
    ]
    return said or [Row("Medications", "", anchor(rows[0].form.medication))]


def trial_words(trial: Trial) -> str:
    """Zoloft 100 becomes “sertraline (Zoloft 100): highest dose 200 mg a day; 11 weeks at 50 mg or more; …”."""
    name = f"{trial.generic} ({trial.medication})" if trial.generic not in ("", trial.medication) else trial.medication
    at = understood.adequate_weeks_label(trial.medication).removeprefix("Weeks ")
    parts = [
        "dose not known" if trial.daily_dose_mg is None else f"highest dose {trial.daily_dose_mg:,g} mg a day",
        *([f"{trial.weeks} weeks at the highest dose"] if trial.weeks is not None else []),
        f"weeks {at} not known" if trial.adequate_weeks is None else f"{trial.adequate_weeks} weeks {at}",
        f"this episode: {_chosen(YES_NO_UNKNOWN, trial.current_episode)}",
        f"outcome: {_chosen(OUTCOME, trial.outcome)}",
    ]
    return f"{name}: {'; '.join(parts)}"


def _chosen(answers: Mapping[str, str], value: str) -> str:
    """A value that no form offers is shown as it is."""
    return (answers.get(value, value) or "not answered").lower()


def _said(form: ReferralForm, asked: Field) -> str:
    if asked is form.weight:
        return weight_words(form.kilograms(), form.weight_unit.data or "")
    if asked is form.diagnosis:
        found = form.diagnosis_read()
        return str(found) if found else f"{asked.data} (in words, not matched to a code)"
    if asked is form.phq9_date and (day := reading.recent_date(asked.data or "")):
        return f"{day:%B} {day.day}, {day.year}"
    if isinstance(asked, TelField):
        return phone_words(e164(asked.data or ""))
    return _words(asked)


def _words(asked: Field) -> str:
    answers: dict[str, str] | None = getattr(asked, "answers", None)
    if isinstance(asked, BooleanField):
        return "Yes" if asked.data else "No"
    if answers is not None:
        given: Any = asked.data if isinstance(asked.data, list) else [asked.data]
        return ", ".join(answers[value] for value in given if value in answers)
    return str(asked.data or "")
