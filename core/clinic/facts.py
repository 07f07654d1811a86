"""The facts as values. Each field says which pages show it, for `flask clinic check`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from core import clock


@dataclass(frozen=True)
class Tables:
    """The rest of the file: the tables that features declare. The common facts are fields of Clinic."""

    file: Path = Path("content/clinic.toml")
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Photograph:
    file: str
    """Its path in static/, such as img/rooms/one.jpg."""
    alt: str
    """What it shows, in words, for people who do not see it."""


@dataclass(frozen=True)
class Person:
    name: str
    credentials: str | None = None
    license: str | None = None
    sentence: str | None = None
    photograph: str | None = None
    """A file, as in Photograph."""
    photograph_alt: str | None = None


@dataclass(frozen=True)
class Price:
    what: str
    amount: str
    """As people read it: $450 a visit."""
    note: str | None = None


def fact(*pages: str, default: Any = None) -> Any:
    """A dataclass field for a fact that the clinic may give, and the pages or mails that show it."""
    return field(default=default, metadata={"pages": pages})


@dataclass(frozen=True)
class Clinic:
    name: str
    place: str
    phone: str | None = fact("every page", "/visit", "/refer", "the receipt of a referral")
    fax: str | None = fact("/visit", "/refer")
    street: str | None = fact("every page", "/visit", "every email")
    map_link: str | None = fact("/visit")
    """An https address."""
    hours: str | None = fact("every page", "/visit", "/refer")
    security_contact: str | None = fact("/.well-known/security.txt")
    """mailto: or https: URL for vulnerability reports (RFC 9116)."""
    medical_reviewer: str | None = fact("/visit")
    """Name and credentials of the person who reviews the site's medical content."""
    insurers: tuple[str, ...] = fact("/cost", default=())
    people: tuple[Person, ...] = fact("/visit", default=())
    prices: tuple[Price, ...] = fact("/cost", default=())
    rooms: tuple[Photograph, ...] = fact("/visit", default=())
    timezone: str = "America/Los_Angeles"
    """An IANA time zone name."""
    made_up: bool = False
    """The clinic does not exist: every page and mail says so, and production refuses it."""
    tables: Tables = field(default_factory=Tables)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))

    def today(self) -> date:
        return self.local(clock.now()).date()

    @property
    def phone_link(self) -> str:
        """RFC 3966: tel:+13105550123. A number of ten digits is American; what follows "ext." is the extension."""
        number, _, extension = re.sub(r"(?i)(ext\.?|extension|x)(?=\s*\d)", ";", self.phone or "").partition(";")
        digits = re.sub(r"\D", "", number)
        country = "+1" if len(digits) == 10 else "+"
        ext = re.sub(r"\D", "", extension)
        return f"tel:{country}{digits}" + (f";ext={ext}" if ext else "")

    def missing(self) -> list[str]:
        """Facts that a visitor would look for first and that are not given."""
        return [name for name in ("phone", "street", "hours") if not getattr(self, name)]

    def told(self, table: str, name: str) -> str | None:
        """A fact from a feature's table, for pages of other features; None if it is not given."""
        given = self.tables.given.get(table, {})
        return str(given.get(name, "")).strip() or None


COMMON = tuple(f.name for f in fields(Clinic) if f.name != "tables")


def current() -> Clinic:
    """The clinic's facts. Needs an application context."""
    clinic: Clinic = current_app.config["CLINIC"]
    return clinic


def today() -> date:
    """Today's date at the clinic. Needs an application context."""
    return current().today()
