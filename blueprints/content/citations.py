"""Citations: a Markdown rule reads Pandoc's [@key; @other] and numbers the sources of one page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from blueprints.content.references import Evidence, Reference

CITATION = re.compile(r"\[(@[\w:.-]+(?:\s*;\s*@[\w:.-]+)*)\]")


@dataclass
class Cited:
    """A source on one page: its number there and the anchors of its citations."""

    reference: Reference
    number: int
    backlinks: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.reference.key

    @property
    def href(self) -> str:
        return f"#ref-{self.key}"

    @property
    def html(self) -> Markup:
        return self.reference.html

    @property
    def evidence(self) -> Evidence:
        return self.reference.evidence


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
        """A numbered link to the source, with an anchor for the backlink."""
        cited = self.cite(key)
        anchor = f"cite-{key}-{len(cited.backlinks) + 1}"
        cited.backlinks.append(anchor)
        label = escape(f"{cited.number}, source: {cited.reference.short}")
        return f'<a href="{cited.href}" id="{anchor}" aria-label="{label}">{cited.number}</a>'


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
    """Numbers are assigned when rendering, not parsing, so that sources cited in charts are numbered in order."""
    citations: Citations = env["citations"]
    return '<sup class="cite">' + ", ".join(citations.link(key) for key in tokens[index].meta["keys"]) + "</sup>"
