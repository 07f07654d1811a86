"""Medications for depression by generic or brand name. Doses are mg a day; each row names where its numbers are from.

A minimum is the least dose that the MGH-ATRQ way of counting calls adequate, as copied in a public trial protocol.
It was not read in the questionnaire itself. A maximum is the usual one of the US label, for a question, not a limit.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("medications.csv")
DOSE = re.compile(r"\d+(?:\.\d+)?(?:mg|mcg)?|mg|mcg|hr?|day|daily")
# What does not change which medicine it is.
RELEASE = frozenset({"xl", "xr", "sr", "er", "cr", "la", "ir", "dr", "odt"})
SALT = frozenset({"hcl", "hydrochloride", "hbr", "hydrobromide", "carbonate"})


@dataclass(frozen=True)
class Medication:
    generic: str
    """The name of the row, unlike any other."""
    ingredient: str
    """What makes two rows the same medicine: paroxetine and paroxetine CR count once."""
    drug_class: str
    brands: tuple[str, ...]
    aliases: tuple[str, ...]
    minimum_mg: float | None
    """Least adequate mg a day. None: not known, or no antidepressant."""
    maximum_mg: float | None
    """Usual most mg a day. None: not known, or not counted in mg."""
    rxcui: str
    """RxNorm ingredient, or "" where it is not confirmed."""
    role: str
    """antidepressant | augmentation | other."""
    source: str
    checked_on: date

    @property
    def counts(self) -> bool:
        """Whether a trial of it can be an antidepressant trial."""
        return self.role == "antidepressant"


@cache
def medications() -> tuple[Medication, ...]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(_medication(row) for row in csv.DictReader(file))


def find(text: str) -> Medication | None:
    """The medication of that name, whatever its case, form and dose: `Wellbutrin XL 300` is bupropion.

    Names must be spelled right, and two medicines in one text are none: a guess is never made into a drug.
    """
    index = _by_name()
    if exact := index.get(text.casefold()):
        return exact
    name = without_dose(text)
    return index.get(name) or index.get(without_form(name))


def without_dose(text: str) -> str:
    """The words of a name in lower case, one space between them: `Paxil-CR 25 mg` gives `paxil cr`."""
    words = re.findall(r"\d+\.\d+\w*|[^\W_]+", text.casefold())
    return " ".join(word for word in words if not DOSE.fullmatch(word))


def without_form(name: str) -> str:
    return " ".join(word for word in name.split() if word not in RELEASE | SALT)


@cache
def _by_name() -> dict[str, Medication]:
    """Every way to write each medication, also `Zoloft (sertraline)` and `sertraline (Zoloft)`."""
    pairs = [
        (without_dose(name), medication)
        for medication in medications()
        for brand in ("", *medication.brands)
        for name in (*medication.aliases, f"{brand} {medication.generic}", f"{medication.generic} {brand}", brand)
    ]
    return {name: medication for name, medication in pairs if name}


def _medication(row: dict[str, str]) -> Medication:
    return Medication(
        generic=row["generic"],
        ingredient=row["ingredient"],
        drug_class=row["class"],
        brands=_names(row["brands"]),
        aliases=_names(row["aliases"]),
        minimum_mg=_number(row["minimum_mg"]),
        maximum_mg=_number(row["maximum_mg"]),
        rxcui=row["rxcui"],
        role=row["role"],
        source=row["source"],
        checked_on=date.fromisoformat(row["checked_on"]),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _number(text: str) -> float | None:
    return float(text) if text else None
