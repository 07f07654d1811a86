"""Reading the audit trail: newest first, by subject and by person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, cast, or_, select

from core.audit.chain import TABLE
from core.extensions import db

BATCH = 500


class Event(NamedTuple):
    """One row, in the order of its columns in an export."""

    id: int
    happened_at: datetime
    actor_id: int | None
    actor: str
    place: str
    action: str
    subject: str
    detail: dict[str, Any]

    @property
    def words(self) -> str:
        """The action for people: "Referral opened"."""
        return self.action.replace(".", " ").replace("_", " ").capitalize()

    @property
    def facts(self) -> str:
        """The details in one line: "roles: clinician, manager; count: 3"."""
        return "; ".join(f"{name.replace('_', ' ')}: {_said(value)}" for name, value in self.detail.items())

    def cells(self) -> list[str]:
        """As text, for an export."""
        texts = (*self[:-1], self.facts)
        return ["" if value is None else _said(value) for value in texts]


@dataclass(frozen=True)
class Filter:
    subject: str = ""
    """A reference, or staff:<id>; "" for all."""
    mentioned: bool = False
    """Also events whose details name the subject, such as lists and searches that showed a referral. It reads on until
    enough events are found, perhaps to the end of the table: no index helps."""
    actor_id: int | None = None
    """Who did it; None for all, also commands."""


def newest(wanted: Filter, before: int | None = None, limit: int = 50) -> list[Event]:
    """At most `limit` events, newest first, older than the id `before`. In the caller's transaction."""
    query = _query(wanted).limit(limit)
    return [Event(*row) for row in db.session.execute(query.where(TABLE.c.id < before) if before else query)]


def all_newest(wanted: Filter, limit: int | None = None) -> Iterator[Event]:
    """Newest first, read in batches, each in a transaction of its own."""
    return islice(_batched(wanted), limit)


def _batched(wanted: Filter) -> Iterator[Event]:
    before: int | None = None
    while some := newest(wanted, before, BATCH):
        db.session.rollback()
        yield from some
        before = some[-1].id
    db.session.rollback()


def _query(wanted: Filter) -> Select[Any]:
    query = select(*(TABLE.c[name] for name in Event._fields)).order_by(TABLE.c.id.desc())
    if wanted.subject:
        about = TABLE.c.subject == wanted.subject
        # As it stands in JSON, where nothing of a reference is escaped.
        named = cast(TABLE.c.detail, Text).contains(f'"{wanted.subject}"', autoescape=True)
        query = query.where(or_(about, named) if wanted.mentioned else about)
    if wanted.actor_id is not None:
        query = query.where(TABLE.c.actor_id == wanted.actor_id)
    return query


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(inner)}" for name, inner in value.items())
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)
