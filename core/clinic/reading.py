"""Reads the file. What is wrong in it stops the start, all at once, each with the file and the key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from flask.sansio.app import App

from core.clinic import kinds
from core.clinic.facts import COMMON, Clinic, Tables
from core.config import ConfigError

Facts = TypeVar("Facts")


def load(path: Path, static: Path) -> Clinic:
    """The common facts; photographs must be files of `static`. The rest of the file is kept for `facts` and `check`.

    Raises ConfigError, which names the file and each wrong key."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # unreadable, not UTF-8 or not TOML
        raise ConfigError(f"{path}: {error}") from error
    common = {name: value for name, value in given.items() if name in COMMON}
    _refuse(path, kinds.common_problems(common, static))
    tables = Tables(path, {name: value for name, value in given.items() if name not in COMMON})
    return Clinic(**{name: _value(name, value) for name, value in common.items() if _value(name, value)}, tables=tables)


def facts(app: App, table: str, kind: type[Facts]) -> Facts:
    """A feature's own facts, read from its table into `kind`, a dataclass whose fields are text or None. Call it in
    `bp.record`, so that a mistake in the file is found at startup. Raises ConfigError."""
    tables = app.config["CLINIC"].tables
    known = sorted(f.name for f in fields(kind))  # type: ignore[arg-type]
    app.extensions.setdefault("clinic_tables", {})[table] = known
    given = tables.given.get(table, {})
    if not isinstance(given, dict):
        _refuse(tables.file, [f"{table} must be a table, [{table}], not {kinds.kind_of(given)}"])
    unknown = [f"unknown {name}{kinds.home(name)}; known are {', '.join(known)}" for name in given if name not in known]
    wrong = kinds.wrong_texts({name: value for name, value in given.items() if name in known})
    _refuse(tables.file, [f"[{table}] {problem}" for problem in (*unknown, *wrong)])
    found = kind(**_texts(given))
    app.extensions.setdefault("clinic_facts", {})[table] = found
    return found


def check(app: Flask) -> None:
    """Call this after all features are registered. Raises ConfigError for facts that none of them declares, and in
    production for a clinic that does not exist."""
    clinic, declared = app.config["CLINIC"], app.extensions.get("clinic_tables", {})
    unknown = [(name, value) for name, value in clinic.tables.given.items() if name not in declared]
    problems = [_undeclared(name, value, declared) for name, value in unknown]
    if clinic.made_up and app.config.get("PRODUCTION"):
        problems.append("made_up is true: a clinic that does not exist must not be shown in production")
    _refuse(clinic.tables.file, problems)


def _undeclared(name: str, value: object, declared: Mapping[str, list[str]]) -> str:
    if isinstance(value, dict):
        return f"unknown table [{name}]; known are {', '.join(f'[{table}]' for table in sorted(declared)) or 'none'}"
    for table, known in declared.items():
        if name.removeprefix(f"{table}_") in known:
            return f"{name} has moved: write it as {name.removeprefix(f'{table}_')} in the table [{table}]"
    return f"unknown {name}; known are {', '.join(sorted(COMMON))}"


def _refuse(file: Path, problems: Iterable[str]) -> None:
    if found := list(problems):
        raise ConfigError("\n".join(f"{file}: {problem}" for problem in found))


def _value(name: str, value: Any) -> Any:
    """As Clinic holds it; "" or () if it is blank."""
    if name in kinds.SWITCHES:
        return value
    if name in kinds.ENTRIES:
        return tuple(kinds.ENTRIES[name](**_texts(entry)) for entry in value)
    return tuple(one.strip() for one in value) if name in kinds.TEXT_LISTS else str(value).strip()


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    """As text, without blank ones."""
    return {name: text for name, value in given.items() if (text := str(value).strip())}
