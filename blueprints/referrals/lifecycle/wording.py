"""A clock in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from blueprints.referrals.lifecycle.calendar import Calendar
from blueprints.referrals.lifecycle.clocks import Step, Timer

HOUR = 3600
WHAT = {
    Step.READ: "to be read",
    Step.DECIDE: "to be decided",
    Step.CONTACT: "first call",
    Step.VISIT: "visit",
    Step.REPORT: "report",
}


@dataclass(frozen=True)
class Clock:
    kind: str
    """on time | due soon | late | stopped | none."""
    due_at: datetime | None
    """None while it stands still."""
    words: str
    """due in 3 business hours; "" without a clock."""
    what: str = ""
    """What is due."""


def clock_of(timer: Timer | None, now: datetime, calendar: Calendar) -> Clock:
    if timer is None:
        return Clock("none", None, "")
    left, what = timer.left(now, calendar), WHAT[timer.step]
    due, amber = timer.due_at(calendar), timer.amber_at(calendar)
    if due is None or amber is None:
        return Clock("stopped", None, f"stands still, {_most(left, calendar.day)} left", what)
    if now >= due:
        return Clock("late", due, f"late by {_most(-left, calendar.day)}", what)
    return Clock("due soon" if now >= amber else "on time", due, f"due in {_most(left, calendar.day)}", what)


def _most(seconds: int, day: int) -> str:
    """In the largest unit that says it well; rounded down, so that nobody believes to have more time."""
    seconds = max(seconds, 0)
    for size, unit in ((day, "business day"), (HOUR, "business hour")):
        if seconds >= 2 * size or seconds == size:
            return _counted(seconds // size, unit)
    return _counted(seconds // 60, "business minute") if seconds < HOUR else _hours(seconds)


def _hours(seconds: int) -> str:
    return _counted(seconds // HOUR, "business hour")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
