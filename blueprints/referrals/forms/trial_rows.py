"""Medication rows come and go: adding, removing and putting back one, in the answers as they were typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from blueprints.referrals.drafts import Answers
from blueprints.referrals.forms.history import MAX_TRIALS, TRIAL_NAMES

NAME = re.compile(r"trials-([0-9]{1,2})-(\w+)")
ACTION = re.compile(r"(add|remove|restore)_trial(?::([0-9]{1,3}))?")
REMOVED = "removed-"


@dataclass(frozen=True)
class Change:
    """The answers after it, what is said of it, and what can be put back."""

    answers: Answers
    focus: int
    """The place of the row that is read next, from 0."""
    words: str
    removed: Answers = field(default_factory=dict)
    place: int = 0


def change(action: str, answers: Answers, sent: Iterable[tuple[str, list[str]]]) -> Change | None:
    """What the action makes of the answers; None where it is about something else."""
    match = ACTION.fullmatch(action)
    if not match:
        return None
    others, rows = _split(answers)
    place = min(int(match[2] or len(rows)), len(rows))
    if match[1] == "add":
        return _added(others, rows)
    if match[1] == "restore":
        return _put_back(others, rows, place, _removed(sent))
    return _taken_away(others, rows, place)


def _added(others: Answers, rows: list[Answers]) -> Change:
    if len(rows) >= MAX_TRIALS:
        return Change(_joined(others, rows), len(rows) - 1, f"{MAX_TRIALS} medications fit here.")
    return Change(_joined(others, [*rows, {}]), len(rows), f"Medication {len(rows) + 1} added.")


def _taken_away(others: Answers, rows: list[Answers], place: int) -> Change:
    removed = rows.pop(place) if place < len(rows) else {}
    words = f"Medication {place + 1} removed."
    return Change(
        _joined(others, rows), max(place - 1, 0), words, removed if any(map(any, removed.values())) else {}, place
    )


def _put_back(others: Answers, rows: list[Answers], place: int, removed: Answers) -> Change:
    """Where there is no room it is offered again, and nothing of it is lost."""
    if len(rows) >= MAX_TRIALS:
        words = f"{MAX_TRIALS} medications fit here. Remove another one to put this one back."
        return Change(_joined(others, rows), min(place, len(rows) - 1), words, removed, place)
    rows.insert(place, removed)
    return Change(_joined(others, rows), place, f"Medication {place + 1} is back.")


def _removed(sent: Iterable[tuple[str, list[str]]]) -> Answers:
    known = {f"{REMOVED}{name}" for name in TRIAL_NAMES}
    return {name.removeprefix(REMOVED): values for name, values in sent if name in known}


def _split(answers: Answers) -> tuple[Answers, list[Answers]]:
    """The answers outside the rows, and the rows in their order."""
    rows: dict[int, Answers] = {}
    for name, values in answers.items():
        if match := NAME.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = values
    others = {name: values for name, values in answers.items() if not NAME.fullmatch(name)}
    return others, [rows[index] for index in sorted(rows)]


def _joined(others: Answers, rows: list[Answers]) -> Answers:
    """Rows are numbered anew. A blank one keeps its place by an empty name of the medication."""
    numbered = {
        f"trials-{index}-{name}": values
        for index, row in enumerate(rows)
        for name, values in {"medication": [""], **row}.items()
    }
    return {**others, **numbered}
