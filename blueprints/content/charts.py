"""Charts: turns published figures into positions on an axis. Each figure needs a source and a number of people."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blueprints.content.citations import Citations, Cited
from blueprints.content.frontmatter import mistake

Z_95 = 1.959963984540054
KINDS = ("dots", "people", "lanes")


@dataclass(frozen=True)
class Arm:
    """Results of one group: percent as published; low and high are its 95 % interval, or None."""

    name: str
    kind: str
    percent: float
    n: int | None
    low: float | None
    high: float | None

    @property
    def rows(self) -> list[int]:
        """Filled figures in each of five rows of twenty."""
        return [max(0, min(20, round(self.percent) - start)) for start in range(0, 100, 20)]


@dataclass(frozen=True)
class Study:
    label: str
    design: str
    people: int
    source: Cited
    arms: list[Arm]


@dataclass(frozen=True)
class Segment:
    """A time span, with its position `x` and `width` in percent of the axis."""

    label: str
    start: float
    end: float
    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class Lane:
    label: str
    sources: list[Cited]
    segments: list[Segment]


@dataclass(frozen=True)
class Chart:
    """dots: shares with their intervals; people: shares as people out of a hundred; lanes: a timeline."""

    id: str
    kind: str
    title: str
    measure: str
    caveat: str
    studies: list[Study] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    unit: str = ""
    end: float = 0


def wilson(percent: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval in percent, for a share of n people (Wilson 1927)."""
    p, z2 = percent / 100, Z_95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return round(100 * (middle - half), 1), round(100 * (middle + half), 1)


def load(path: Path, citations: Citations) -> Chart:
    """Loads a chart from a TOML file. Its sources are numbered along with the page's. Raises ContentError."""
    data = tomllib.loads(path.read_text())
    kind = data.get("kind", KINDS[0])
    if kind not in KINDS:
        raise mistake(path, "kind", f"kind must be one of {', '.join(KINDS)}")
    try:
        studies = [_study(study, citations) for study in data.get("study", ())]
        lanes = [_lane(lane, data["end"], citations) for lane in data.get("lane", ())]
        words = data["title"], data["measure"], data["caveat"]
    except KeyError as missing:
        raise mistake(path, "[[", f"a figure needs {missing.args[0]}") from missing
    return Chart(path.stem, kind, *words, studies, lanes, data.get("unit", ""), data.get("end", 0))


def _study(data: dict[str, Any], citations: Citations) -> Study:
    source = citations.cite(data["cite"])
    arms = [_arm(arm) for arm in data["arm"]]
    return Study(data["label"], data["design"], data["people"], source, arms)


def _arm(data: dict[str, Any]) -> Arm:
    n = data.get("n")
    low, high = wilson(data["percent"], n) if n else (None, None)
    return Arm(data["name"], data["kind"], data["percent"], n, low, high)


def _lane(data: dict[str, Any], end: float, citations: Citations) -> Lane:
    sources = [citations.cite(key) for key in data["cite"]]
    segments = [_segment(segment, end) for segment in data["segment"]]
    return Lane(data["label"], sources, segments)


def _segment(data: dict[str, Any], end: float) -> Segment:
    start, stop = data["from"], data["to"]
    place = round(100 * start / end, 2), round(100 * (stop - start) / end, 2)
    return Segment(data["label"], start, stop, data["kind"], *place)
