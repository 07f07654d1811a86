"""The Markdown renderer: CommonMark with tables, definition lists, citations and `:::` boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin

from blueprints.content import citations
from core.clinic import Clinic
from core.clinic.facts import COMMON

CONDITIONS = ("given", "missing")
CONDITIONAL = re.compile(r"<!--(given|missing) (\w+)-->\n(.*?)<!--end-->\n", re.DOTALL)


class UnknownFact(LookupError):
    """A condition names a fact that content/clinic.toml does not have."""


HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)
CITATION = re.compile(r'<sup class="cite">.*?</sup>', re.DOTALL)
FACTS = re.compile(r'<div class="facts">\n(.*?)</div>\n', re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A heading of the second level: its anchor and its words."""

    id: str
    words: str


class UnknownPicture(Exception):
    """A box names a drawing that templates/components/art.html does not have."""


@cache
def markdown() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(["table", "smartquotes"])
    md.use(citations.plugin).use(deflist_plugin).use(anchors_plugin, max_level=3, slug_func=slug)
    md.use(container_plugin, "box", validate=lambda *_: True, render=_box)
    md.add_render_rule("table_open", _table_open)
    md.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return md


def for_clinic(html: Markup, clinic: Clinic) -> Markup:
    """Keeps what is inside `::: given phone` if the clinic has given its phone, and `::: missing phone` if not."""

    def kept(found: re.Match[str]) -> str:
        condition, fact, words = found.groups()
        return words if bool(getattr(clinic, fact)) == (condition == "given") else ""

    return Markup(CONDITIONAL.sub(kept, html))  # noqa: S704 - the page's own HTML, or less of it


def slug(heading: str) -> str:
    """An id for a heading; ids begin with a letter."""
    words = re.findall(r"[a-z0-9]+", heading.casefold())
    return "-".join(words if words and words[0][0].isalpha() else ["about", *words])


def headings(html: str) -> list[Heading]:
    """For a list of what is on the page."""
    return [Heading(id, Markup(CITATION.sub("", words)).striptags()) for id, words in HEADING.findall(html)]  # noqa: S704


def lift_facts(html: str) -> tuple[str, str]:
    """The `::: facts` box before the first heading, which is shown beside the text, and the text without it."""
    opening, heading, rest = html.partition("<h2")
    found = FACTS.search(opening)
    if not found:
        return "", html
    return found[1], opening[: found.start()] + opening[found.end() :] + heading + rest


def _box(_self: RendererHTML, tokens: list[Token], index: int, _options: Any, env: Any) -> str:
    """`::: name` is a div of that class, `::: name drawing` one with a drawing, `::: chart name` a chart, and
    `::: given phone` a condition (`for_clinic`)."""
    if tokens[index].nesting < 0:
        return "</div>\n" if env["boxes"].pop() else "<!--end-->\n"
    name, _, argument = tokens[index].info.strip().partition(" ")
    env.setdefault("boxes", []).append(name not in CONDITIONS)
    if name in CONDITIONS:
        if argument not in COMMON:
            raise UnknownFact(argument)
        return f"<!--{name} {argument}-->\n"
    if name == "chart":
        return f'<div class="chart-box">\n{env["charts"](argument)}'
    return f'<div class="{name}">\n{_picture(argument, env) if argument else ""}'


def _picture(name: str, env: Any) -> str:
    drawing = str(env["pictures"](name)).strip()
    if "<svg" not in drawing:
        raise UnknownPicture(name)
    return drawing


def _table_open(_self: RendererHTML, _tokens: list[Token], _index: int, _options: Any, env: Any) -> str:
    """A wide table scrolls in its own region, by keyboard too, so that the page does not scroll sideways."""
    env["tables"] = env.get("tables", 0) + 1
    return f'<div class="table-scroll" role="region" tabindex="0" aria-label="Table {env["tables"]}"><table>\n'
