"""Charts: published figures in, places on a 0 to 100 % axis out. No figure without its source."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprints.content.citations import Citations

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Arm:
    """Results of one group: percent as published; low and high are its 95 % interval, or None."""

    name: str
    kind: str
    percent: float
    n: int | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Study:
    label: str
    design: str
    people: int
    number: int
    href: str
    arms: list[Arm]


@dataclass(frozen=True)
class Chart:
    id: str
    title: str
    measure: str
    caveat: str
    studies: list[Study]


def wilson(percent: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval in percent, for a share of n people (Wilson 1927)."""
    p, z2 = percent / 100, Z_95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return round(100 * (middle - half), 1), round(100 * (middle + half), 1)


def load(path: Path, citations: Citations) -> Chart:
    """The chart in a TOML file. Its sources are numbered with the rest of the page."""
    data = tomllib.loads(path.read_text())
    studies = [_study(study, citations) for study in data["study"]]
    return Chart(path.stem, data["title"], data["measure"], data["caveat"], studies)


def _study(data: dict[str, Any], citations: Citations) -> Study:
    cited = citations.cite(data["cite"])
    arms = [_arm(arm) for arm in data["arm"]]
    return Study(data["label"], data["design"], data["people"], cited.number, f"#ref-{cited.key}", arms)


def _arm(data: dict[str, Any]) -> Arm:
    n = data.get("n")
    low, high = wilson(data["percent"], n) if n else (None, None)
    return Arm(data["name"], data["kind"], data["percent"], n, low, high)
