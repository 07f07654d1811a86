"""Facts about the clinic, from content/clinic.toml. A fact that is not given is left out of the pages, never made up.
Dates (due, past, a person's age) follow the clinic's time zone, not the server's.

Facts that all pages share are at the top of the file; each feature declares its own table (`facts`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask.sansio.app import App

from core import clock
from core.config import ConfigError

NUMBERS = ("phone", "fax")
"""Facts that may be written as a number without quotes."""
Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Tables:
    """The rest of the file: the tables that features declare. The common facts are fields of Clinic."""

    file: Path = Path("content/clinic.toml")
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Clinic:
    name: str
    place: str
    phone: str | None = None
    street: str | None = None
    hours: str | None = None
    security_contact: str | None = None
    """mailto: or https: URL for vulnerability reports (RFC 9116)."""
    fax: str | None = None
    timezone: str = "America/Los_Angeles"
    """An IANA time zone name."""
    tables: Tables = field(default_factory=Tables)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))

    def today(self) -> date:
        return self.local(clock.now()).date()

    def missing(self) -> list[str]:
        """Facts that a visitor would look for and that are not given."""
        return [name for name in ("phone", "street", "hours") if not getattr(self, name)]


def current() -> Clinic:
    """The clinic's facts. Needs an application context."""
    clinic: Clinic = current_app.config["CLINIC"]
    return clinic


def today() -> date:
    """Today's date at the clinic. Needs an application context."""
    return current().today()


COMMON = tuple(f.name for f in fields(Clinic) if f.name != "tables")


def load(path: Path) -> Clinic:
    """The common facts. The rest of the file is kept for `facts` and `check`.

    Raises ConfigError, which names the file and the wrong key."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # unreadable, not UTF-8 or not TOML
        raise ConfigError(f"{path}: {error}") from error
    common = {name: value for name, value in given.items() if name in COMMON}
    missing = [f"{name} is missing" for name in ("name", "place") if not str(given.get(name, "")).strip()]
    _refuse(path, [*_wrong_kinds(common), *missing, *_unknown_zone(given.get("timezone"))])
    return Clinic(**_texts(common), tables=Tables(path, {n: v for n, v in given.items() if n not in COMMON}))


def facts(app: App, table: str, kind: type[Facts]) -> Facts:
    """A feature's own facts, read from its table into `kind`, a dataclass whose fields are text or None. Call it in
    `bp.record`, so that a mistake in the file is found at startup. Raises ConfigError."""
    tables = app.config["CLINIC"].tables
    known = sorted(f.name for f in fields(kind))  # type: ignore[arg-type]
    app.extensions.setdefault("clinic_tables", {})[table] = known
    given = tables.given.get(table, {})
    if not isinstance(given, dict):
        _refuse(tables.file, [f"{table} must be a table, [{table}], not {_kind(given)}"])
    unknown = [f"unknown {name}{_home(name)}; known are {', '.join(known)}" for name in given if name not in known]
    wrong = _wrong_kinds({name: value for name, value in given.items() if name in known})
    _refuse(tables.file, [f"[{table}] {problem}" for problem in (*unknown, *wrong)])
    return kind(**_texts(given))


def check(app: Flask) -> None:
    """Call this after all features are registered. Raises ConfigError for facts that none of them declares."""
    tables, declared = app.config["CLINIC"].tables, app.extensions.get("clinic_tables", {})
    unknown = [(name, value) for name, value in tables.given.items() if name not in declared]
    _refuse(tables.file, [_undeclared(name, value, declared) for name, value in unknown])


def _undeclared(name: str, value: object, declared: Mapping[str, list[str]]) -> str:
    if isinstance(value, dict):
        return f"unknown table [{name}]; known are {', '.join(f'[{table}]' for table in sorted(declared)) or 'none'}"
    for table, known in declared.items():
        if name.removeprefix(f"{table}_") in known:
            return f"{name} has moved: write it as {name.removeprefix(f'{table}_')} in the table [{table}]"
    return f"unknown {name}; known are {', '.join(sorted(COMMON))}"


def _home(name: str) -> str:
    """In TOML, every key below a table's heading belongs to that table."""
    return " (it belongs above the first table)" if name in COMMON else ""


def _refuse(file: Path, problems: list[str]) -> None:
    if problems:
        raise ConfigError("\n".join(f"{file}: {problem}" for problem in problems))


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    """As text, without blank ones."""
    return {name: text for name, value in given.items() if (text := str(value).strip())}


def _wrong_kinds(given: Mapping[str, Any]) -> list[str]:
    return [
        f'{name} must be text in quotes, like {name} = "…", not {_kind(value)}'
        for name, value in given.items()
        if not _is_text(name, value)
    ]


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
        return [f"timezone {name!r} is not a time zone; an example is America/Los_Angeles"]
    return []
