"""Diagnoses, by ICD-10-CM code or by words. The table holds those that this center sees most."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("icd10cm.csv")
# Codes have 3 to 7 characters: a letter, a digit, a digit or letter, then up to 4 digits or letters after a dot.
# Source: ICD-10-CM Official Guidelines for Coding and Reporting, section I.A; a summary was read on 2026-11-24, not the
# guidelines.
WITH_DOT = re.compile(r"[A-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,4}")
# Without a dot, words such as A1C or H1N1 must not pass for codes. The third character of a code is a digit, A or B.
WITHOUT_DOT = re.compile(r"[A-Z][0-9][0-9AB][0-9A-Z]{0,4}")
IN_BRACKETS_AT_THE_END = re.compile(r"[(\[]([0-9A-Za-z.]{3,8})[)\]]\s*$")
AROUND_A_CODE = "()[].,:;-"
# Words that say how, when or where, but not what: by themselves they name no diagnosis.
QUALIFIERS = """a acute and bilateral chronic current disorder disorders episode episodes features full i ii in left
    limb lower mild mixed moderate most of other part partial recent recurrent remission right severe severity single
    site specified symptoms syndrome the type unspecified upper with without"""


@dataclass(frozen=True)
class Diagnosis:
    code: str
    """ICD-10-CM, with its dot."""
    title: str
    """Title in the table; for a code that is not in it, the words typed after it, or ""."""

    def __str__(self) -> str:
        return f"{self.code} {self.title}".rstrip()


@cache
def diagnoses() -> tuple[Diagnosis, ...]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(Diagnosis(**row) for row in csv.DictReader(file))


def read(text: str) -> Diagnosis | None:
    """The diagnosis that the text names; None if it names none, or more than one.

    A code of the table may be written without its dot, in any case, with words after it, or in brackets at the end. Any
    other code keeps the words after it, and then needs its dot. Words must fit only one title.
    """
    return _listed_code(text) or _other_code(text) or _by_words(text)


def _listed_code(text: str) -> Diagnosis | None:
    given = [*text.split()[:1], *IN_BRACKETS_AT_THE_END.findall(text)]
    return next((found for word in given if (found := _by_code().get(_undotted(word)))), None)


@cache
def _by_code() -> dict[str, Diagnosis]:
    return {_undotted(diagnosis.code): diagnosis for diagnosis in diagnoses()}


def _undotted(word: str) -> str:
    """F33.2, f332 and (F33.2): all name the same code."""
    return word.strip(AROUND_A_CODE).replace(".", "").upper()


def _other_code(text: str) -> Diagnosis | None:
    first, _, rest = text.strip().partition(" ")
    code, words = first.strip(AROUND_A_CODE).upper(), rest.strip(f" {AROUND_A_CODE}")
    if WITH_DOT.fullmatch(code):
        return Diagnosis(code, words)
    if WITHOUT_DOT.fullmatch(code) and not words:
        return Diagnosis(f"{code[:3]}.{code[3:]}".rstrip("."), "")
    return None


def _by_words(text: str) -> Diagnosis | None:
    """One with exactly this title, or the only one with all of these words."""
    words = _words(text)
    exact = [d for d in diagnoses() if _words(d.title) == words]
    fitting = exact or [
        d for d in diagnoses() if set(words) - set(QUALIFIERS.split()) and set(words) <= set(_words(d.title))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
