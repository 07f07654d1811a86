"""Diagnoses by ICD-10-CM code or by words. The table holds what this center is referred for."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("icd10cm.csv")


@dataclass(frozen=True)
class Diagnosis:
    code: str
    title: str

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


@cache
def diagnoses() -> tuple[Diagnosis, ...]:
    with TABLE.open(newline="") as file:
        return tuple(Diagnosis(**row) for row in csv.DictReader(file))


def read(text: str) -> Diagnosis | None:
    found = matching(text)
    return found[0] if len(found) == 1 else None


def matching(text: str) -> list[Diagnosis]:
    """The diagnosis of that code; or the one with exactly those words; or all that have every word."""
    if by_code := _by_code(text):
        return [by_code]
    words = _words(text)
    exact = [d for d in diagnoses() if _words(d.title) == words]
    return exact or [d for d in diagnoses() if words and set(words) <= set(_words(d.title))]


def _by_code(text: str) -> Diagnosis | None:
    """F33.2, f332 and `F33.2 Major depressive…` all name the same code."""
    parts = text.split()
    given = parts[0].replace(".", "").upper().rstrip(",:") if parts else ""
    return next((d for d in diagnoses() if d.code.replace(".", "") == given), None)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
