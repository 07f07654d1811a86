"""Read long tables in batches, for commands."""

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
    """The rows in batches of `size` (at most MOST), ordered by `key`: a positive number that the query selects as `id`.

    Each transaction ends before its rows are returned, so that a command waiting for its pager holds no lock.
    """
    last, size = 0, min(size or MOST, MOST)
    while rows := db.session.execute(query.where(key > last).order_by(key).limit(size)).all():
        db.session.rollback()
        yield rows
        last = rows[-1].id
    db.session.rollback()
