"""Medications by generic or brand name: class, doses and RxNorm code. Each row of the table names its source.

The doses are facts to ask about, not advice: a minimum that is not confirmed is left empty, and then no trial of that
medication is judged.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("medications.csv")
# What is written after a name and changes nothing of which medication it is: Wellbutrin XL 300 mg.
TRAILING = re.compile(r"(?: (?:xl|sr|xr|er|cr|ir|hcl|hydrochloride)| [0-9][0-9.,]*(?: ?mg)?(?: daily)?)+$")


@dataclass(frozen=True)
class Medication:
    generic: str
    drug_class: str
    role: str
    """antidepressant | augmentation | other: only the first can be a trial that counts."""
    brands: tuple[str, ...]
    minimum_mg: float | None
    """The least daily dose that is adequate; None where it is not confirmed or does not apply."""
    maximum_mg: float | None
    """The usual highest daily dose."""
    rxcui: str
    """RxNorm ingredient, or "" where it is not confirmed."""
    source: str
    checked_on: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.generic, *self.brands)


@cache
def medications() -> tuple[Medication, ...]:
    with TABLE.open(newline="") as file:
        return tuple(_medication(row) for row in csv.DictReader(file))


def find(text: str) -> Medication | None:
    """The medication of exactly that generic or brand name, with or without a form and a dose after it.

    A misspelling finds nothing: a dose must never be judged by the table's row of another medication.
    """
    return _by_name().get(bare_name(text))


def bare_name(text: str) -> str:
    """Small letters, single spaces, and nothing after the name."""
    return TRAILING.sub("", " ".join(text.casefold().split()))


@cache
def _by_name() -> dict[str, Medication]:
    return {name.casefold(): medication for medication in medications() for name in medication.names}


def _medication(row: dict[str, str]) -> Medication:
    return Medication(
        generic=row["generic"],
        drug_class=row["drug_class"],
        role=row["role"],
        brands=tuple(row["brands"].split("; ")),
        minimum_mg=float(row["minimum_mg"]) if row["minimum_mg"] else None,
        maximum_mg=float(row["maximum_mg"]) if row["maximum_mg"] else None,
        rxcui=row["rxcui"],
        source=row["source"],
        checked_on=row["checked_on"],
    )
