"""Which facts are missing, and which pages wait for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from flask import Flask


@dataclass(frozen=True)
class Missing:
    name: str
    """As it is written in the file: phone, or [referrals] email."""
    pages: tuple[str, ...]


def missing(app: Flask) -> list[Missing]:
    """Facts that are not given, of the clinic first and then of each feature's table, as their fields declare them."""
    tables = sorted(app.extensions.get("clinic_facts", {}).items())
    found = [*_missing("", app.config["CLINIC"])]
    return found + [one for table, facts in tables for one in _missing(f"[{table}] ", facts)]


def _missing(table: str, facts: Any) -> Iterator[Missing]:
    for field in fields(facts):
        if "pages" in field.metadata and not getattr(facts, field.name):
            yield Missing(table + field.name, field.metadata["pages"])
