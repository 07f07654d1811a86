"""Loads the content: Markdown files with front matter become pages. Errors prevent startup, with file and line."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from blueprints.content import charts, citations, references, updates
from blueprints.content.frontmatter import mistake, read
from blueprints.content.markup import Heading, UnknownFact, UnknownPicture, headings, lift_facts, markdown

REQUIRED = {
    "title": str,
    "summary": str,
    "reviewed_on": datetime.date,
    "reviewed_by": str,
    "review_due": datetime.date,
}
OPTIONAL = {"kind": str, "art": str}
NEWSLETTERS = "/newsletters/"
OF_A_NEWSLETTER = {"title": str, "summary": str, "date": datetime.date, "reviewed_by": str}
# Boxes that every treatment page must have, as they appear in its HTML.
TREATMENT_BOXES = {
    "::: status-offlabel or ::: boxed": re.compile(r'class="(status-offlabel|boxed)"'),
    "::: risks": re.compile(r'class="risks"'),
    "::: balance with Not for emergencies": re.compile(r'class="balance".*?<dt>Not for emergencies</dt>', re.DOTALL),
}
NOT_REVIEWED = "not yet reviewed"
ChartRenderer = Callable[[charts.Chart], str]
Drawer = Callable[[str], str]
"""The drawing of that name, as HTML; empty if there is none."""


def undrawn(name: str) -> str:
    """For readers of words alone."""
    return f"<svg><title>{name}</title></svg>"


@dataclass(frozen=True)
class Page:
    path: str
    source: Path
    title: str
    summary: str
    reviewed_on: datetime.date
    reviewed_by: str
    review_due: datetime.date | None
    """None for a newsletter, which is not revised after sending."""
    html: Markup
    references: list[citations.Cited]
    kind: str = "page"
    """page | treatment | newsletter: a treatment needs TREATMENT_BOXES."""
    art: str = ""
    """A drawing from templates/components/art.html."""
    draft: bool = False
    """A newsletter that is neither public nor sent yet."""
    glance: Markup = Markup()
    """The page's opening facts, shown beside the text. `html` is without them."""

    @property
    def headings(self) -> list[Heading]:
        return headings(self.html)

    @property
    def address(self) -> str:
        return self.path

    @property
    def date(self) -> datetime.date:
        return self.reviewed_on

    @property
    def is_reviewed(self) -> bool:
        return self.reviewed_by != NOT_REVIEWED


@dataclass(frozen=True)
class Library:
    pages: dict[str, Page]
    references: list[references.Reference]
    notes: list[updates.Note]
    """Newest first."""
    glossary: frozenset[str]
    """Terms that count as easy words in the reading grade."""
    drafts: dict[str, Page]
    """Newsletters that are neither public nor sent yet."""
    folder: Path
    """Where all of it was read."""

    @property
    def newsletters(self) -> list[Page]:
        """Newest first."""
        issues = [page for page in self.pages.values() if page.kind == "newsletter"]
        return sorted(issues, key=lambda page: (page.date, page.path), reverse=True)

    @property
    def entries(self) -> list[updates.Note | Page]:
        """Entries of the Atom feed, newest first."""
        return sorted([*self.notes, *self.newsletters], key=lambda entry: entry.date, reverse=True)


@dataclass
class ContentStore:
    """Holds the library. In development it is reloaded when a file changes."""

    folder: Path
    render_chart: ChartRenderer
    watch: bool
    draw: Drawer = undrawn
    _stamp: float = -1
    _library: Library = field(init=False)

    def library(self) -> Library:
        if self._stamp < 0 or self.watch:
            stamp = max(path.stat().st_mtime for path in self.folder.rglob("*"))
            if stamp != self._stamp:
                self._library, self._stamp = load(self.folder, self.render_chart, self.draw), stamp
        return self._library


def load(folder: Path, render_chart: ChartRenderer, draw: Drawer = undrawn) -> Library:
    """Every page of the folder. Raises ContentError."""
    sources = _sources(folder / "references.json")
    notes = updates.load(folder / "updates")
    files = [file for file in sorted(folder.rglob("*.md")) if file.parent.name != "updates"]
    pages = [_page(file, folder, sources, (render_chart, draw), notes) for file in files]
    cited = {item.key for page in pages for item in page.references}
    for unused in sources.keys() - cited:
        raise mistake(folder / "references.json", f'"{unused}"', f"{unused} is not cited on any page")
    by_name = sorted(sources.values(), key=lambda source: source.short.casefold())
    glossary = frozenset(tomllib.loads((folder / "glossary.toml").read_text()))
    public = {page.path: page for page in pages if not page.draft}
    drafts = {page.path: page for page in pages if page.draft}
    return Library(public, by_name, notes, glossary, drafts, folder)


def _sources(file: Path) -> dict[str, references.Reference]:
    try:
        return references.load(file)
    except references.IncompleteReference as error:
        key, missing = error.args
        raise mistake(file, f'"{key}"', f"{key} lacks {missing}") from error


def _page(
    file: Path,
    folder: Path,
    sources: dict[str, references.Reference],
    drawn_by: tuple[ChartRenderer, Drawer],
    notes: list[updates.Note],
) -> Page:
    path, numbers = _path(file, folder), citations.Citations(sources)
    front, body = _front(file, path)
    render_chart, draw = drawn_by
    if front.get("art") and not str(draw(front["art"])).strip():
        raise mistake(file, "art:", f"there is no drawing {front['art']} in templates/components/art.html")
    words = {"citations": numbers, "charts": _chart_maker(file, folder, numbers, render_chart), "pictures": draw}
    texts = [(file, body), *((note.source, note.section) for note in notes if path == updates.PATH)]
    html = "".join(_render(source, text, words) for source, text in texts)
    for box, there in TREATMENT_BOXES.items() if front.get("kind") == "treatment" else ():
        if not there.search(html):
            raise mistake(file, "kind:", f"a page about a treatment needs {box}")
    # Our own Markdown with HTML disabled, never a visitor's input.
    glance, text = map(Markup, lift_facts(html))
    return Page(path, file, html=text, references=list(numbers.cited.values()), glance=glance, **front)


def _front(file: Path, path: str) -> tuple[dict[str, Any], str]:
    if not path.startswith(NEWSLETTERS) or path == NEWSLETTERS:
        return read(file, REQUIRED, OPTIONAL)
    front, body = read(file, OF_A_NEWSLETTER, {"draft": bool})
    sent_on = front.pop("date")
    return {**front, "kind": "newsletter", "reviewed_on": sent_on, "review_due": None}, body


def _render(source: Path, text: str, words: dict[str, Any]) -> str:
    try:
        return str(markdown().render(text, words))
    except citations.UnknownReference as error:
        raise mistake(source, f"@{error}", f"unknown reference @{error}") from error
    except UnknownFact as error:
        raise mistake(source, f" {error}", f"{error} is no fact of content/clinic.toml") from error
    except UnknownPicture as error:
        raise mistake(source, f" {error}", f"there is no drawing {error} in templates/components/art.html") from error


def _chart_maker(
    source: Path, folder: Path, numbers: citations.Citations, render: ChartRenderer
) -> Callable[[str], str]:
    def chart(name: str) -> str:
        file = folder / "charts" / f"{name}.toml"
        if not file.exists():
            raise mistake(source, f"chart {name}", f"there is no chart {name} in {file.parent}")
        return render(charts.load(file, numbers))

    return chart


def _path(file: Path, folder: Path) -> str:
    name = file.relative_to(folder).with_suffix("").as_posix()
    return f"/{name}".removesuffix("index") if file.name == "index.md" else f"/{name}"
