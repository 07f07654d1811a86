"""Reading long tables some rows at a time, for commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import InstrumentedAttribute

from core.extensions import db

MOST = 500


def batches(
    query: Select[*tuple[Any, ...]], key: InstrumentedAttribute[int], size: int | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """The rows in order of `key`, a number above 0 that the query selects as `id`, `size` at a time and never
    more than MOST.

    The transaction ends before the rows are handed out: a command that waits for its pager holds no lock.
    """
    last, size = 0, min(size or MOST, MOST)
    while rows := db.session.execute(query.where(key > last).order_by(key).limit(size)).all():
        db.session.rollback()
        yield rows
        last = rows[-1].id
    db.session.rollback()
