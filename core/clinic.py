"""Who the clinic is: content/clinic.toml. What it has not given is left out, never made up. Its day is the site's:
whatever is due, past or so many years old is so by the clinic's calendar, and not by the server's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from core import clock
from core.config import ConfigError

NUMBERS = ("phone", "fax")
"""Facts that may be given as a bare number."""


@dataclass(frozen=True)
class Clinic:
    name: str
    place: str
    phone: str | None = None
    street: str | None = None
    hours: str | None = None
    security_contact: str | None = None
    """mailto: or https: address for reports of a vulnerability (RFC 9116)."""
    fax: str | None = None
    referrals_email: str | None = None
    """Who is told that a referral has arrived."""
    referrals_read_within: str | None = None
    referrals_decided_within: str | None = None
    """Promises to referring clinicians, in words: 1 business day."""
    timezone: str = "America/Los_Angeles"
    """A name of the IANA time zone database."""

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))

    def today(self) -> date:
        return self.local(clock.now()).date()

    def missing(self) -> list[str]:
        """What a visitor would look for and the clinic has not given."""
        return [name for name in ("phone", "street", "hours") if not getattr(self, name)]


def today() -> date:
    """The clinic's day, within the application."""
    clinic: Clinic = current_app.config["CLINIC"]
    return clinic.today()


def load(path: Path) -> Clinic:
    """Raises ConfigError, with the file and the key that is wrong."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # unreadable, no UTF-8 or no TOML
        raise ConfigError(f"{path}: {error}") from error
    if problems := list(_problems(given)):
        raise ConfigError("\n".join(f"{path}: {problem}" for problem in problems))
    texts = {name: str(value).strip() for name, value in given.items()}
    return Clinic(**{name: text for name, text in texts.items() if text})


def _problems(given: Mapping[str, Any]) -> list[str]:
    known = {f.name for f in fields(Clinic)}
    unknown = [f"unknown {name}; known are {', '.join(sorted(known))}" for name in sorted(given.keys() - known)]
    wrong = [
        f'{name} must be text in quotes, like {name} = "…", not {_kind(value)}'
        for name, value in given.items()
        if name in known and not _is_text(name, value)
    ]
    missing = [f"{name} is missing" for name in ("name", "place") if not str(given.get(name, "")).strip()]
    return [*unknown, *wrong, *missing, *_unknown_zone(given.get("timezone"))]


def _is_text(name: str, value: object) -> bool:
    return isinstance(value, str) or (name in NUMBERS and isinstance(value, int) and not isinstance(value, bool))


def _kind(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _unknown_zone(name: object) -> list[str]:
    if not isinstance(name, str) or not name.strip():
        return []
    try:
        ZoneInfo(name.strip())
    except (OSError, ValueError, KeyError):  # a folder, a path or an unknown name
        return [f"timezone {name!r} is no time zone; an example is America/Los_Angeles"]
    return []
