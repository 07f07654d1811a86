"""Add, remove or put back a medication row, in the answers as they were typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from blueprints.referrals.drafts import Answers
from blueprints.referrals.forms.history import MAX_HISTORY, MAX_TRIALS, TRIAL_NAMES
from blueprints.referrals.terminology.answers import OUTCOME, YES_NO_UNKNOWN

NAME = re.compile(r"trials-([0-9]{1,2})-(\w+)")
ACTION = re.compile(r"(add|remove|restore)_trial(?::([0-9]{1,3}))?")
REMOVED = "removed-"
TRIAL_WORDS = {
    "medication": "{}",
    "daily_dose_mg": "mg a day: {}",
    "weeks": "weeks at an adequate dose: {}",
    "current_episode": "in the current episode: {}",
    "outcome": "outcome: {}",
}


@dataclass(frozen=True)
class Change:
    """The answers afterward, the words that announce the change, and what can be put back."""

    answers: Answers
    focus: int | None
    """Index of the row that gets the focus, from 0; None if no row does."""
    words: str
    removed: Answers = field(default_factory=dict)
    place: int = 0
    place_id: str = ""
    """Id of the section heading that gets the focus if no row does."""


def change(action: str, answers: Answers, sent: Iterable[tuple[str, list[str]]]) -> Change | None:
    """None if the action is about something else."""
    match = ACTION.fullmatch(action)
    if not match:
        return None
    others, rows = split(answers)
    place = min(int(match[2] or len(rows)), len(rows))
    if match[1] == "add":
        return _add(others, rows)
    if match[1] == "restore":
        return _restore(others, rows, place, _removed(sent))
    return _remove(others, rows, place)


def _add(others: Answers, rows: list[Answers]) -> Change:
    if len(rows) >= MAX_TRIALS:
        return Change(join(others, rows), len(rows) - 1, f"{MAX_TRIALS} medications fit here.")
    return Change(join(others, [*rows, {}]), len(rows), f"Medication {len(rows) + 1} added.")


def _remove(others: Answers, rows: list[Answers], place: int) -> Change:
    removed = rows.pop(place) if place < len(rows) else {}
    words = f"Medication {place + 1} removed."
    return Change(
        join(others, rows), max(place - 1, 0), words, removed if any(map(any, removed.values())) else {}, place
    )


def _restore(others: Answers, rows: list[Answers], place: int, removed: Answers) -> Change:
    """If there is no room, the removed row is offered again, so that nothing is lost."""
    if len(rows) >= MAX_TRIALS:
        words = f"{MAX_TRIALS} medications fit here. Remove another one to put this one back."
        return Change(join(others, rows), min(place, len(rows) - 1), words, removed, place)
    rows.insert(place, removed)
    return Change(join(others, rows), place, f"Medication {place + 1} is back.")


def _removed(sent: Iterable[tuple[str, list[str]]]) -> Answers:
    known = {f"{REMOVED}{name}" for name in TRIAL_NAMES}
    return {name.removeprefix(REMOVED): values for name, values in sent if name in known}


def split(answers: Answers) -> tuple[Answers, list[Answers]]:
    """The answers outside the rows, and the rows in order."""
    rows: dict[int, Answers] = {}
    for name, values in answers.items():
        if match := NAME.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = values
    others = {name: values for name, values in answers.items() if not NAME.fullmatch(name)}
    return others, [rows[index] for index in sorted(rows)]


def join(others: Answers, rows: list[Answers]) -> Answers:
    """The inverse of `split`. Rows are renumbered; a blank row keeps its place by an empty medication name."""
    numbered = {
        f"trials-{index}-{name}": values
        for index, row in enumerate(rows)
        for name, values in {"medication": [""], **row}.items()
    }
    return {**others, **numbered}


def left_out_words(rows: list[dict[str, str]]) -> str:
    """The error that names the rows that do not fit, so that they can be copied, or counts them if that is too long."""
    typed = "; ".join(map(_in_words, rows))
    what = f"These were left out: {typed}." if len(typed) <= MAX_HISTORY else f"{len(rows)} more were left out."
    return f"{MAX_TRIALS} medications fit here. Write about others under “More about earlier treatment”. {what}"


def _in_words(row: dict[str, str]) -> str:
    said = {name: YES_NO_UNKNOWN.get(value, OUTCOME.get(value, value)) for name, value in row.items()}
    return ", ".join(words.format(said[name]) for name, words in TRIAL_WORDS.items() if said[name].strip())
