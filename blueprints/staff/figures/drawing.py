"""Turns figures into what templates draw: positions in percent of an axis, words, and the rows of a table."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.referrals.desk.figures import SMALLEST, Bar, Figures, Share, Spread
from core import spreadsheets

FEWER = f"fewer than {SMALLEST}"
COLUMNS = ("Figure", "Line", "Number", "Of", "Percent", "Median (hours)", "90th percentile (hours)")


@dataclass(frozen=True)
class Strip:
    """One line of a drawing. Positions are percent of the axis; None: not shown."""

    label: str
    words: str
    """What it says, without the drawing."""
    x: float | None
    """The end of a bar, or the dot of the median."""
    far: float | None = None
    """Where the line to the 90th percentile ends."""


def times(spreads: tuple[Spread, ...]) -> tuple[list[Strip], str]:
    """The strips, and the words at the end of their axis."""
    longest = max((one.p90 for one in spreads if one.p90), default=1)
    strips = [
        Strip(one.label, _took(one), _percent(one.median, longest), _percent(one.p90, longest)) for one in spreads
    ]
    return strips, duration(longest)


def shares(parts: tuple[Share, ...]) -> list[Strip]:
    return [Strip(one.label, f"{one.percent:g}%" if one.percent is not None else FEWER, one.percent) for one in parts]


def bars(counted: tuple[Bar, ...]) -> list[Strip]:
    longest = max((one.number for one in counted if one.number), default=1)
    return [Strip(one.label, count(one), _percent(one.number, longest)) for one in counted]


def count(bar: Bar) -> str:
    if bar.number is None:
        return FEWER
    return f"{bar.number:,} or more" if bar.is_more else f"{bar.number:,}"


def duration(hours: float | None) -> str:
    """In the unit in which people think of it."""
    if hours is None:
        return FEWER
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def table(figures: Figures) -> str:
    """CSV, safe to open in a spreadsheet."""
    file = io.StringIO()
    write = spreadsheets.writer(file, COLUMNS)
    for row in _rows(figures):
        write(row)
    return file.getvalue()


def _rows(figures: Figures) -> Iterator[tuple[str, ...]]:
    yield "Arrived", "Referrals", _cell(figures.arrived), "", "", "", ""
    for one in figures.times:
        yield "Times", one.label, _cell(one.number), "", "", _cell(one.median), _cell(one.p90)
    for part in figures.shares:
        yield "Shares", part.label, _cell(part.part), _cell(part.whole), _cell(part.percent), "", ""
    for bar in figures.open_by_age:
        yield "Open by age", bar.label, count(bar).replace(",", ""), "", "", "", ""


def _cell(value: float | None) -> str:
    return FEWER if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _took(one: Spread) -> str:
    if one.median is None:
        return FEWER
    return f"{duration(one.median)}; nine of ten within {duration(one.p90)}"


def _percent(value: float | None, longest: float) -> float | None:
    return None if value is None else round(100 * value / longest, 1)
