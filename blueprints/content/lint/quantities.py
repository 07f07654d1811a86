"""Reads the numbers of a sentence, in digits or in words: shares, ratios, counts, doses, times and ages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from blueprints.content.lint.numerals import (
    DIGITS,
    NUMBER,
    PARTS,
    PEOPLE,
    SPELLED,
    TIME,
    TIMES,
    TO,
    UNIT,
    text,
    unit,
    value,
)

SCHEDULE = frozenset({*TIMES, *(f"a {time}" for time in TIMES), "times", "treatment", "medicine", "dose", "visit"})
"""Units of how and how often one is treated. All others are of results and strengths."""
ENUMERATED = frozenset({"person", "study", "treatment", "medicine"})
FEWEST = 4
"""A spelled count below it enumerates what the page itself tells of: “two small trials”."""
PART = "|".join(PARTS)


@dataclass(frozen=True)
class Quantity:
    """`value` is a number, a range (2-3), or a part (7/10). An empty unit fits any."""

    words: str
    value: str
    unit: str

    @property
    def is_result(self) -> bool:
        return self.unit not in SCHEDULE

    def agrees_with(self, known: Quantity) -> bool:
        """A page may round what its source gives: 71% for 70.8%."""
        if self.unit and known.unit and self.unit != known.unit:
            return False
        return self.value in (known.value, _rounded(known.value, self.value))


def _rounded(exact: str, like: str) -> str:
    try:
        return text(round(float(exact), len(like.partition(".")[2])))
    except ValueError:
        return exact


@lru_cache(maxsize=8192)
def quantities(sentence: str) -> tuple[Quantity, ...]:
    """Each of the sentence's numbers, once. Citations and marks must be gone, and what `exempt` takes away."""
    found: list[Quantity] = []
    for pattern, read in READERS.items():
        matches = list(re.finditer(pattern, sentence, re.IGNORECASE))
        for match in matches:
            found += read(match)
        for match in matches:
            sentence = sentence[: match.start()] + " " * len(match[0]) + sentence[match.end() :]
    return tuple(found)


def _ratio(match: re.Match[str]) -> Iterator[Quantity]:
    part, whole = value(match[1]), value(match[2])
    if whole == 100:
        yield Quantity(match[0], text(part), "%")
    elif whole > 2 or not re.search(r"\w of ", match[0]):
        yield Quantity(match[0], f"{text(part)}/{text(whole)}", "ratio")


def _frequency(match: re.Match[str]) -> Iterator[Quantity]:
    named = {"once": ["1"], "twice": ["2"]}.get(match[1].lower())
    for number in named or [text(value(part)) for part in re.findall(NUMBER, match[1], re.IGNORECASE)]:
        yield Quantity(match[0], number, f"a {match[2].lower().removesuffix('s')}")


def _multiple(match: re.Match[str]) -> list[Quantity]:
    word = match[0].lower()
    if word == "twice":
        return [Quantity(match[0], "2", "times")]
    number = re.match(NUMBER, re.sub("[ -]?fold|x$", "", word))
    times = value(number[0]) if number else 3 if word.startswith(("trip", "thrice")) else 2
    return [Quantity(match[0], text(times), "multiple")]


def _fraction(match: re.Match[str]) -> Iterator[Quantity]:
    number, part = (group for group in match.groups() if group is not None)
    parts = value(number) if number not in ("", "a", "A") else 1
    yield Quantity(match[0], f"{text(parts)}/{PARTS[part.lower()]}", "fraction")


def _one_or_two(match: re.Match[str]) -> Iterator[Quantity]:
    yield Quantity(match[0], "1-2", match[1].lower())


def _numbered(match: re.Match[str]) -> Iterator[Quantity]:
    """Week 9; weeks 1 to 4."""
    yield Quantity(match[0], "-".join(filter(None, match.group(2, 3))), match[1].lower().removesuffix("s"))


def _age(match: re.Match[str]) -> Iterator[Quantity]:
    yield Quantity(match[0], match[1] or match[2], "year")


def _measured(match: re.Match[str]) -> Iterator[Quantity]:
    """Several numbers may share a unit: 56 or 84 mg."""
    name = unit(match[2] or match[3])
    for first, last in re.findall(rf"({NUMBER})(?:{TO}({NUMBER}))?", match[1], re.IGNORECASE):
        if not _enumerates(match, first, name):
            yield Quantity(match[0], "-".join(text(value(number)) for number in (first, last) if number), name)


def _enumerates(match: re.Match[str], number: str, name: str) -> bool:
    if number[0].isdigit() or name in TIMES:
        return False
    before = match.string[: match.start()].lower()
    if before.endswith(("at least ", "more than ", "up to ")):
        return False
    pointed_at = re.search(r"\b(?:the|these|those|both) $", before)
    return bool(pointed_at) or number.lower() == "one" or (name in ENUMERATED and value(number) < FEWEST)


def _many(match: re.Match[str]) -> Iterator[Quantity]:
    yield Quantity(match[0], (match[1] or match[2]).lower(), "many")


def _bare(match: re.Match[str]) -> Iterator[Quantity]:
    yield Quantity(match[0], re.sub(TO, "-", match[0]).replace(",", ""), "")


SEVERAL = rf"{NUMBER}(?:(?:,? (?:or|and) |, |{TO})(?:about |at least )?{NUMBER})*"
# Up to two adjectives stand between a number and what it counts: 62 hospital patients.
NO_ADJECTIVE = (
    r"(?:reasons|ways|things|kinds|questions|steps|of|in|to|and|or|for|with|the|an?|at|by|from|on|over|than"
    r"|were|was|had)\b"
)
ADJECTIVES = rf"(?:(?!{NO_ADJECTIVE})[a-z][\w-]* ){{0,2}}?"
NO_RANGE = rf"(?!{TO}{NUMBER}| or {NUMBER}|[ -]{TIME}\b)"
COMPARED = r"(?=(?:as|more|less|better|greater|higher|lower|faster|the)\b)"

# The first pattern that matches some words reads them, so that those with more words come first.
READERS: dict[str, Callable[[re.Match[str]], Iterable[Quantity]]] = {
    rf"({NUMBER})(?: {PEOPLE})? (?:in|of|out of)(?: every)? ({NUMBER}){NO_RANGE}": _ratio,
    rf"\b(once|twice|{NUMBER}(?:(?: or |{TO}){NUMBER})? times) (?:a|an|per|each|every) ({TIME})\b": _frequency,
    rf"\b(?:twice(?: (?:as|the|more)\b)?|thrice|(?:doubl|tripl)(?:e[sd]?|ing)\b(?!-)|\d+x\b"
    rf"|(?:{'|'.join(SPELLED)}|{NUMBER})[ -]?fold\b|{NUMBER} times {COMPARED})": _multiple,
    rf"()\b(half)\b(?!-life)"
    rf"|({NUMBER})[ -]({PART})s?\b(?!-line)"
    rf"|\b(a) ({PART})(?= of\b|[.,;:)]|$)": _fraction,
    rf"\b(?:an?|one) ({'|'.join(TIMES)}) or two\b": _one_or_two,
    rf"\b(weeks?|days?|months?) ({DIGITS})(?:{TO}({DIGITS}))?": _numbered,
    rf"\b({DIGITS})(?: years(?: of age)?)?,? (?:or|and) (?:older|over|above|up)\b"
    rf"|\b(?:under|over|aged?|above|(?:older|younger) than)(?: age)? ({DIGITS})(?= years|[.,;:)]|$| or | and )": _age,
    rf"({SEVERAL})(?:[ -]?({UNIT})|[ -]{ADJECTIVES}({UNIT}))": _measured,
    r"\b(dozens|hundreds|thousands|millions|billions) of\b|\b(?:an?|the) (?:\w+ )?(majority)\b": _many,
    rf"(?<![\w.]){DIGITS}(?:/\d+|{TO}{DIGITS})?(?!\w)": _bare,
}
