"""What a typed beginning may become: medications and diagnoses in order of likeness, small misspellings among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from blueprints.referrals.data.diagnoses import diagnoses
from blueprints.referrals.data.medications import bare_name, medications

LIMIT = 8
# Ranks, the best first.
EXACT, BEGINS, WORD_BEGINS, INSIDE, MISSPELLED = range(5)
# Short names that clinicians use, and the words of the table that they stand for.
SHORT = {
    "mdd": "major depressive disorder",
    "trd": "major depressive disorder",
    "depression": "depressi",
    "treatment resistant depression": "major depressive disorder",
    "treatment-resistant depression": "major depressive disorder",
    "ptsd": "post-traumatic stress",
    "ocd": "obsessive-compulsive",
    "gad": "generalized anxiety",
    "ppd": "postpartum depression",
    "pmdd": "premenstrual dysphoric",
    "crps": "complex regional pain",
    "si": "suicidal ideations",
}


@dataclass(frozen=True)
class Suggestion:
    value: str
    """What goes into the field."""
    label: str
    """What is shown."""


@dataclass(frozen=True)
class Term:
    """One name, as it is compared, and what it suggests."""

    name: str
    words: tuple[str, ...]
    suggestion: Suggestion


def suggest_medications(text: str) -> list[Suggestion]:
    return _best(_medication_terms(), bare_name(text))


def suggest_diagnoses(text: str) -> list[Suggestion]:
    folded = _folded(text)
    return _best(_diagnosis_terms(), SHORT.get(folded, folded))


KINDS: dict[str, Callable[[str], list[Suggestion]]] = {
    "medications": suggest_medications,
    "diagnoses": suggest_diagnoses,
}


def _best(terms: Sequence[Term], typed: str) -> list[Suggestion]:
    ranked = sorted((rank, place) for place, term in enumerate(terms) if (rank := _rank(term, typed)) is not None)
    found = [terms[place].suggestion for _, place in ranked]
    return list(dict.fromkeys(found))[:LIMIT]


def _rank(term: Term, typed: str) -> int | None:
    """How well the name answers what was typed; None where it does not."""
    if not typed:
        return None
    if term.name == typed:
        return EXACT
    if term.name.startswith(typed):
        return BEGINS
    parts = typed.split()
    if all(any(word.startswith(part) for word in term.words) for part in parts):
        return WORD_BEGINS
    if typed in term.name:
        return INSIDE
    return MISSPELLED if all(_is_like(part, term.words) for part in parts) else None


def _is_like(part: str, words: Sequence[str]) -> bool:
    """One slip in 4 letters or more, two from 7 on; also at the beginning of a longer word, and never in a code."""
    slips = 0 if len(part) < 4 or not part.isalpha() else 1 if len(part) < 7 else 2
    for word in words:
        if word.startswith(part) or (slips and word[0] in part[:2] and _distance(part, word, slips) <= slips):
            return True
    return False


def _distance(typed: str, word: str, most: int) -> int:
    """Slips between `typed` and the beginning of `word`: letters left out, added, changed or swapped (Damerau 1964)."""
    word = word[: len(typed) + most]
    if len(word) < len(typed) - most:
        return most + 1
    before: list[int] = []
    row = list(range(len(word) + 1))
    for i, letter in enumerate(typed, start=1):
        above, row_before, row = row, before, [i]
        for j, other in enumerate(word, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == word[j - 2] and typed[i - 2] == other:
                cost = min(cost, row_before[j - 2] + 1)
            row.append(cost)
        before = above
        if min(row) > most:
            return most + 1
    return min(row)


@cache
def _medication_terms() -> tuple[Term, ...]:
    return tuple(_of_medications())


def _of_medications() -> Iterator[Term]:
    for medication in medications():
        for name in medication.names:
            shown = name if name == medication.generic else f"{name} ({medication.generic})"
            yield _term(name, Suggestion(name, shown))


@cache
def _diagnosis_terms() -> tuple[Term, ...]:
    """Each by its code, with and without the point, and by its words."""
    names = [(d, name) for d in diagnoses() for name in (d.code, d.code.replace(".", ""), d.title)]
    return tuple(_term(name, Suggestion(str(d), str(d))) for d, name in names)


def _term(name: str, suggestion: Suggestion) -> Term:
    folded = _folded(name)
    return Term(folded, tuple(re.findall(r"[^\W_]+", folded)), suggestion)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
