"""Passages of the data files: charts, findings of sources, the glossary and the center's facts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blueprints.content.lint.places.passages import Kind, Passage

SHOWN_OF_A_SOURCE = ("design", "finding", "comparison")


class Places:
    """Finds the lines of values in a TOML file, in the order in which they stand there."""

    def __init__(self, file: Path) -> None:
        self.lines = file.read_text().splitlines()
        self.at: int = 0

    def of(self, key: str, value: Any) -> int:
        """Line of `key = value` at or below the last one found; 1 if it is written in another way."""
        start = re.sub(r'[\\"\n].*', "", str(value), flags=re.DOTALL)[:40] if isinstance(value, str) else str(value)
        number: int
        for number in (*range(self.at, len(self.lines)), *range(self.at)):
            line = self.lines[number]
            if re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line) and start in "".join(self.lines[number : number + 2]):
                self.at = number
                return number + 1
        return 1


def of_chart(file: Path) -> Iterator[Passage]:
    data, places = tomllib.loads(file.read_text()), Places(file)
    entries = [*data.get("study", ()), *data.get("lane", ())]
    every = frozenset(key for entry in entries for key in _cited(entry))
    for key in ("title", "measure", "caveat"):
        yield Passage(file, places.of(key, data.get(key, "")), data.get(key, ""), Kind.DATA, every)
    for entry in entries:
        for line, words in _shown(entry, places, data.get("unit", "")):
            yield Passage(file, line, words, Kind.DATA, _cited(entry))


def _cited(entry: dict[str, Any]) -> frozenset[str]:
    """A study has one source, a lane a list of them."""
    cite = entry.get("cite", ())
    return frozenset([cite] if isinstance(cite, str) else cite)


def _shown(entry: dict[str, Any], places: Places, unit: str) -> Iterator[tuple[int, str]]:
    """Lines and words of a study with its arms, or of a lane with its segments."""
    yield places.of("label", entry.get("label", "")), entry.get("label", "")
    if "people" in entry:
        yield places.of("people", entry["people"]), f"{entry['people']} people"
    if "design" in entry:
        yield places.of("design", entry["design"]), entry["design"]
    for arm in entry.get("arm", ()):
        yield places.of("name", arm["name"]), arm["name"]
        yield places.of("percent", arm["percent"]), f"{arm['percent']}%"
        if "n" in arm:
            yield places.of("n", arm["n"]), f"{arm['n']} people"
    for segment in entry.get("segment", ()):
        length = segment["to"] - segment["from"]
        yield places.of("label", segment["label"]), f"{segment['label']}: {length} {unit}"


def of_references(file: Path) -> Iterator[Passage]:
    """What the pages show of each source besides its bibliography."""
    lines = file.read_text().splitlines()
    for item in json.loads(file.read_text()):
        shown = item.get("custom", {})
        start = next((n for n, line in enumerate(lines) if re.search(rf'"id":\s*"{re.escape(item["id"])}"', line)), 0)
        words = [(name, shown[name]) for name in SHOWN_OF_A_SOURCE if shown.get(name)]
        words += [("people", f"{shown['people']} people")] if shown.get("people") else []
        for name, text in words:
            line = next((n for n in range(start, len(lines)) if f'"{name}"' in lines[n]), start)
            yield Passage(file, line + 1, text, Kind.DATA, frozenset([item["id"]]))


def of_texts(file: Path, kind: Kind) -> Iterator[Passage]:
    """Every string of a TOML file."""
    places = Places(file)
    for key, text in _strings(tomllib.loads(file.read_text())):
        yield Passage(file, places.of(key, text), text, kind)


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, key)
