"""CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from typing import IO

FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def escape_formula(cell: str) -> str:
    """Keeps a spreadsheet from running the cell as a formula. `unescape_formula` restores it exactly."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unescape_formula(cell: str) -> str:
    return cell[1:] if ESCAPED.match(cell) else cell


def writer(file: IO[str], columns: Iterable[str]) -> Callable[[Iterable[str]], None]:
    """Writes the header, and returns a function that writes a row."""
    table = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(columns)
    return lambda cells: table.writerow(map(_safe, cells))


def _safe(cell: str) -> str:
    return escape_formula(cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
