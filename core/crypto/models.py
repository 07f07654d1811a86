"""Tables of envelopes. `flask keys` rotates and checks every table that inherits Sealed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple
from typing import cast as cast_type

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import (
    JSON,
    ColumnElement,
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
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import NullType

from core.batches import batches
from core.crypto import envelope
from core.crypto.envelope import Envelope, SealingError
from core.extensions import Base, db

BATCH = 100
ENVELOPE = ("blob", "wraps")
ROW, ROW_VERSION = "row", 1
"""The key in the sealed JSON under which the recorded columns are stored, and the version of that record."""
log = logging.getLogger("site")


class Sealed:
    """The columns of an envelope, and the context that binds it to its row."""

    __tablename__: str
    purpose: ClassVar[str]
    """The prefix of the context, such as clinic/referral/v1. Never change it: older rows would no longer open."""
    known_by: ClassVar[str] = "public_id"
    """The column that identifies a row to people."""
    recorded: ClassVar[tuple[str, ...]] = ("public_id",)
    """Clear-text columns that never change. They are sealed with the data and compared whenever a row is opened."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    blob: Mapped[bytes] = mapped_column(LargeBinary)
    wraps: Mapped[dict[str, str]] = mapped_column(JSON)
    """Key id → wrapped data key (core/crypto/envelope.py)."""

    def seal(self, data: Mapping[str, Any], public_keys: Sequence[str]) -> None:
        """Sets `blob` and `wraps`. The recorded columns must be set already."""
        made = _seal(type(self), self, data, public_keys)
        self.blob, self.wraps = made.blob, made.wraps

    @classmethod
    def context(cls, public_id: str) -> str:
        return f"{cls.purpose}/{public_id}"


class Opened(NamedTuple):
    """The contents of a row. `differs` lists the recorded columns that no longer match what was sealed: they were
    changed, or the envelope belongs to another row. It is None for rows sealed before columns were recorded."""

    data: dict[str, Any]
    differs: tuple[str, ...] | None

    @property
    def warning(self) -> str:
        """A warning for people; empty if everything matches or if that is unknown."""
        return f"not as it was sealed: {', '.join(self.differs)} changed in the database" if self.differs else ""


class Step(NamedTuple):
    """The result of one batch: the last id, the number of rows written, and row name → why it could not be written."""

    upto: int
    written: int
    failed: Mapping[str, str]


def tables() -> list[type[Sealed]]:
    """Every sealed table of the registered features, by name."""
    mapped = (mapper.class_ for mapper in Base.registry.mappers)
    return sorted((c for c in mapped if issubclass(c, Sealed)), key=lambda table: table.__tablename__)


def rotate(table: type[Sealed], private_key: str, public_keys: Sequence[str], size: int = BATCH) -> Iterator[Step]:
    """Rewrap each row's data key for exactly these public keys. Commits each batch.

    Rows that are up to date are skipped, so it may be stopped at any point and run again. It repeats until a pass
    changes nothing, because rows that arrive meanwhile may be sealed for the old keys.
    """
    rewrapped = True
    while rewrapped:
        rewrapped = False
        for rows in batches(_wraps_of(table), table.id, size):
            step = _rotate(table, rows, private_key, public_keys)
            rewrapped = rewrapped or step.written > 0
            yield step


def count(table: type[Sealed], public_keys: Sequence[str]) -> tuple[int, int]:
    """How many rows there are, and how many of them are not sealed for exactly these keys."""
    rows = [0, 0]
    for batch in batches(_wraps_of(table), table.id):
        rows[0] += len(batch)
        rows[1] += sum(not _is_current(row, public_keys) for row in batch)
    return rows[0], rows[1]


def find(table: type[Sealed], name: str, private_key: str) -> Opened | None:
    """Open the row with this name, or return None if there is none. Raises SealingError for any kind of damage.

    A row whose recorded columns changed still opens; the log names the row and the columns, without their values.
    """
    row = _read(table, getattr(table, table.known_by) == name)
    return None if row is None else _open(table, row, private_key)


def find_where(
    table: type[Sealed], condition: ColumnElement[bool], private_key: str
) -> dict[str, Opened | SealingError]:
    """Open the rows that meet a condition in one query: name → contents, or the reason why it does not open. Ordered by
    id. The caller bounds their number. Raises SealingError for what is no key."""
    key, found = envelope.parsed(private_key), dict[str, Opened | SealingError]()
    for row in _read_all(table, condition):
        try:
            found[row.name] = _open(table, row, key)
        except SealingError as error:
            found[row.name] = error
    return found


def open_all(table: type[Sealed], private_key: str) -> Iterator[tuple[str, Opened | SealingError]]:
    """Yields each row's name with its contents, or with the reason why it does not open. Ordered by id."""
    for rows in batches(_names(table), table.id):
        for found in rows:
            try:
                row = _read(table, table.id == found.id)
                if row is not None:
                    yield found.name, _open(table, row, private_key)
            except SealingError as error:
                yield found.name, error
        db.session.rollback()


def record(table: type[Sealed], private_key: str, public_keys: Sequence[str], size: int = BATCH) -> Iterator[Step]:
    """Reseal rows that have no recorded columns yet, for these keys, with the columns as they are now. Commits each
    batch; may be stopped at any point and run again."""
    for rows in batches(_names(table), table.id, size):
        swaps, failed = [], {}
        for found in rows:
            try:
                swaps += _record(table, found.id, private_key, public_keys)
            except SealingError as error:
                failed[str(found.name)] = str(error)
        db.session.rollback()
        yield Step(rows[-1].id, _write(table, swaps) if swaps else 0, failed)


def _record(table: type[Sealed], row_id: int, private_key: str, public_keys: Sequence[str]) -> list[dict[str, Any]]:
    row = _read(table, table.id == row_id)
    if row is None or (opened := _open(table, row, private_key)).differs is not None:
        return []
    fresh = _seal(table, row, opened.data, public_keys)
    return [{"row": row_id, "seen": row.wraps, "new_wraps": fresh.wraps, "new_blob": fresh.blob}]


def _seal(table: type[Sealed], row: Any, data: Mapping[str, Any], public_keys: Sequence[str]) -> Envelope:
    """The envelope of a row, whose recorded columns are attributes of `row`."""
    inside = {**data, ROW: {"version": ROW_VERSION, **_recorded(table, row)}}
    return envelope.seal(inside, public_keys, table.context(row.public_id))


def _open(table: type[Sealed], row: Row[Any], private_key: str | X25519PrivateKey) -> Opened:
    found = Envelope(row.blob, _wraps(row.wraps))
    data = envelope.open_envelope(found, private_key, table.context(row.public_id))
    if ROW not in data:
        return Opened(data, None)
    sealed, now = data.pop(ROW), _recorded(table, row)
    if not isinstance(sealed, dict):
        raise SealingError("what was sealed has no readable record of its row")
    differs = tuple(name for name in table.recorded if sealed.get(name) != now[name])
    if differs:
        log.warning("%s %a is not as it was sealed: %s", table.__tablename__, str(row.name), ", ".join(differs))
    return Opened(data, differs)


def _recorded(table: type[Sealed], row: Any) -> dict[str, str]:
    values = {name: getattr(row, name) for name in table.recorded}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
        for name, value in values.items()
    }


def _read(table: type[Sealed], condition: ColumnElement[bool]) -> Row[Any] | None:
    """One row: its name, its unparsed envelope and its recorded columns."""
    rows = _read_all(table, condition)
    return rows[0] if rows else None


def _read_all(table: type[Sealed], condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    columns = [getattr(table, name) for name in table.recorded]
    sealed = [type_coerce(table.blob, NullType).label("blob"), _text_of_wraps(table)]
    query = select(_name(table), *sealed, *columns).where(condition).order_by(table.id)
    try:
        return db.session.execute(query).all()
    except (ValueError, TypeError) as error:
        # SQLite accepts any value in a datetime column.
        raise SealingError("the row cannot be read") from error


def _rotate(table: type[Sealed], rows: Sequence[Row[Any]], private_key: str, public_keys: Sequence[str]) -> Step:
    swaps, failed = [], {}
    for row in rows:
        if _is_current(row, public_keys):
            continue
        try:
            # Rewrapping does not need the data, so it is not read.
            old = Envelope(b"", _wraps(row.wraps))
            new = envelope.rewrap(old, private_key, public_keys, table.context(row.public_id))
        except SealingError as error:
            failed[str(row.name)] = str(error)
        else:
            swaps.append({"row": row.id, "seen": row.wraps, "new_wraps": new.wraps})
    return Step(rows[-1].id, _write(table, swaps) if swaps else 0, failed)


def _write(table: type[Sealed], swaps: list[dict[str, Any]]) -> int:
    written = cast_type(CursorResult[Any], db.session.execute(_swap(table, swaps[0]), swaps)).rowcount
    db.session.commit()
    return written


def _swap(table: type[Sealed], swap: Mapping[str, Any]) -> Update:
    """An UPDATE that changes a row only if its wraps are still as read: it may have been resealed meanwhile."""
    columns = db.metadata.tables[table.__tablename__].c
    unchanged = cast(columns.wraps, Text) == bindparam("seen")
    where = (columns.id == bindparam("row"), unchanged)
    fresh = {name: bindparam(f"new_{name}", type_=columns[name].type) for name in ENVELOPE if f"new_{name}" in swap}
    return update(columns.id.table).where(*where).values(fresh)


def _wraps_of(table: type[Sealed]) -> Select[Any]:
    return select(table.id, table.public_id, _name(table), _text_of_wraps(table))


def _names(table: type[Sealed]) -> Select[Any]:
    return select(table.id, _name(table))


def _name(table: type[Sealed]) -> Any:
    return getattr(table, table.known_by).label("name")


def _text_of_wraps(table: type[Sealed]) -> Any:
    """As text, so that one row with damaged JSON does not make the whole batch unreadable."""
    return cast(table.wraps, Text).label("wraps")


def _is_current(row: Row[Any], public_keys: Sequence[str]) -> bool:
    try:
        return _wraps(row.wraps).keys() == {envelope.key_id(key) for key in public_keys}
    except SealingError:
        return False


def _wraps(text: str) -> dict[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise SealingError("the wrapped keys cannot be read")
    return read
