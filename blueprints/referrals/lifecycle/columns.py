"""The clock of a referral as the columns of its row, and the row's place in the lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from blueprints.referrals.lifecycle import clocks
from blueprints.referrals.lifecycle.clocks import Rules, Step, Timer
from blueprints.referrals.lifecycle.states import State

OPEN, WAITING, CLOSED = "open", "waiting", "closed"
WAITING_FROM, CLOSED_FROM, LAST = 10**11, 5 * 10**11, 10**12
"""Ranks: open ones are the seconds since 1970 when they are due; waiting ones come behind, and closed ones last."""
ANYBODY = 0
"""Nobody has read it yet: it is unread for everybody."""


def timer_of(row: Any) -> Timer | None:
    """Reads the columns that `columns` writes."""
    if not row.clock or row.clock_started_at is None:
        return None
    step = Step(row.clock)
    ends_at = row.due_at if step is Step.VISIT else None
    return Timer(step, row.clock_started_at, row.clock_seconds, row.clock_used, row.clock_runs_since, ends_at)


def columns(
    timer: Timer | None, state: State, received_at: datetime, now: datetime, rules: Rules, row: Any = None
) -> dict[str, Any]:
    """The values for a row in this state with this clock. `row`: as it was before; its reminder may be out already."""
    due_at = timer.due_at(rules.calendar) if timer else None
    reminded_at = row.reminded_at if row is not None and timer and _is_same(timer, timer_of(row)) else None
    queue = queue_of(state)
    return {
        "clock": timer.step.value if timer else "",
        "clock_started_at": timer and timer.started_at,
        "clock_seconds": timer.seconds if timer else 0,
        "clock_used": timer.used if timer else 0,
        "clock_runs_since": timer and timer.runs_since,
        "due_at": due_at,
        "reminded_at": reminded_at,
        "remind_at": None if reminded_at else due_at,
        "queue": queue,
        "rank": _rank(queue, due_at or now, received_at, now),
    }


def arrival(priority: str, high_risk: bool, received_at: datetime, rules: Rules) -> dict[str, Any]:
    """The values for a referral that has just arrived."""
    timer = clocks.start(Step.READ, clocks.urgency_of(priority, high_risk), received_at, rules.lengths)
    return {
        "status": State.NEW.value,
        "urgency": priority,
        "high_risk": high_risk,
        "unread_for": ANYBODY,
        **columns(timer, State.NEW, received_at, received_at, rules),
    }


def queue_of(state: State) -> str:
    return {State.WAITING: WAITING, State.CLOSED: CLOSED}.get(state, OPEN)


def _is_same(timer: Timer, before: Timer | None) -> bool:
    return before is not None and (before.step, before.started_at) == (timer.step, timer.started_at)


def _rank(queue: str, due_at: datetime, received_at: datetime, now: datetime) -> int:
    if queue == WAITING:
        return WAITING_FROM + int(received_at.timestamp())
    return int(due_at.timestamp()) if queue == OPEN else LAST - int(now.timestamp())
