"""Exports the sources as BibTeX, for reference managers. The CSL-JSON file is authoritative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from blueprints.content.references import Reference, year

KINDS = {"article-journal": "article"}
FIELDS = {
    "journal": "container-title",
    "volume": "volume",
    "number": "issue",
    "pages": "page",
    "doi": "DOI",
    "url": "URL",
}


def export(references: Iterable[Reference]) -> str:
    return "\n".join(_entry(reference) for reference in references)


def _entry(reference: Reference) -> str:
    kind = KINDS.get(reference.data["type"], "misc")
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(reference))
    return f"@{kind}{{{reference.key},\n{fields}}}\n"


def _fields(reference: Reference) -> Iterator[tuple[str, str]]:
    data = reference.data
    yield "author", " and ".join(_names(data))
    # Inner braces preserve capitals, as in ECT.
    yield "title", f"{{{_plain(data['title'])}}}"
    if year(data):
        yield "year", year(data)
    for name, source in FIELDS.items():
        if data.get(source):
            yield name, data[source] if name in ("doi", "url") else _plain(data[source]).replace("–", "--")
    yield "note", _plain(reference.evidence.finding)


def _names(data: dict[str, Any]) -> Iterator[str]:
    for author in data["author"]:
        given = author.get("given", "")
        yield f"{{{_plain(author['literal'])}}}" if "literal" in author else f"{_plain(author['family'])}, {given}"
    if data["custom"].get("more_authors"):
        yield "others"


def _plain(text: str) -> str:
    """Escapes TeX's special characters."""
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
