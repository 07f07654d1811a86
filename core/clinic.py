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
    security_contact: str | None = None
    """mailto: or https: address for reports of a weakness (RFC 9116)."""
    fax: str | None = None
    referrals_email: str | None = None
    """Who is told that a referral has arrived."""
    referrals_read_within: str | None = None
    referrals_decided_within: str | None = None
    """Promises to referring clinicians, in words: 1 business day."""
    timezone: str = "America/Los_Angeles"

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))

    def missing(self) -> list[str]:
        """What a visitor would look for and the clinic has not given."""
        return [name for name in ("phone", "street", "hours") if not getattr(self, name)]


def load(path: Path) -> Clinic:
    given: dict[str, str] = tomllib.loads(path.read_text())
    known = {f.name for f in fields(Clinic)}
    if unknown := given.keys() - known:
        raise ValueError(f"{path}: unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return Clinic(**{name: value.strip() for name, value in given.items() if value.strip()})
