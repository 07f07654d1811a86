"""Medications for depression, by generic or brand name. Doses are mg a day; each row names its sources.

`minimum_mg` is the smallest dose that counts as adequate. Most minimums follow the MGH-ATRQ as copied in a public trial
protocol; the questionnaire itself was not read. `maximum_mg` is the usual highest dose of the US label. It is no limit:
above it the assessment only asks to check the dose.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("medications.csv")
# A number, letters, or letters with digits in them: "XL300" is two words, "T3" is one.
WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]{2,}|[^\W_]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


DOSE = _set(
    """mg mcg milligram milligrams microgram micrograms h hr hrs hour hours day daily once twice bid tid qd qhs qam qpm
    po nightly bedtime tab tabs tablet tablets caps capsule capsules"""
)
RELEASE = _set("xl xr sr er cr dr la ir odt cd ec")
RELEASE_IN_WORDS = {
    "controlled release": "cr",
    "delayed release": "dr",
    "extended release": "er",
    "immediate release": "ir",
    "long acting": "la",
    "orally disintegrating": "odt",
    "sustained release": "sr",
}
ROUTE = _set("patch transdermal nasal spray")
SALT = _set(
    """hcl hydrochloride dihydrochloride hbr hydrobromide acetate besylate carbonate citrate fumarate maleate mesylate
    oxalate pamoate phosphate sodium succinate sulfate tartrate tosylate"""
)
FORM = RELEASE | ROUTE | SALT
# What is left out of a name, the least first. Some rows have such a word in their own name: paroxetine CR.
LEFT_OUT = (frozenset[str](), SALT, RELEASE, RELEASE | SALT, ROUTE, ROUTE | SALT, ROUTE | RELEASE, FORM)
SEPARATOR = re.compile(r"[,;+&\n]")
LONGEST_NAME = 4
"""Words in a name with its release form and salt."""


@dataclass(frozen=True)
class Medication:
    generic: str
    """Name of the row; no two rows share one."""
    ingredient: str
    """Rows with the same ingredient are the same medication: paroxetine and paroxetine CR count once."""
    drug_class: str
    brands: tuple[str, ...]
    aliases: tuple[str, ...]
    minimum_mg: float | None
    """Smallest adequate dose in mg a day. None: not known, or not an antidepressant."""
    maximum_mg: float | None
    """Usual highest dose in mg a day. None: not known, or not dosed in mg."""
    rxcui: str
    """RxNorm code of the ingredient, or "" if it is not confirmed."""
    role: str
    """antidepressant | augmentation | other."""
    source: str
    checked_on: date

    @property
    def counts(self) -> bool:
        """Whether a trial of it can be an antidepressant trial."""
        return self.role == "antidepressant"

    @property
    def parts(self) -> tuple[str, ...]:
        """The drugs in a combination: olanzapine and fluoxetine. () for a single drug."""
        return tuple(self.generic.split("-")) if "-" in self.generic and " " not in self.generic else ()


@cache
def medications() -> tuple[Medication, ...]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return tuple(_medication(row) for row in csv.DictReader(file))


def find(text: str) -> Medication | None:
    """The medication of that name. Case, dose, release form and salt do not matter: `Wellbutrin XL 300` is bupropion.

    Names must be spelled right, and a text with two medications is None: the clinic reads it as it was typed.
    A row with a release form or a salt in its own name comes first: `Paxil CR`, `bupropion hydrobromide`.
    """
    name = without_dose(text)
    left_out = LEFT_OUT if FORM.intersection(name.split()) else LEFT_OUT[:1]
    return next((found for words in left_out if (found := _by_name().get(_without(name, words)))), None)


def mentioned(text: str) -> tuple[Medication, ...]:
    """The medications of the table that are named in a longer text, each once. Misspelled names are missed."""
    found = (medication for part in SEPARATOR.split(text) for medication in _named_in(without_dose(part).split()))
    return tuple(dict.fromkeys(found))


def _named_in(words: list[str]) -> Iterator[Medication]:
    """The longest name first, so that `Paxil CR` is not read as Paxil."""
    while words:
        sizes = range(min(LONGEST_NAME, len(words)), 0, -1)
        size, medication = next(((s, m) for s in sizes if (m := find(" ".join(words[:s])))), (1, None))
        if medication:
            yield medication
        words = words[size:]


def without_dose(text: str) -> str:
    """The words of a name in lower case, one space between them: `Paxil-CR 25 mg` gives `paxil cr`."""
    words = (word for word in WORD.findall(text.casefold()) if not word[0].isdigit() and word not in DOSE)
    name = " ".join(words)
    for spelled_out, short in RELEASE_IN_WORDS.items():
        name = name.replace(spelled_out, short)
    return name


def without_form(name: str) -> str:
    """Without release forms, routes and salts; `name` must come from `without_dose`."""
    return _without(name, FORM)


def _without(name: str, dropped: frozenset[str]) -> str:
    return " ".join(word for word in name.split() if word not in dropped)


@cache
def _by_name() -> dict[str, Medication]:
    """Every way to write each medication, including `Zoloft (sertraline)` and `sertraline (Zoloft)`."""
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
