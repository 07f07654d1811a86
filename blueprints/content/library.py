"""The words: Markdown files with front matter become pages. What is wrong stops the start, with file and line."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin

from blueprints.content import charts, citations, references

REQUIRED = {
    "title": str,
    "summary": str,
    "reviewed_on": datetime.date,
    "reviewed_by": str,
    "review_due": datetime.date,
}
OPTIONAL = frozenset({"kind"})
KINDS = ("page", "treatment")
# What a page about a treatment cannot be without, as it stands in the page.
TREATMENT_BOXES = {
    "::: status-offlabel or ::: boxed": re.compile(r'class="(status-offlabel|boxed)"'),
    "::: risks": re.compile(r'class="risks"'),
    "::: balance with Not for emergencies": re.compile(r'class="balance".*?<dt>Not for emergencies</dt>', re.DOTALL),
}
NOT_REVIEWED = "not yet reviewed"
ChartRenderer = Callable[[charts.Chart], str]


class ContentError(click.ClickException):
    """Something in content/ is wrong; the message starts with file:line. A command shows it plainly."""


@dataclass(frozen=True)
class Page:
    path: str
    source: Path
    title: str
    summary: str
    reviewed_on: datetime.date
    reviewed_by: str
    review_due: datetime.date
    html: Markup
    references: list[citations.Cited]
    kind: str = "page"
    """page | treatment."""

    @property
    def is_reviewed(self) -> bool:
        return self.reviewed_by != NOT_REVIEWED


@dataclass(frozen=True)
class Library:
    pages: dict[str, Page]
    references: list[references.Reference]
    glossary: frozenset[str]
    """Terms that count as easy words."""


@dataclass
class Shelf:
    """Gives out the library; in development it is read again when a file was saved."""

    folder: Path
    render_chart: ChartRenderer
    watch: bool
    _stamp: float = -1
    _library: Library = field(init=False)

    def library(self) -> Library:
        if self._stamp < 0 or self.watch:
            stamp = max(path.stat().st_mtime for path in self.folder.rglob("*"))
            if stamp != self._stamp:
                self._library, self._stamp = load(self.folder, self.render_chart), stamp
        return self._library


def load(folder: Path, render_chart: ChartRenderer) -> Library:
    """Every page of the folder. Raises ContentError."""
    sources = _sources(folder / "references.json")
    files = sorted(folder.rglob("*.md"))
    pages = [_page(file, folder, sources, render_chart) for file in files]
    cited = {item.key for page in pages for item in page.references}
    for unused in sources.keys() - cited:
        raise _error(folder / "references.json", f'"{unused}"', f"{unused} is not cited on any page")
    by_name = sorted(sources.values(), key=lambda source: source.short.casefold())
    glossary = frozenset(tomllib.loads((folder / "glossary.toml").read_text()))
    return Library({page.path: page for page in pages}, by_name, glossary)


def _sources(file: Path) -> dict[str, references.Reference]:
    try:
        return references.load(file)
    except references.IncompleteReference as error:
        key, missing = error.args
        raise _error(file, f'"{key}"', f"{key} says nothing of its {missing}") from error


def _page(file: Path, folder: Path, sources: dict[str, references.Reference], render_chart: ChartRenderer) -> Page:
    front, body = split(file)
    numbers = citations.Citations(sources)
    try:
        html = markdown().render(body, {"citations": numbers, "charts": _chart_maker(folder, numbers, render_chart)})
    except citations.UnknownReference as error:
        raise _error(file, f"@{error}", f"unknown reference @{error}") from error
    for box, there in TREATMENT_BOXES.items() if front.get("kind") == "treatment" else ():
        if not there.search(html):
            raise _error(file, "kind:", f"a page about a treatment needs {box}")
    # Our own Markdown with HTML switched off, never a visitor's words.
    return Page(_path(file, folder), file, html=Markup(html), references=list(numbers.cited.values()), **front)  # noqa: S704


def _chart_maker(folder: Path, numbers: citations.Citations, render: ChartRenderer) -> Callable[[str], str]:
    return lambda name: render(charts.load(folder / "charts" / f"{name}.toml", numbers))


def _path(file: Path, folder: Path) -> str:
    name = file.relative_to(folder).with_suffix("").as_posix()
    return "/" if name == "index" else f"/{name}"


def split(file: Path) -> tuple[dict[str, Any], str]:
    """Front matter, checked, and the body below it."""
    parts = file.read_text().split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ContentError(f"{file}:1: the page must start with front matter between --- lines")
    try:
        front = yaml.safe_load(parts[1]) or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise ContentError(f"{file}:{line}: the front matter is not YAML") from error
    for problem in _front_problems(front):
        raise _error(file, f"{problem.split()[0]}:", f"front matter: {problem}")
    return front, parts[2]


def _front_problems(front: dict[str, Any]) -> Iterator[str]:
    for name, kind in REQUIRED.items():
        if not front.get(name):
            yield f"{name} is missing"
        elif not isinstance(front[name], kind):
            yield f"{name} must be a {'date like 2026-11-23' if kind is datetime.date else 'text'}"
    for name in front.keys() - REQUIRED.keys() - OPTIONAL:
        yield f"{name} is not known"
    if front.get("kind", KINDS[0]) not in KINDS:
        yield f"kind must be one of {', '.join(KINDS)}"


def _error(file: Path, sought: str, message: str) -> ContentError:
    lines = file.read_text().splitlines()
    line = next((number for number, text in enumerate(lines, 1) if sought in text), 1)
    return ContentError(f"{file}:{line}: {message}")


def markdown() -> MarkdownIt:
    """What reads the words: CommonMark with tables, definition lists, citations and `:::` boxes."""
    md = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(["table", "smartquotes"])
    md.use(citations.plugin).use(deflist_plugin).use(anchors_plugin, max_level=3, slug_func=_slug)
    md.use(container_plugin, "box", validate=lambda *_: True, render=_box)
    md.add_render_rule("table_open", _table_open)
    md.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return md


def _slug(heading: str) -> str:
    """An id for a heading; ids begin with a letter."""
    words = re.findall(r"[a-z0-9]+", heading.casefold())
    return "-".join(words if words and words[0][0].isalpha() else ["about", *words])


def _box(_self: RendererHTML, tokens: list[Token], index: int, _options: Any, env: Any) -> str:
    """`::: name` is a div of that class, `::: chart name` a chart."""
    if tokens[index].nesting < 0:
        return "</div>\n"
    name, _, argument = tokens[index].info.strip().partition(" ")
    if name == "chart":
        return f'<div class="chart-box">\n{env["charts"](argument)}'
    return f'<div class="{name}">\n'


def _table_open(_self: RendererHTML, _tokens: list[Token], _index: int, _options: Any, env: Any) -> str:
    """A wide table scrolls by itself, and by keyboard, so that the page never does."""
    env["tables"] = env.get("tables", 0) + 1
    return f'<div class="table-scroll" role="region" tabindex="0" aria-label="Table {env["tables"]}"><table>\n'
