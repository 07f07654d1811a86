"""Tables of envelopes. A feature's table that inherits Sealed is one that `flask keys` rotates and checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from typing import cast as cast_type

from sqlalchemy import (
    JSON,
    CursorResult,
    LargeBinary,
    Row,
    Select,
    String,
    Text,
    Update,
    bindparam,
    cast,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from core import sealing
from core.batches import batches
from core.extensions import Base, db
from core.sealing import Envelope, SealingError

BATCH = 100


class Sealed:
    """Columns of an envelope and the context that binds it to its row."""

    __tablename__: str
    purpose: ClassVar[str]
    """What the context starts with, such as clinic/referral/v1. It never changes: old rows would not open."""
    known_by: ClassVar[str] = "public_id"
    """The column by which people name a row."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    wraps: Mapped[dict[str, str]] = mapped_column(JSON)
    """Key id to wrapped data key (core/sealing.py)."""

    @property
    def envelope(self) -> Envelope:
        return Envelope(self.blob, self.wraps)

    @classmethod
    def context(cls, public_id: str) -> str:
        return f"{cls.purpose}/{public_id}"


class Step(NamedTuple):
    """One batch of a rotation: the last id seen, rows rewrapped, and why others could not be, by name."""

    upto: int
    rewrapped: int
    failed: Mapping[str, str]


def tables() -> list[type[Sealed]]:
    """Every sealed table of the features that the application has."""
    mapped = (mapper.class_ for mapper in Base.registry.mappers)
    return sorted((c for c in mapped if issubclass(c, Sealed)), key=lambda table: table.__tablename__)


def rotate(table: type[Sealed], private_key: str, public_keys: Sequence[str], size: int = BATCH) -> Iterator[Step]:
    """Wrap each row's data key anew for exactly these public keys. Commits each batch.

    Rows that are so already are passed over, so it may be stopped anywhere and run again. It goes through the
    table until nothing is left to do: referrals that arrive meanwhile may be sealed for the old keys.
    """
    rewrapped = True
    while rewrapped:
        rewrapped = False
        for rows in batches(_wraps_of(table), table.id, size):
            step = _rotate(table, rows, private_key, public_keys)
            rewrapped = rewrapped or step.rewrapped > 0
            yield step


def count(table: type[Sealed], public_keys: Sequence[str]) -> tuple[int, int]:
    """How many rows there are, and how many of them are not sealed for exactly these keys."""
    rows = [0, 0]
    for batch in batches(_wraps_of(table), table.id):
        rows[0] += len(batch)
        rows[1] += sum(not _is_current(row, public_keys) for row in batch)
    return rows[0], rows[1]


def open_ends(table: type[Sealed], private_key: str) -> Iterator[str]:
    """Open the first and the last row; yields their names. Raises SealingError, naming the row that does not open."""
    for order in (table.id.asc(), table.id.desc()):
        query = select(_name(table), table.public_id, table.blob, _text_of_wraps(table)).order_by(order).limit(1)
        for name, public_id, blob, wraps in db.session.execute(query).all():
            try:
                sealing.open_envelope(Envelope(blob, _read(wraps)), private_key, table.context(public_id))
            except SealingError as error:
                raise SealingError(f"{name}: {error}") from error
            yield name


def _rotate(table: type[Sealed], rows: Sequence[Row[Any]], private_key: str, public_keys: Sequence[str]) -> Step:
    swaps, failed = [], {}
    for row in rows:
        if _is_current(row, public_keys):
            continue
        try:
            # The data itself is neither needed nor read.
            old = Envelope(b"", _read(row.wraps))
            new = sealing.rewrap(old, private_key, public_keys, table.context(row.public_id))
        except SealingError as error:
            failed[str(row.name)] = str(error)
        else:
            swaps.append({"row": row.id, "seen": row.wraps, "fresh": new.wraps})
    return Step(rows[-1].id, _write(table, swaps) if swaps else 0, failed)


def _write(table: type[Sealed], swaps: list[dict[str, Any]]) -> int:
    written = cast_type(CursorResult[Any], db.session.execute(_swap(table), swaps)).rowcount
    db.session.commit()
    return written


def _swap(table: type[Sealed]) -> Update:
    """Writes only over what was read: a row that was sealed again meanwhile has another data key."""
    columns = db.metadata.tables[table.__tablename__].c
    unchanged = cast(columns.wraps, Text) == bindparam("seen")
    where = (columns.id == bindparam("row"), unchanged)
    return update(columns.id.table).where(*where).values(wraps=bindparam("fresh", type_=JSON))


def _wraps_of(table: type[Sealed]) -> Select[Any]:
    return select(table.id, table.public_id, _name(table), _text_of_wraps(table))


def _name(table: type[Sealed]) -> Any:
    return getattr(table, table.known_by).label("name")


def _text_of_wraps(table: type[Sealed]) -> Any:
    """As text, so that one row whose JSON is damaged does not spoil the reading of all."""
    return cast(table.wraps, Text).label("wraps")


def _is_current(row: Row[Any], public_keys: Sequence[str]) -> bool:
    try:
        return _read(row.wraps).keys() == {sealing.key_id(key) for key in public_keys}
    except SealingError:
        return False


def _read(wraps: str) -> dict[str, str]:
    try:
        read = json.loads(wraps)
    except ValueError as error:
        raise SealingError("the wrapped keys cannot be read") from error
    if not isinstance(read, dict):
        raise SealingError("the wrapped keys cannot be read")
    return read
