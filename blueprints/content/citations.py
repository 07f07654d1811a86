"""Sources: CSL-JSON in, numbered notes out. A Markdown rule reads Pandoc citations: [@key; @other]."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

CITATION = re.compile(r"\[(@[\w:.-]+(?:\s*;\s*@[\w:.-]+)*)\]")


@dataclass(frozen=True)
class Reference:
    """One source, as CSL-JSON describes it."""

    key: str
    html: Markup
    note: str
    short: str
    data: dict[str, Any] = field(repr=False)


@dataclass
class Cited:
    """A source on one page: its number there and the places that cite it."""

    reference: Reference
    number: int
    backlinks: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.reference.key

    @property
    def html(self) -> Markup:
        return self.reference.html

    @property
    def note(self) -> str:
        return self.reference.note


class UnknownReference(Exception):
    """A citation names a key that references.json does not have."""


class Citations:
    """Numbers the sources of one page in the order they are first cited."""

    def __init__(self, references: dict[str, Reference]) -> None:
        self.references = references
        self.cited: dict[str, Cited] = {}

    def cite(self, key: str) -> Cited:
        if key not in self.references:
            raise UnknownReference(key)
        if key not in self.cited:
            self.cited[key] = Cited(self.references[key], len(self.cited) + 1)
        return self.cited[key]

    def link(self, key: str) -> str:
        """A numbered link to the source, and an anchor for the way back."""
        cited = self.cite(key)
        anchor = f"cite-{key}-{len(cited.backlinks) + 1}"
        cited.backlinks.append(anchor)
        label = escape(f"{cited.number}, source: {cited.reference.short}")
        return f'<a href="#ref-{key}" id="{anchor}" aria-label="{label}">{cited.number}</a>'


def plugin(md: MarkdownIt) -> None:
    """Reads citations; the page's Citations are in the environment under `citations`."""
    md.inline.ruler.before("link", "citation", _read)
    md.add_render_rule("citation", _render)


def _read(state: StateInline, silent: bool) -> bool:
    match = CITATION.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        keys = [key.strip().removeprefix("@") for key in match[1].split(";")]
        state.push("citation", "", 0).meta = {"keys": keys}
    state.pos = match.end()
    return True


def _render(_self: RendererHTML, tokens: list[Token], index: int, _options: Any, env: Any) -> str:
    """Numbers are given here and not while reading, so that charts between the lines count in order."""
    citations: Citations = env["citations"]
    return '<sup class="cite">' + ", ".join(citations.link(key) for key in tokens[index].meta["keys"]) + "</sup>"


def load(path: Path) -> dict[str, Reference]:
    return {item["id"]: _reference(item) for item in json.loads(path.read_text())}


def _reference(item: dict[str, Any]) -> Reference:
    parts = [_authors(item), _title(item), _container(item)]
    html = Markup(" ").join(part for part in parts if part)
    return Reference(item["id"], html + _links(item), item.get("note", ""), _short(item), item)


def _short(item: dict[str, Any]) -> str:
    authors = item.get("author") or [{"literal": item["title"]}]
    first = authors[0].get("family") or authors[0].get("literal", "")
    return f"{first} {_year(item)}".strip()


def _year(item: dict[str, Any]) -> str:
    parts = item.get("issued", {}).get("date-parts", [[""]])
    return str(parts[0][0])


def _authors(item: dict[str, Any]) -> Markup:
    names = [
        a.get("literal") or f"{a['family']} {''.join(word[0] for word in a.get('given', '').split())}".strip()
        for a in item.get("author", [])
    ]
    if len(names) > 3:
        names = [*names[:3], "et al"]
    return escape(", ".join(names) + "." if names else "")


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
    return journal + escape(f"{_year(item)}{where}.") if _year(item) else journal


def _links(item: dict[str, Any]) -> Markup:
    links = Markup("")
    if doi := item.get("DOI"):
        links += Markup(' <a href="https://doi.org/{0}">doi:{0}</a>').format(doi)
    if pmid := item.get("PMID"):
        links += Markup(' <a href="https://pubmed.ncbi.nlm.nih.gov/{0}/">PubMed {0}</a>').format(pmid)
    return links
