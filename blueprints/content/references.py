"""Sources: reads CSL-JSON and returns a formatted reference and its evidence for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

ANIMALS = re.compile(r"\b(?:mice|mouse|rats?|rodents?|animals?|monkeys?)\b", re.IGNORECASE)
MOST_AUTHORS = 6
"""More than this many are shortened to "et al"."""


@dataclass(frozen=True)
class Evidence:
    """The strength of a source, from its `custom` object; the last three are optional."""

    design: str
    finding: str
    people: int | None
    comparison: str
    population: str
    """Whom it studied: human | animal | review."""


@dataclass(frozen=True)
class Reference:
    """One source, as CSL-JSON describes it."""

    key: str
    html: Markup
    short: str
    evidence: Evidence
    data: dict[str, Any] = field(repr=False)


class IncompleteReference(Exception):
    """A source lacks a required field. Arguments: its key and the field's name."""


def load(path: Path) -> dict[str, Reference]:
    """Raises IncompleteReference."""
    return {item["id"]: _reference(item) for item in json.loads(path.read_text())}


def _reference(item: dict[str, Any]) -> Reference:
    custom = item.get("custom", {})
    for place, names in ((item, ("type", "title", "author")), (custom, ("design", "finding"))):
        for name in names:
            if not place.get(name):
                raise IncompleteReference(item["id"], name)
    return Reference(item["id"], Markup(" ").join(_parts(item)) + _links(item), _short(item), _evidence(custom), item)


def _evidence(custom: dict[str, Any]) -> Evidence:
    known = custom["design"], custom["finding"], custom.get("people"), custom.get("comparison", "")
    return Evidence(*known, custom.get("population") or _population(custom["design"]))


def _population(design: str) -> str:
    """A source that does not name its population is taken by the words of its design."""
    return "animal" if ANIMALS.search(design) else "human"


def _parts(item: dict[str, Any]) -> Iterator[Markup]:
    return (part for part in (_authors(item), _title(item), _container(item)) if part)


def _short(item: dict[str, Any]) -> str:
    first = item["author"][0]
    return f"{first.get('family') or first['literal']} {year(item)}".strip()


def year(item: dict[str, Any]) -> str:
    parts = item.get("issued", {}).get("date-parts", [[""]])
    return str(parts[0][0])


def _authors(item: dict[str, Any]) -> Markup:
    names = [
        a.get("literal") or f"{a['family']} {''.join(word[0] for word in a.get('given', '').split())}".strip()
        for a in item["author"]
    ]
    if len(names) > MOST_AUTHORS or item["custom"].get("more_authors"):
        names = [*names[:MOST_AUTHORS], "et al"]
    return escape(", ".join(names) + ".")


def _title(item: dict[str, Any]) -> Markup:
    title = escape(item["title"].rstrip("."))
    if url := item.get("URL"):
        return Markup('<a href="{}">{}</a>.').format(url, title)
    return title + Markup(".")


def _container(item: dict[str, Any]) -> Markup:
    """Journal year;volume(issue):pages."""
    where = f";{item['volume']}" if item.get("volume") else ""
    where += f"({item['issue']})" if item.get("issue") else ""
    where += f":{item['page']}" if item.get("page") else ""
    journal = Markup("<cite>{}</cite> ").format(item["container-title"]) if item.get("container-title") else Markup("")
    return journal + escape(f"{year(item)}{where}.") if year(item) else journal


def _links(item: dict[str, Any]) -> Markup:
    links = Markup("")
    if doi := item.get("DOI"):
        links += Markup(' <a href="https://doi.org/{0}">doi:{0}</a>').format(doi)
    if pmid := item.get("PMID"):
        links += Markup(' <a href="https://pubmed.ncbi.nlm.nih.gov/{0}/">PubMed {0}</a>').format(pmid)
    return links
