"""CSV formats for subscriber lists, ours and other programs'. Parsing and writing only: no database, no business rules.

A bad line is yielded as Refused and never hides the next one. Only one record is in memory at a time.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple

from core.spreadsheets import unescape_formula, writer

STATES = ("pending", "confirmed", "left", "suppressed")
"""In order: an import only moves a person forward."""
LONGEST_RECORD = 100
"""Maximum lines in a record. A quote still open by then is treated as never closed."""
BROKEN_UTF8 = re.compile(r"[\ud800-\udfff]")
YEARS = range(1990, 2100)
"""Dates outside this range are placeholders, such as 0001-01-01."""


class Person(NamedTuple):
    """A row of our own export; the fields are its columns."""

    email: str
    status: str
    created_at: datetime | None = None
    consent_version: str | None = None
    consent_text: str | None = None
    consented_at: datetime | None = None
    confirmed_at: datetime | None = None
    left_at: datetime | None = None
    suppressed_at: datetime | None = None
    suppressed_because: str | None = None


class Entry(NamedTuple):
    line: int
    person: Person


class Refused(NamedTuple):
    line: int
    reason: str
    address: str


class WrongFile(ValueError):
    """The file cannot be read at all. The message continues a sentence that starts with the file's name."""


class NoAddresses(WrongFile):
    """No column is known to hold the addresses."""


class Layout(NamedTuple):
    """How a file's columns are read as ours. Column names and statuses are lowercase."""

    columns: Mapping[str, str]
    """Ours → the file's, for those that the file has."""
    states: Mapping[str, str]
    """The file's statuses → ours."""
    proofs: Mapping[str, str]
    """Columns that are set only when a person is gone → the status this implies."""


MOMENTS = ("created_at", "consented_at", "confirmed_at", "left_at", "suppressed_at")
GONE = {"left_at": "left", "suppressed_at": "suppressed"}
ADDRESS_COLUMNS = ("email", "email address", "recipient", "address")


def address_table(lines: Iterable[str]) -> tuple[Table, str]:
    """Reads one address per line or a table. Returns the table and the name of its address column. Raises WrongFile."""
    table = Table(lines, header=False)
    column = next((name for name in ADDRESS_COLUMNS if name in table.columns), "")
    if column:
        next(table.records)
    elif len(table.columns) == 1:
        table.columns, column = ["email"], "email"
    else:
        raise WrongFile(f"{_seen(table.columns)} One of them must be called {', '.join(ADDRESS_COLUMNS)}.")
    return table, column


class Table:
    """Lowercase column names, and the records with the number of their first line. Raises WrongFile."""

    def __init__(self, lines: Iterable[str], header: bool = True) -> None:
        source = _Lines(lines)
        first = source.peek()
        if BROKEN_UTF8.search(first) or "\0" in first:
            raise WrongFile("is not UTF-8 text. Save it as “CSV UTF-8” and try again.")
        comma = max(",;\t", key=lambda sign: len(next(csv.reader([first], delimiter=sign))))
        self.records = _records(source, comma)
        cells = next(self.records)[1] if header else next(csv.reader([first], delimiter=comma))
        self.columns = [unescape_formula(cell).strip().casefold() for cell in cells or ()]

    def read(self, email: str, make: Callable[[dict[str, str]], Person]) -> Iterator[Entry | Refused]:
        at = self.columns.index(email)
        for line, cells in self.records:
            if cells is None:
                yield Refused(line, "a quote that is not closed", "")
                continue
            address = unescape_formula(cells[at]) if at < len(cells) else ""
            if len(cells) != len(self.columns):
                yield Refused(line, "wrong number of columns", address)
                continue
            try:
                # Reversed: of two columns with the same name the first wins, as it does for the address.
                named = zip(reversed(self.columns), map(unescape_formula, reversed(cells)), strict=True)
                yield Entry(line, make(dict(named)))
            except ValueError as error:
                yield Refused(line, str(error), address)


class _Lines:
    """Feeds csv.reader the lines of one record at a time. Lines of an unterminated record can be pushed back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.number = iter(lines), 0
        self.taken: list[str] = []
        self.back: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= LONGEST_RECORD:
            raise csv.Error
        self.taken.append(self.back.popleft() if self.back else next(self.lines))
        return self.taken[-1]

    def peek(self) -> str:
        """The first nonblank line, without consuming it. Raises WrongFile."""
        for line in self.lines:
            if line.strip():
                self.back.append(line)
                return line
            self.number += 1
        raise WrongFile("is empty.")

    def settle(self) -> int:
        """Ends the record. Returns the number of its first line."""
        first = self.number + 1
        self.number, self.taken = self.number + len(self.taken), []
        return first

    def give_back(self) -> int:
        """Drops the first line of the record and pushes the rest back. Returns its number."""
        self.back.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]
        return self.settle()


def _records(lines: _Lines, comma: str) -> Iterator[tuple[int, list[str] | None]]:
    """The number of the first line, and the cells or None if they cannot be parsed. Blank lines are skipped."""
    reader = csv.reader(lines, delimiter=comma, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield lines.give_back(), None
            continue
        first = lines.settle()
        if cells:
            yield first, cells


def layout_of(columns: Sequence[str], named: Mapping[str, str], states: Mapping[str, str]) -> Layout:
    """`named` maps our columns to the file's where they differ, `states` the file's statuses to ours.

    A date in suppressed_at or left_at proves that a person is gone, whatever the status says. One exception: beside a
    status column, left_at proves it only where it is named, because in our own format people who left may have
    subscribed again. Raises WrongFile.
    """
    own = {name: name for name in Person._fields} | ({"email": "email address"} if "email" not in columns else {})
    theirs = {ours: its.strip().casefold() for ours, its in {**own, **named}.items()}
    if missing := [theirs[ours] for ours in named if theirs[ours] not in columns]:
        raise WrongFile(f"{_seen(columns)} It has no column {', '.join(missing)}.")
    if theirs["email"] not in columns:
        raise NoAddresses(f"{_seen(columns)} Say which one has the addresses: --column email=NAME.")
    came_back = theirs["status"] in columns and "left_at" not in named
    words = {word.strip().casefold(): state for word, state in states.items()}
    return Layout(
        {ours: its for ours, its in theirs.items() if its in columns},
        {**{state: state for state in STATES}, **words},
        {
            theirs[ours]: state
            for ours, state in GONE.items()
            if theirs[ours] in columns and not (ours == "left_at" and came_back)
        },
    )


def _seen(columns: Iterable[str]) -> str:
    """In a file without a header the columns are addresses, which no message may show."""
    shown = ("(an address)" if "@" in name else name or "(no name)" for name in columns)
    return f"has the columns {', '.join(shown)}."


def moment(text: str) -> datetime | None:
    """ISO 8601, in UTC where it names no zone; None for anything else."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return read.astimezone(UTC) if read.year in YEARS else None


def cells_of(person: Person) -> Iterator[str]:
    """A row of our own format, whose columns are the fields of Person."""
    return (_as_text(value) for value in person)


def report(file: IO[str]) -> Callable[[Refused], None]:
    """Returns a function that writes a refused line with its address."""
    write = writer(file, Refused._fields)
    return lambda refused: write((str(refused.line), refused.reason, refused.address))


def _as_text(value: Any) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value or ""
