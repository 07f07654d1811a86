"""Checks an editor would make of the content. Errors that prevent startup are in library.py."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it.token import Token

from blueprints.content import readability
from blueprints.content.frontmatter import split
from blueprints.content.library import Library, Page
from blueprints.content.markup import markdown
from blueprints.content.updates import PATH as UPDATES

# Claims that no page may make.
BANNED = re.compile(
    r"\bbreakthrough|\bcure[sd]?\b|\bmiracle|\bguarantee|\bwithout risk|\bno side effects|\bnon-addictive"
    r"|\bproven\b|\bsafe(?:ly|r)?\b|\brisk-free|press 3",
    re.IGNORECASE,
)
FIGURE = re.compile(
    r"\d[\d.,]*\s?%|\b\d[\d,]*\s+(?:[\w-]+\s+){0,2}?(?:people|patients|adults|veterans|women|men|trials)\b"
    r"|\b(?:one|two|three|four|five|\d+) (?:in|out of) (?:two|three|four|five|ten|twenty|\d+)\b",
    re.IGNORECASE,
)
CITATION = re.compile(r"\[@[^\]]+\]")
SENTENCE_END = re.compile(r"(?<=[.!?\]])\s+(?=[\"“*[]*[A-Z])")
HARDEST = 9.0
HARDEST_FOR_PATIENTS = 8.0
FOR_PATIENTS = frozenset({"/", "/journey", "/crisis", "/eligibility", "/faq", "/cost", "/visit", "/for-patients"})


@dataclass(frozen=True)
class Problem:
    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Passage:
    """A paragraph, heading, list item or table row: its Markdown, line number and heading level."""

    text: str
    line: int
    heading: int = 0
    row: bool = False

    def sentences(self) -> list[str]:
        return SENTENCE_END.split(" ".join(self.text.split()))


def problems(library: Library, addresses: Collection[str], today: datetime.date) -> Iterator[Problem]:
    """`addresses`: the site's paths other than content pages."""
    for page in (*library.pages.values(), *library.drafts.values()):
        yield from problems_of(page, library, addresses, today)
    for note in library.notes:
        yield from _text_problems(note.source, library.pages[UPDATES], library, addresses)


def problems_of(page: Page, library: Library, addresses: Collection[str], today: datetime.date) -> Iterator[Problem]:
    yield from _text_problems(page.source, page, library, addresses)
    if page.review_due and page.review_due < today:
        yield Problem(page.source, 1, f"the review was due on {page.review_due}: have the page reviewed again")
    if (found := grade(page, library.glossary)) > limit(page):
        yield Problem(page.source, 1, f"reading grade {found:.1f} is above {limit(page):.0f}: shorten sentences")


def _text_problems(source: Path, page: Page, library: Library, addresses: Collection[str]) -> Iterator[Problem]:
    """Problems in one file, whose text is shown on that page."""
    passages = list(read(source))
    yield from _headings(source, passages)
    for passage in passages:
        yield from _uncited(source, passage)
        yield from _banned(source, passage)
        yield from _lost(source, passage, page, library, addresses)


def limit(page: Page) -> float:
    return HARDEST_FOR_PATIENTS if page.path in FOR_PATIENTS else HARDEST


def grade(page: Page, glossary: Collection[str]) -> float:
    plain = (_plain(sentence) for passage in read(page.source) for sentence in passage.sentences())
    return readability.grade([sentence for sentence in plain if readability.WORD.search(sentence)], glossary)


def read(source: Path) -> Iterator[Passage]:
    _, body = split(source)
    before = source.read_text().removesuffix(body).count("\n")
    row: list[str] | None = None
    heading = 0
    for token in markdown().parse(body, {}):
        heading = int(token.tag[1]) if token.type == "heading_open" else heading
        if token.type == "tr_open":
            row, line = [], _line(token, before)
        elif token.type == "tr_close" and row is not None:
            yield Passage(". ".join(row), line, row=True)
            row = None
        elif token.type == "inline" and row is not None:
            row.append(token.content)
        elif token.type == "inline":
            yield Passage(token.content, _line(token, before), heading)
            heading = 0


def _line(token: Token, before: int) -> int:
    return (token.map[0] if token.map else 0) + before + 1


def _headings(source: Path, passages: list[Passage]) -> Iterator[Problem]:
    above = 1
    for passage in passages:
        if passage.heading > above + 1:
            yield Problem(source, passage.line, f"a heading of level {passage.heading} follows one of {above}")
        above = passage.heading or above


def _uncited(source: Path, passage: Passage) -> Iterator[Problem]:
    """In a row of a table one citation serves every cell."""
    for claim in [passage.text] if passage.row else passage.sentences():
        figure = FIGURE.search(CITATION.sub("", claim))
        if figure and not CITATION.search(claim):
            yield Problem(source, passage.line, f"“{figure[0]}” needs a source: add [@key] to its sentence")


def _banned(source: Path, passage: Passage) -> Iterator[Problem]:
    for promise in BANNED.findall(passage.text):
        yield Problem(source, passage.line, f"“{promise}” promises too much: say what the study found")


def _lost(
    source: Path, passage: Passage, page: Page, library: Library, addresses: Collection[str]
) -> Iterator[Problem]:
    for target in re.findall(r"\]\(([/#][^)]*)\)", passage.text):
        path, _, fragment = target.partition("#")
        there = library.pages.get(path or page.path)
        found = f'id="{fragment}"' in there.html if there and fragment else there or path in addresses
        if not found:
            yield Problem(source, passage.line, f"{target} is a broken link")


def _plain(sentence: str) -> str:
    """Without citations, link targets and emphasis marks."""
    return re.sub(r"[*_]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", CITATION.sub("", sentence)))
