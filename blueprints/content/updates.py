"""Dated notes on what changed in the content: content/updates/*.md, shown on /updates and in its feed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from blueprints.content.frontmatter import read
from blueprints.content.markup import slug

PATH = "/updates"
REQUIRED = {"title": str, "summary": str, "date": datetime.date}


@dataclass(frozen=True)
class Note:
    source: Path
    title: str
    summary: str
    date: datetime.date
    body: str

    @property
    def address(self) -> str:
        return f"{PATH}#{slug(self.title)}"

    @property
    def section(self) -> str:
        """The note's Markdown, as a section of the page."""
        return f"## {self.title}\n\n{self.date:%B} {self.date.day}, {self.date.year}\n\n{self.body}"


def load(folder: Path) -> list[Note]:
    """Newest first. Raises ContentError."""
    files = [(file, *read(file, REQUIRED)) for file in folder.glob("*.md")]
    notes = [Note(source=file, body=body, **front) for file, front, body in files]
    return sorted(notes, key=lambda note: (note.date, note.source.name), reverse=True)
