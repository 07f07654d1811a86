"""A passage is a piece of the site's text with its place: a paragraph, a table cell, a string of a data file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

CITATION = re.compile(r"\[(@[^\]]+)\]")
# The end of a sentence, after its closing marks and citations. The next one begins with a capital or a digit.
END = re.compile(r"[.!?][”\"’')*_]*(?:\s?\[@[^\]]+\])*(?=\s+[\"“*_(\[]*[A-Z0-9])")
ABBREVIATION = re.compile(r"(?:\b(?:vs|al|approx|Dr|Mr|Ms|No|St|e\.g|i\.e)|\bU\.S)\.$")
# Corrections report what a page said before, in order to take it back.
REPORTED = re.compile(r"^[^“]*\bearlier page\b")
LINK = re.compile(r"!?\[([^\]]*)\]\(([^)]*)\)")


@dataclass(frozen=True)
class Problem:
    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class Kind(Enum):
    """What a place can do about the source of a number."""

    PAGE = "names its sources itself, by [@key]"
    DATA = "has the sources of the entry it belongs to"
    PLAIN = "cannot name a source: a summary, a title"
    TEMPLATE = "cannot name a source, and speaks of forms and mail as well"
    CLINIC = "the center's own facts"


@dataclass(frozen=True)
class Sentence:
    text: str
    line: int

    @property
    def keys(self) -> frozenset[str]:
        """Of the sources that it cites."""
        found = (key for group in CITATION.findall(self.text) for key in group.split(";"))
        return frozenset(key.strip().removeprefix("@") for key in found)

    @property
    def plain(self) -> str:
        """Without citations, the addresses of links, emphasis marks and line breaks."""
        words = LINK.sub(r"\1", CITATION.sub("", self.text))
        return " ".join(re.sub(r"[*_`]", "", words).split())

    @property
    def said(self) -> str:
        """As a line of the ledger quotes it."""
        return self.plain.rstrip(".")


@dataclass(frozen=True)
class Passage:
    file: Path
    line: int
    text: str
    kind: Kind = Kind.PAGE
    sources: frozenset[str] = frozenset()
    """Keys that serve it besides those it cites: of the chart, of the row that it heads."""
    heading: int = 0
    """1 to 6, or 0."""
    is_furniture: bool = False
    """Its numbers belong to a drawing: the marks of an axis."""

    @property
    def can_cite(self) -> bool:
        """A heading names no source: it would stand in the list of contents too."""
        return self.kind in (Kind.PAGE, Kind.DATA) and not self.heading

    def claims(self) -> Iterator[Sentence]:
        """Sentences for whose truth the site stands."""
        is_correction = self.file.parent.name == "updates"
        return (each for each in self.sentences() if not (is_correction and REPORTED.search(each.plain)))

    def sentences(self) -> Iterator[Sentence]:
        start = 0
        for end in END.finditer(self.text):
            if not ABBREVIATION.search(self.text[start : end.start() + 1]):
                yield from self._sentence(start, end.end())
                start = end.end()
        yield from self._sentence(start, len(self.text))

    def _sentence(self, start: int, end: int) -> Iterator[Sentence]:
        words = self.text[start:end]
        before = self.text[:start] + words[: len(words) - len(words.lstrip())]
        if words.strip():
            yield Sentence(words.strip(), self.line + before.count("\n"))
