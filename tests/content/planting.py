"""Puts sentences into each place of the site where words can stand, in a copy of its content and templates."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from blueprints.content import lint
from tests.content.words import CONTENT, load

TEMPLATES = CONTENT.parent / "templates"
ADDRESSES = {"/refer", "/refer/print", "/subscribe", "/references.json", "/updates.atom"}


@dataclass(frozen=True)
class Site:
    content: Path
    templates: Path

    def problems(self, today: datetime.date | None = None) -> list[lint.Problem]:
        """As of the day the content was last edited, unless told otherwise."""
        library = load(self.content)
        day = today or max(page.reviewed_on for page in library.pages.values())
        return list(lint.problems(library, ADDRESSES, day, self.templates))

    def added(self) -> list[str]:
        """Problems that the site as it is does not have, without the folder of the copy."""
        return [said for said in self._told() if said not in _before()]

    def _told(self) -> list[str]:
        roots = (self.content.parent, self.templates.parent)
        return [re.sub("|".join(f"^{root}/" for root in roots), "", str(problem)) for problem in self.problems()]


@cache
def _before() -> frozenset[str]:
    return frozenset(Site(CONTENT, TEMPLATES)._told())


Plant = Callable[[Site, Sequence[str]], Path]
"""Changes a file of the site, and returns it."""


def copy(folder: Path) -> Site:
    content, templates = folder / "content", folder / "templates"
    return Site(Path(shutil.copytree(CONTENT, content)), Path(shutil.copytree(TEMPLATES, templates)))


def append(file: Path, words: str) -> Path:
    file.write_text(f"{file.read_text().rstrip()}\n\n{words}\n")
    return file


def _paragraphs(name: str) -> Plant:
    return lambda site, sentences: append(site.content / name, "\n\n".join(sentences))


def _items(site: Site, sentences: Sequence[str]) -> Path:
    return append(site.content / "journey.md", "\n".join(f"- {sentence}" for sentence in sentences))


def _cells(site: Site, sentences: Sequence[str]) -> Path:
    rows = [f"| One[@reif2023] | {sentence} |" for sentence in sentences]
    return append(site.content / "treatments/compare.md", "\n".join(["| A | B |", "|---|---|", *rows]))


def _text(name: str, key: str) -> Plant:
    """Instead of the first text of that name, in front matter or TOML."""

    def plant(site: Site, sentences: Sequence[str]) -> Path:
        file, words = site.content / name, json.dumps(" ".join(sentences), ensure_ascii=False)
        line = re.compile(rf"^({key}(?: =|:)) .*", re.MULTILINE)
        file.write_text(line.sub(lambda old: f"{old[1]} {words}", file.read_text(), count=1))
        return file

    return plant


def _finding(site: Site, sentences: Sequence[str]) -> Path:
    file = site.content / "references.json"
    items = json.loads(file.read_text())
    next(item for item in items if item["id"] == "reif2023")["custom"]["finding"] = " ".join(sentences)
    lines = (json.dumps(item, ensure_ascii=False) for item in items)
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    return file


def _glossary(site: Site, sentences: Sequence[str]) -> Path:
    terms = (f"term{n} = {json.dumps(words, ensure_ascii=False)}" for n, words in enumerate(sentences))
    return append(site.content / "glossary.toml", "\n".join(terms))


def _template(name: str, before: str, line: str) -> Plant:
    """One line for each sentence, after the words `before`."""

    def plant(site: Site, sentences: Sequence[str]) -> Path:
        file = site.templates / name
        start, found, rest = file.read_text().partition(before)
        assert found
        lines = "\n".join(line.replace("…", sentence) for sentence in sentences)
        file.write_text(f"{start}{found}\n{lines}\n{rest}")
        return file

    return plant


PLACES: dict[str, Plant] = {
    "page": _paragraphs("treatments/spravato.md"),
    "list item": _items,
    "table cell": _cells,
    "summary": _text("crisis.md", "summary"),
    "chart": _text("charts/visit.toml", "caveat"),
    "label of a chart": _text("charts/course.toml", "label"),
    "finding": _finding,
    "glossary": _glossary,
    "newsletter": _paragraphs("newsletters/2026-12-new-pages.md"),
    "summary of a newsletter": _text("newsletters/2026-12-new-pages.md", "summary"),
    "update": _paragraphs("updates/2026-11-23-earlier-page.md"),
    "summary of an update": _text("updates/2026-11-23-earlier-page.md", "summary"),
    "facts of the clinic": _text("clinic.toml", "place"),
    "template": _template("subscriptions/left.html", "</h1>", "  <p>…</p>"),
    "attribute": _template("subscriptions/left.html", "</h1>", '  <img alt="…">'),
    "description": _template("referrals/form.html", "{% block head %}", '<meta name="description" content="…">'),
    "text in Jinja": _template("content/for-patients.html", "{% for id, label in [", '    ("id", "…"),'),
    "mail": _template("email/referral_many.md", "{% block words %}", "…\n"),
}


def lines_of(file: Path, sentence: str) -> set[int]:
    return {number for number, line in enumerate(file.read_text().splitlines(), 1) if sentence in line}
