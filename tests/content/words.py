"""The site's content, and edits to a copy of it."""

from __future__ import annotations

from pathlib import Path

from blueprints.content import library

CONTENT = Path(__file__).parents[2] / "content"


def load(folder: Path) -> library.Library:
    return library.load(folder, lambda chart: chart.title)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
