"""The hash chain of the audit trail: each row holds the hash of the row before, so that no row can be changed, removed
or put in without breaking it. Whoever can write to the database can make a new chain; that is why the head's hash is
worth keeping elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from enum import StrEnum
from itertools import chain, pairwise
from typing import Any, NamedTuple

from sqlalchemy import Row, Table, select

from core.audit.models import AuditEvent
from core.extensions import db

FORMAT = "audit 1"
BEFORE_THE_FIRST = ""
"""The previous_hash of row 1."""
BATCH = 1000
"""Rows that are in memory at once while the chain is walked."""
TABLE: Table = AuditEvent.__table__


class Head(NamedTuple):
    """The newest row; id 0 and an empty hash if there is none."""

    id: int
    hash: str


class Kind(StrEnum):
    CHANGED = "changed row"
    MISSING = "missing row"
    INSERTED = "row inserted"
    SWAPPED = "rows out of order"
    CUT_OFF = "cut off at the end"


class Broken(NamedTuple):
    """The first link that does not hold."""

    kind: Kind
    row: int
    """The id it is about; 0 for the end."""
    words: str


class Result(NamedTuple):
    """What a walk along the chain found."""

    rows: int
    head: Head
    broken: Broken | None


def digest(row: Any) -> str:
    """The hash of a row: SHA-256 over its columns and previous_hash as canonical JSON. Its id is not hashed: the
    position follows from the chain."""
    content = [
        FORMAT,
        row.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.actor_id,
        row.actor,
        row.place,
        row.action,
        row.subject,
        row.detail,
        row.previous_hash,
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def head() -> Head:
    """In the caller's transaction."""
    found = db.session.execute(select(TABLE.c.id, TABLE.c.hash).order_by(TABLE.c.id.desc()).limit(1)).one_or_none()
    return Head(found.id, found.hash) if found else Head(0, BEFORE_THE_FIRST)


def verify(kept: Sequence[str] = (), batch: int = BATCH) -> Result:
    """Walk the chain from its first row to the first broken link. `kept` are hashes of earlier heads: a chain without
    one of them was cut off, or written anew. Rows that are added meanwhile are read too."""
    older, last, count, unseen = Head(-1, ""), Head(0, BEFORE_THE_FIRST), 0, set(kept)
    for row, following in pairwise(chain(_rows(batch), [None])):
        assert row is not None  # noqa: S101 - only the last of the pairs ends with None
        if broken := _check(row, older, last, following):
            return Result(count, last, broken)
        unseen.discard(row.hash)
        older, last, count = last, Head(row.id, row.hash), count + 1
    return Result(count, last, _cut_off(unseen, last))


def _cut_off(unseen: set[str], last: Head) -> Broken | None:
    if not unseen:
        return None
    words = (
        f"The chain ends with row {last.id}, and no row has the hash {min(unseen)}: the end was cut off, or the chain "
        "was written anew."
    )
    return Broken(Kind.CUT_OFF, 0, words)


def _check(row: Row[Any], older: Head, last: Head, following: Row[Any] | None) -> Broken | None:
    """Whether `row` follows `last`, which followed `older`; `following` is the row after it, if any."""
    fits, sound, in_place = row.previous_hash == last.hash, row.hash == digest(row), row.id == last.id + 1
    if fits and sound and in_place:
        return None
    if not fits and row.previous_hash == older.hash and last.id:
        return _inserted(last.id, older, row)
    if following is not None and following.previous_hash == last.hash:
        if row.previous_hash == following.hash:
            words = f"Rows {row.id} and {following.id} are out of order: they were exchanged."
            return Broken(Kind.SWAPPED, row.id, words)
        return _inserted(row.id, last, following)
    if row.id > last.id + 1 and not fits:
        return Broken(Kind.MISSING, last.id + 1, f"{_span(last.id + 1, row.id - 1)} missing.")
    if not sound:
        return Broken(Kind.CHANGED, row.id, f"Row {row.id} was changed: its content does not match its hash.")
    if fits:
        return Broken(Kind.CHANGED, row.id, f"Row {row.id} was given another number: it should be {last.id + 1}.")
    return _follows_another(row, last)


def _inserted(number: int, before: Head, after: Row[Any]) -> Broken:
    """`after` was written after `before`, and row `number` is between them."""
    follows = f"row {after.id} follows row {before.id}" if before.id else f"row {after.id} is the first"
    return Broken(Kind.INSERTED, number, f"Row {number} was inserted: {follows}.")


def _follows_another(row: Row[Any], last: Head) -> Broken:
    """Its numbers are in order, but `row` was written after a row that is not there."""
    if not last.id:
        return Broken(Kind.MISSING, row.id, f"Rows before row {row.id} are missing: it is not the first.")
    words = (
        f"Row {row.id} was not written after row {last.id} as it is now: either row {last.id} was changed and given a "
        "new hash, or rows between the two are missing and the rest was numbered anew."
    )
    return Broken(Kind.CHANGED, last.id, words)


def _span(first: int, final: int) -> str:
    return f"Row {first} is" if first == final else f"Rows {first} to {final} are"


def _rows(batch: int) -> Iterator[Row[Any]]:
    """All rows by id, also those with impossible ids. Each batch has a transaction of its own."""
    query = select(TABLE).order_by(TABLE.c.id).limit(batch)
    rows = db.session.execute(query).all()
    while rows:
        db.session.rollback()
        yield from rows
        rows = db.session.execute(query.where(TABLE.c.id > rows[-1].id)).all()
    db.session.rollback()
