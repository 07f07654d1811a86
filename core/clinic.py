"""Who the clinic is: content/clinic.toml. What it has not given is left out, never made up."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Clinic:
    name: str
    place: str
    phone: str | None = None
    street: str | None = None
    hours: str | None = None
    timezone: str = "America/Los_Angeles"

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))

    def missing(self) -> list[str]:
        return [f.name for f in fields(self) if not getattr(self, f.name)]


def load(path: Path) -> Clinic:
    given: dict[str, str] = tomllib.loads(path.read_text())
    known = {f.name for f in fields(Clinic)}
    if unknown := given.keys() - known:
        raise ValueError(f"{path}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return Clinic(**{name: value.strip() for name, value in given.items() if value.strip()})
