"""The errors of the referral form for the summary at its top: by section, and in proportion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wtforms import Field

from blueprints.referrals.forms.sections import Section
from core.forms.base import Parts, Row, anchor, row_of
from core.forms.validators import empty


class ProblemGroup(NamedTuple):
    """The errors of one section: (id of the control, words) of each."""

    title: str
    problems: list[tuple[str, str]]


def grouped(sections: Sequence[Section], questions_of: Callable[[Section], list[Field]]) -> list[ProblemGroup]:
    groups = [ProblemGroup(section.title, _problems(section, questions_of(section))) for section in sections]
    return [group for group in groups if group.problems]


def _problems(section: Section, fields: list[Field]) -> list[tuple[str, str]]:
    """One line for all of a section in which nothing was answered."""
    wrong = [field for field in fields if field.errors]
    if len(wrong) > 1 and all(empty(field) or field.data == field.default for field in fields):
        names = dict.fromkeys(_name(section, field) for field in wrong)
        return [(anchor(wrong[0]), f"Still needed: {', '.join(names)}")]
    rows = list(dict.fromkeys(row for field in fields if (row := row_of(field))))
    return [(anchor(field), _words(field, rows)) for field in wrong]


def _name(section: Section, field: Field) -> str:
    """The question, in the middle of a sentence. The boxes of a date are one question."""
    whole = (q.legend for q in section.questions if isinstance(q, Parts) and field.name in q.names)
    label = next(whole, field.label.text)
    return f"“{label}”" if label.endswith("?") else _lower_first(label)


def _words(field: Field, rows: list[Row]) -> str:
    """The error, with the number of the medication that it belongs to."""
    row = row_of(field)
    message = str(field.errors[0])
    return f"Medication {rows.index(row) + 1}: {_lower_first(message)}" if row else message


def _lower_first(words: str) -> str:
    """For the middle of a sentence. NPI and PHQ-9 keep their capitals."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
