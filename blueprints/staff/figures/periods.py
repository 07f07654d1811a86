"""The periods that figures can be about: the last 90 days, or one of the last quarters, by the clinic's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LAST_DAYS = 90
QUARTERS = 8
LATEST = "last-90-days"


@dataclass(frozen=True)
class Period:
    """From the day `first` to before the day `end`."""

    code: str
    """In addresses: last-90-days or 2026-q3."""
    label: str
    first: date
    end: date

    def moments(self, timezone: str) -> tuple[datetime, datetime]:
        """Where it starts, and where the next one would."""
        zone = ZoneInfo(timezone)
        start, end = (datetime.combine(day, time(), zone) for day in (self.first, self.end))
        return start, end


def periods(today: date) -> list[Period]:
    """The newest first."""
    tomorrow = today + timedelta(days=1)
    latest = Period(LATEST, f"Last {LAST_DAYS} days", tomorrow - timedelta(days=LAST_DAYS), tomorrow)
    number = today.year * 4 + (today.month - 1) // 3
    return [latest, *(_quarter(number - back) for back in range(QUARTERS))]


def find(code: str, today: date) -> Period:
    """The latest for a code that is not known."""
    known = {period.code: period for period in periods(today)}
    return known.get(code, known[LATEST])


def _quarter(number: int) -> Period:
    year, quarter = divmod(number, 4)
    first, end = (date(*_start(count)) for count in (number, number + 1))
    return Period(f"{year}-q{quarter + 1}", f"Q{quarter + 1} {year}", first, end)


def _start(number: int) -> tuple[int, int, int]:
    return number // 4, 3 * (number % 4) + 1, 1
