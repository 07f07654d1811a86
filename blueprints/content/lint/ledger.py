"""The ledger of claims, content/claims.toml: which number comes from which source, about whom, and who checked it."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blueprints.content.frontmatter import mistake
from blueprints.content.lint.places.data import Places
from blueprints.content.lint.places.passages import Problem
from blueprints.content.lint.quantities import Quantity, quantities
from blueprints.content.references import ANIMALS

NAME = "claims.toml"
CLAIM = {
    "claim": str,
    "numbers": list,
    "source": str,
    "population": str,
    "checked_by": str,
    "checked_on": datetime.date,
}
PRACTICE = {"said": str, "given_by": str, "given_on": datetime.date}


@dataclass(frozen=True)
class Claim:
    line: int
    claim: str
    numbers: tuple[str, ...]
    source: str
    population: str
    checked_by: str
    checked_on: datetime.date

    @property
    def is_about_animals(self) -> bool:
        return bool(ANIMALS.search(self.population))

    def known(self) -> Iterator[Quantity]:
        for words in self.numbers:
            yield from quantities(words)


@dataclass(frozen=True)
class Practice:
    """A whole sentence or table cell about the center's own practice. No source stands behind it."""

    line: int
    said: str
    given_by: str
    given_on: datetime.date


@dataclass(frozen=True)
class Ledger:
    file: Path
    claims: list[Claim] = field(default_factory=list)
    practice: list[Practice] = field(default_factory=list)

    def of(self, sources: Collection[str]) -> list[Claim]:
        return [claim for claim in self.claims if claim.source in sources]


def load(file: Path) -> Ledger:
    """Raises ContentError with file and line. Without a file the ledger is empty."""
    if not file.exists():
        return Ledger(file)
    try:
        data = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise mistake(file, "", f"this is not TOML: {error}") from error
    places = Places(file)
    claims = [Claim(**_entry(file, places, entry, CLAIM)) for entry in data.get("claim", ())]
    practice = [Practice(**_entry(file, Places(file), entry, PRACTICE)) for entry in data.get("practice", ())]
    return Ledger(file, claims, practice)


def _entry(file: Path, places: Places, entry: dict[str, Any], fields: dict[str, type]) -> dict[str, Any]:
    first = next(iter(fields))
    line = places.of(first, entry.get(first, ""))
    for name, kind in fields.items():
        if not isinstance(entry.get(name), kind) or not entry[name]:
            raise mistake(file, str(entry.get(first, "")), f"{name} must be a {_words(kind)}")
    if unknown := entry.keys() - fields.keys():
        raise mistake(file, str(entry[first]), f"{', '.join(sorted(unknown))} is not known")
    return {**entry, "line": line} | ({"numbers": tuple(entry["numbers"])} if "numbers" in entry else {})


def _words(kind: type) -> str:
    return {str: "text", list: 'list like ["47%"]', datetime.date: "date like 2026-11-23"}[kind]


def problems(ledger: Ledger, sources: Collection[str], animal: Collection[str]) -> Iterator[Problem]:
    """Lines that fit no source. `animal`: the sources that studied animals."""
    for claim in ledger.claims:
        if claim.source not in sources:
            yield Problem(ledger.file, claim.line, f"references.json has no {claim.source}")
        if claim.source in animal and not claim.is_about_animals:
            said = f"{claim.source} studied animals: name them as the population, such as mice"
            yield Problem(ledger.file, claim.line, said)
        for number in claim.numbers:
            if not quantities(number):
                yield Problem(
                    ledger.file, claim.line, f"“{number}” is not a number with its unit, such as 47% or 4 weeks"
                )
    for practice in ledger.practice:
        if any(quantity.is_result for quantity in quantities(practice.said)):
            said = f"“{practice.said}” states a result or a dose, which needs a claim with its source"
            yield Problem(ledger.file, practice.line, said)
