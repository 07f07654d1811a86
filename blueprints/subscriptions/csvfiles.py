"""Lists as files: the columns of Mailchimp, Ghost, listmonk and our own, read and written. No database.

Columns: mailchimp.com/help (audience exports: one file a state), ghost.org/help/import-members, and listmonk.app/docs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain
from typing import IO, Any

from core.validators import is_email

EMAIL = ("email", "email address", "email_address", "address", "recipient")
STATUS = ("status", "subscribed_to_emails")
CONSENTED = ("consented_at", "optin_time", "created_at")
CONFIRMED = ("confirmed_at", "confirm_time")
LEFT = ("left_at", "unsub_time", "deleted_at")
OURS = ("pending", "confirmed", "left", "suppressed")
STATES = {
    **{state: state for state in OURS},
    **{"enabled": "confirmed", "disabled": "left", "blocklisted": "suppressed"},
    **{"true": "confirmed", "false": "left"},
    **{"subscribed": "confirmed", "unsubscribed": "left", "cleaned": "suppressed"},
}
# A spreadsheet runs what begins with one of these.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
DELIMITERS = (",", ";", "\t")


class UnknownColumns(ValueError):
    """The file has no column that holds addresses, or none that says their state."""


@dataclass(frozen=True)
class Row:
    line: int
    email: str
    status: str
    consented_at: datetime | None
    confirmed_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True)
class BadLine:
    line: int
    reason: str
    address: str


def read(lines: Iterable[str], status: str | None, plain: bool = False) -> Iterator[Row | BadLine]:
    """Each line but the header. `status` is that of files without such a column; `plain` takes files of one address a
    line as well. Raises UnknownColumns, csv.Error."""
    lines = iter(lines)
    first = next(lines, "").removeprefix("\ufeff")
    header, above = _header(first), 1
    if plain and _place(header, EMAIL) is None:
        header, above, lines = ["email"], 0, chain([first], lines)
    columns = _Columns(header, status)
    seen: set[bytes] = set()
    reader = csv.reader(lines, delimiter=_delimiter(first))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield columns.row(reader.line_num + above, cells, seen)


class _Columns:
    def __init__(self, header: Sequence[str], status: str | None) -> None:
        self.header, self.default = header, status
        self.email, self.status = _place(header, EMAIL), _place(header, STATUS)
        if self.email is None:
            raise UnknownColumns(f"There is no column of addresses ({', '.join(EMAIL)}) among: {', '.join(header)}.")
        if self.status is None and status is None:
            raise UnknownColumns(f"No column says who is subscribed ({', '.join(STATUS)}): say it with --status.")
        self.moments = [_place(header, names) for names in (CONSENTED, CONFIRMED, LEFT)]

    def row(self, line: int, cells: Sequence[str], seen: set[bytes]) -> Row | BadLine:
        if len(cells) != len(self.header):
            return BadLine(line, f"{len(cells)} columns where the header has {len(self.header)}", "")
        email = unguarded(cells[self.email or 0].strip())
        if not email:
            return BadLine(line, "no address", "")
        if len(email) > 254 or "\ufffd" in email or not is_email(email):
            return BadLine(line, "not an email address", email)
        status = self._status(cells)
        if status is None:
            return BadLine(line, "a status that is not known", email)
        mark = blake2b(email.casefold().encode(), digest_size=8).digest()
        if mark in seen:
            return BadLine(line, "the address stands further up already", email)
        seen.add(mark)
        times = [_moment(cells[place]) if place is not None else None for place in self.moments]
        return Row(line, email, "left" if self._is_deleted(cells) else status, *times)

    def _status(self, cells: Sequence[str]) -> str | None:
        if self.status is None:
            return self.default
        return STATES.get(cells[self.status].strip().casefold())

    def _is_deleted(self, cells: Sequence[str]) -> bool:
        place = _place(self.header, ("deleted_at",))
        return place is not None and bool(cells[place].strip())


def _header(line: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=_delimiter(line)), [])
    return [cell.strip().casefold() for cell in cells]


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count)


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _moment(text: str) -> datetime | None:
    """ISO 8601, or Mailchimp's form of it; UTC where it names no zone."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def guarded(cell: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def writer(file: IO[str]) -> Any:
    return csv.writer(file, quoting=csv.QUOTE_ALL)
