"""The clock of a referral: how long its next step may take, in business time.

A clock runs from its start, stands still while the referrer is asked, and goes on with what was left. Only a change of
state starts another; only a change of priority changes its length, and then it still counts from its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from blueprints.referrals.lifecycle.calendar import Calendar
from blueprints.referrals.lifecycle.states import State, Transition

AMBER = 0.75
HIGH_RISK, URGENT, ROUTINE = "high risk", "urgent", "routine"


class Step(StrEnum):
    """What a clock is about."""

    READ = "read"
    DECIDE = "decide"
    CONTACT = "contact"
    VISIT = "visit"
    REPORT = "report"


Lengths = Mapping[tuple[Step, str], int]
"""Business seconds for each step and urgency. VISIT has none: it ends with the day of the visit."""
STARTS = {State.ACCEPTED: Step.CONTACT, State.SEEN: Step.REPORT}
ANY = ""


@dataclass(frozen=True)
class Timer:
    """Moments are UTC, in whole seconds."""

    step: Step
    started_at: datetime
    """When its time began. Nothing changes it."""
    seconds: int
    """Its whole length in business time."""
    used: int = 0
    """Business seconds that were used before `runs_since`."""
    runs_since: datetime | None = None
    """None: it stands still."""
    ends_at: datetime | None = None
    """Only of a VISIT: the end is a day that was agreed, not a length."""

    def due_at(self, calendar: Calendar) -> datetime | None:
        """None while it stands still."""
        if self.runs_since is None:
            return None
        return self.ends_at or calendar.add(self.runs_since, self.seconds - self.used)

    def amber_at(self, calendar: Calendar) -> datetime | None:
        """When three quarters of its time are over."""
        due = self.due_at(calendar)
        return due and calendar.add(due, -round(self.seconds * (1 - AMBER)))

    def left(self, now: datetime, calendar: Calendar) -> int:
        """Business seconds until it is due; negative if it is late."""
        due = self.due_at(calendar)
        return calendar.between(now, due) if due else self.seconds - self.used

    def stop(self, now: datetime, calendar: Calendar) -> Timer:
        if self.runs_since is None:
            return self
        return replace(self, used=self.used + calendar.between(self.runs_since, whole(now)), runs_since=None)

    def resume(self, now: datetime) -> Timer:
        return self if self.runs_since else replace(self, runs_since=whole(now))


def start(step: Step, urgency: str, now: datetime, lengths: Lengths) -> Timer:
    return Timer(step, whole(now), _length(step, urgency, lengths), runs_since=whole(now))


def urgency_of(priority: str, high_risk: bool) -> str:
    return HIGH_RISK if high_risk else URGENT if priority == URGENT else ROUTINE


def with_urgency(timer: Timer, urgency: str, lengths: Lengths) -> Timer:
    """The same clock, from the same start, with the length that this urgency has."""
    return replace(timer, seconds=_length(timer.step, urgency, lengths)) if timer.step != Step.VISIT else timer


@dataclass(frozen=True)
class Rules:
    calendar: Calendar
    lengths: Lengths


@dataclass(frozen=True)
class Moment:
    """What a change of state knows when it sets the clock."""

    now: datetime
    received_at: datetime
    urgency: str
    visit_ends_at: datetime | None = None


def after(timer: Timer | None, row: Transition, at: Moment, rules: Rules) -> Timer | None:
    """The clock after this transition. None: no clock runs or waits."""
    if row.keeps:
        return timer and with_urgency(timer, at.urgency, rules.lengths) if row.action == "set_priority" else timer
    if row.target == State.WAITING:
        return timer and timer.stop(at.now, rules.calendar)
    if row.source == State.WAITING and row.target == State.REVIEWING and timer:
        return timer.resume(at.now)
    return _new(row, at, rules)


def _new(row: Transition, at: Moment, rules: Rules) -> Timer | None:
    if row.target == State.CLOSED:
        return None
    if row.target == State.BOOKED:
        return _until_the_visit(at, rules)
    if row.target == State.REVIEWING:
        # The referrer waits for a decision since the referral was sent, not since somebody claimed it.
        began = at.received_at if row.source == State.NEW else at.now
        return start(Step.DECIDE, at.urgency, began, rules.lengths)
    return start(STARTS[row.target], at.urgency, at.now, rules.lengths)


def _until_the_visit(at: Moment, rules: Rules) -> Timer:
    now = whole(at.now)
    ends = whole(at.visit_ends_at or at.now)
    return Timer(Step.VISIT, now, max(0, rules.calendar.between(now, ends)), runs_since=now, ends_at=ends)


def _length(step: Step, urgency: str, lengths: Lengths) -> int:
    return lengths.get((step, urgency), lengths.get((step, ANY), 0))


def whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
