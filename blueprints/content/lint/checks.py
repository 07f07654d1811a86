"""All checks of the words of the site, in all of their places."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from blueprints.content.library import Library, Page
from blueprints.content.lint import ledger, links, numbers, readability, reviews, wording
from blueprints.content.lint.places import data, pages, templates
from blueprints.content.lint.places.passages import Kind, Passage, Problem
from blueprints.content.updates import PATH as UPDATES

HARDEST = 9.0
HARDEST_FOR_PATIENTS = 8.0
FOR_PATIENTS = frozenset({"/", "/journey", "/crisis", "/eligibility", "/faq", "/cost", "/visit", "/for-patients"})
unreviewed = reviews.missing


def problems(
    library: Library, addresses: Collection[str], today: datetime.date, templates_folder: Path
) -> Iterator[Problem]:
    """`addresses`: the site's paths other than content pages. Raises ContentError if the ledger cannot be read."""
    for page in _pages(library):
        yield from _page_problems(page, library, addresses, today)
    for note in library.notes:
        yield from _link_problems(pages.of_body(note.source), library.pages[UPDATES], library, addresses)
    everything = list(passages(library, templates_folder))
    known = ledger.load(library.folder / ledger.NAME)
    yield from ledger.problems(known, _keys(library), animal_studies(library))
    yield from _claim_problems(everything, library, known)


def problems_of(page: Page, library: Library, addresses: Collection[str], today: datetime.date) -> Iterator[Problem]:
    """Of one page, such as an issue of the newsletter. Raises ContentError if the ledger cannot be read."""
    yield from _page_problems(page, library, addresses, today)
    yield from _claim_problems(list(pages.of_page(page.source)), library, ledger.load(library.folder / ledger.NAME))


def unused(library: Library, templates_folder: Path) -> Iterator[Problem]:
    """Lines of the ledger that nothing on the site uses."""
    return numbers.unused(passages(library, templates_folder), ledger.load(library.folder / ledger.NAME))


def missing(library: Library, templates_folder: Path) -> Iterator[numbers.Use]:
    """Numbers with a source that the ledger does not have for it."""
    known = ledger.load(library.folder / ledger.NAME)
    return (use for use in numbers.uses(passages(library, templates_folder), known) if use.sources and not use.claims)


OF_THE_DESK = ("staff", "security")
"""Folders of templates that only staff see. Their numbers are about the clinic's own work, not about treatments."""


def passages(library: Library, templates_folder: Path) -> Iterator[Passage]:
    """All text of the site that is not made by code."""
    for page in _pages(library):
        yield from pages.of_page(page.source)
    for note in library.notes:
        yield from pages.of_page(note.source)
    for chart in sorted((library.folder / "charts").glob("*.toml")):
        yield from data.of_chart(chart)
    yield from data.of_references(library.folder / "references.json")
    yield from data.of_texts(library.folder / "glossary.toml", Kind.PLAIN)
    if (clinic := library.folder / "clinic.toml").exists():
        yield from data.of_texts(clinic, Kind.CLINIC)
    for template in sorted(file for file in templates_folder.rglob("*.*") if file.is_file()):
        if template.relative_to(templates_folder).parts[0] not in OF_THE_DESK:
            yield from templates.of_template(template)


def animal_studies(library: Library) -> frozenset[str]:
    return frozenset(source.key for source in library.references if source.evidence.population == "animal")


def limit(page: Page) -> float:
    return HARDEST_FOR_PATIENTS if page.path in FOR_PATIENTS else HARDEST


def grade(page: Page, glossary: Collection[str]) -> float:
    plain = (sentence.plain for passage in pages.of_body(page.source) for sentence in passage.sentences())
    return readability.grade([sentence for sentence in plain if readability.WORD.search(sentence)], glossary)


def _pages(library: Library) -> tuple[Page, ...]:
    return (*library.pages.values(), *library.drafts.values())


def _keys(library: Library) -> frozenset[str]:
    return frozenset(source.key for source in library.references)


def _page_problems(page: Page, library: Library, addresses: Collection[str], today: datetime.date) -> Iterator[Problem]:
    yield from _link_problems(pages.of_body(page.source), page, library, addresses)
    yield from reviews.overdue(page, today)
    if (found := grade(page, library.glossary)) > limit(page):
        yield Problem(page.source, 1, f"reading grade {found:.1f} is above {limit(page):.0f}: shorten sentences")


def _link_problems(
    body: Sequence[Passage], page: Page, library: Library, addresses: Collection[str]
) -> Iterator[Problem]:
    """Of one file, whose text is shown on that page."""
    yield from links.headings(body)
    for passage in body:
        yield from links.broken(passage, page, library, addresses)


def _claim_problems(everything: list[Passage], library: Library, known: ledger.Ledger) -> Iterator[Problem]:
    for passage in everything:
        yield from wording.problems(passage)
    yield from numbers.problems(everything, known, animal_studies(library))
