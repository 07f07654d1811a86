"""The answers as a person checks them before sending: words instead of codes, and what stands out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wtforms import BooleanField, Field

from blueprints.referrals import rules
from blueprints.referrals.data.diagnoses import matching
from blueprints.referrals.forms import ReferralForm
from core.forms import Parts, anchor, applies, empty


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
        Group(part.title, [_row(form, question) for question in part.questions if _applies(form, question)])
        for part in form.sections
    ]


def _applies(form: ReferralForm, question: str | Parts) -> bool:
    """What is not asked, given the other answers, and a box that was not ticked, do not stand there."""
    if isinstance(question, Parts):
        return True
    field = form[question]
    return applies(form, field) and not (isinstance(field, BooleanField) and empty(field))


def notices(form: ReferralForm) -> Iterator[str]:
    """What the sender should know before sending. None of it stops the referral."""
    taken = rules.read_date(form.phq9_date.data or "")
    if taken and (rules.today() - taken).days > rules.STALE_PHQ9_DAYS:
        yield "The PHQ-9 is more than 28 days old. The center may ask for a new one."
    if form.phq9_item9.data in ("1", "2", "3") and form.suicide_risk.data == "none_known":
        yield "PHQ-9 item 9 is above 0, and the suicide risk says that no risk is known. Check that both are right."
    if form.suicide_risk.data == "high":
        yield "You assess the suicide risk as high, so it is sent as urgent. If in doubt, call 911 or 988 now."


def _row(form: ReferralForm, question: str | Parts) -> Row:
    if isinstance(question, Parts):
        born = form.birth_date()
        return Row(question.legend, f"{born:%B} {born.day}, {born.year}" if born else "Not given", question.names[0])
    field = form[question]
    return Row(field.label.text, _words(field) or "Not given", anchor(field))


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
