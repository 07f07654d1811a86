"""Business time: several blocks a day, holidays, in the clinic's time zone. All moments that come and go are UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
LONGEST = re.compile(r"(\d+) (minute|hour|day)s?")
ONE_DAY = timedelta(days=1)
Block = tuple[time, time]
Moments = tuple[datetime, datetime]


@dataclass(frozen=True)
class Calendar:
    """When the clinic works. Arithmetic is in whole seconds of business time."""

    zone: ZoneInfo
    week: tuple[tuple[Block, ...], ...]
    """Seven days from Monday, each with its blocks in order. At least one block in all."""
    holidays: frozenset[date] = field(default_factory=frozenset)

    def between(self, start: datetime, end: datetime) -> int:
        """Business seconds from `start` to `end`; negative if `end` comes first."""
        if end < start:
            return -self.between(end, start)
        day, last, total = self._day(start), self._day(end), 0
        while day <= last:
            for opens, closes in self.blocks(day):
                total += max(0, _seconds(max(opens, start), min(closes, end)))
            day += ONE_DAY
        return total

    def add(self, start: datetime, seconds: int) -> datetime:
        """The first moment with that many business seconds since `start`; with a negative number, the last before."""
        return self._back(start, -seconds) if seconds < 0 else self._on(start, seconds)

    def blocks(self, day: date) -> Iterator[Moments]:
        """In UTC, so that a block in which the clocks change has its true length."""
        if day not in self.holidays:
            for opens, closes in self.week[day.weekday()]:
                yield self._moment(day, opens), self._moment(day, closes)

    @property
    def day(self) -> int:
        """Seconds of one business day: the longest of the week."""
        today = date(2001, 1, 1)
        lengths = (sum(_seconds(*(datetime.combine(today, t) for t in block)) for block in day) for day in self.week)
        return max(lengths)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def _on(self, start: datetime, left: int) -> datetime:
        if left == 0:
            return start
        day = self._day(start)
        while True:
            for opens, closes in self.blocks(day):
                opens = max(opens, start)
                here = max(0, _seconds(opens, closes))
                if left <= here:
                    return opens + timedelta(seconds=left)
                left -= here
            day += ONE_DAY

    def _back(self, start: datetime, left: int) -> datetime:
        day = self._day(start)
        while True:
            for opens, closes in reversed(list(self.blocks(day))):
                closes = min(closes, start)
                here = max(0, _seconds(opens, closes))
                if left <= here:
                    return closes - timedelta(seconds=left)
                left -= here
            day -= ONE_DAY

    def _day(self, moment: datetime) -> date:
        return self.local(moment).date()

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def read_week(text: str) -> tuple[tuple[Block, ...], ...]:
    """Reads hours like "Mon-Fri 9:00-12:30 13:00-17:00; Sat 9:00-12:00". Raises ValueError with what is wrong."""
    week: list[tuple[Block, ...]] = [()] * 7
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        days, _, hours = part.partition(" ")
        blocks = tuple(_block(each) for each in hours.replace(",", " ").split())
        _check_order(part, blocks)
        for day in _days(days):
            week[day] = blocks
    if not any(week):
        raise ValueError("there must be at least one block of hours")
    return tuple(week)


def read_holidays(text: str) -> frozenset[date]:
    """Reads days like "2026-11-26, 2026-12-25". Raises ValueError."""
    return frozenset(date.fromisoformat(each) for each in text.replace(",", " ").split())


def read_interval(text: str, day: int) -> int:
    """Business seconds of "90 minutes", "4 hours" or "1 day". `day`: seconds of a business day. Raises ValueError."""
    found = LONGEST.fullmatch(text.strip().replace("business ", ""))
    if not found:
        raise ValueError(f"{text!r} is not like 4 hours or 1 day")
    return int(found[1]) * {"minute": 60, "hour": 3600, "day": day}[found[2]]


def _days(text: str) -> range:
    first, _, last = text.partition("-")
    if first not in DAYS or (last and last not in DAYS):
        raise ValueError(f"{text!r} is not like Mon or Mon-Fri")
    return range(DAYS.index(first), DAYS.index(last or first) + 1)


def _block(text: str) -> Block:
    found = HOURS.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not like 9:00-17:00")
    opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if closes <= opens:
        raise ValueError(f"{text!r} ends before it begins")
    return opens, closes


def _check_order(part: str, blocks: Sequence[Block]) -> None:
    if not blocks:
        raise ValueError(f"{part!r} has no hours")
    if any(later[0] < earlier[1] for earlier, later in zip(blocks, blocks[1:], strict=False)):
        raise ValueError(f"{part!r}: the blocks must be in order")


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())
