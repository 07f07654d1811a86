"""Business time, and clocks that run, stand still and go on. Each fault that other desks had has a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.referrals.hours import DeskFacts, rules_of
from blueprints.referrals.lifecycle import calendar, clocks, columns, states, wording
from blueprints.referrals.lifecycle.calendar import Calendar
from blueprints.referrals.lifecycle.clocks import HIGH_RISK, ROUTINE, URGENT, Moment, Step, Timer
from blueprints.referrals.lifecycle.states import State

ZONE = ZoneInfo("America/Los_Angeles")
HOURS = "Mon-Fri 9:00-12:30 13:00-17:00; Sat 9:00-12:00"
RULES = rules_of(DeskFacts(hours=HOURS, holidays="2026-11-26 2026-12-25"), ZONE)
CALENDAR = RULES.calendar
HOUR = 3600
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 210 * 24 * HOUR).map(lambda seconds: FIRST + timedelta(seconds=seconds))
LENGTHS = st.integers(1, 60 * HOUR)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def slow_between(start: datetime, end: datetime) -> int:
    """Minute by minute."""
    total = 0
    while start < end:
        here = CALENDAR.local(start)
        week = CALENDAR.week[here.weekday()] if here.date() not in CALENDAR.holidays else ()
        total += 60 * any(opens <= here.time() < closes for opens, closes in week)
        start += timedelta(minutes=1)
    return total


@given(MOMENTS.map(lambda m: m.replace(second=0)), st.integers(0, 4 * 24 * 60))
def test_business_time_is_what_counting_minutes_gives(start: datetime, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    assert CALENDAR.between(start, end) == slow_between(start, end)


@given(MOMENTS, LENGTHS)
def test_adding_and_measuring_are_inverse(start: datetime, seconds: int) -> None:
    end = CALENDAR.add(start, seconds)
    assert CALENDAR.between(start, end) == seconds
    assert CALENDAR.between(start, end - timedelta(seconds=1)) == seconds - 1
    back = CALENDAR.add(end, -seconds)
    assert CALENDAR.between(back, end) == seconds


@pytest.mark.parametrize(
    ("start", "seconds", "end"),
    [
        ("2026-11-24T12:00", HOUR, "2026-11-24T13:30"),  # lunch
        ("2026-11-24T16:30", HOUR, "2026-11-25T09:30"),  # the night
        ("2026-11-25T16:30", HOUR, "2026-11-27T09:30"),  # Thanksgiving
        ("2026-11-28T11:30", HOUR, "2026-11-30T09:30"),  # Saturday's half day, and Sunday
        ("2026-11-29T03:00", HOUR, "2026-11-30T10:00"),  # arrived on Sunday
        (
            "2026-10-30T16:30",
            4 * HOUR,
            "2026-11-02T09:30",
        ),  # over the change of the clocks, Saturday's 3 hours included
    ],
)
def test_lunch_nights_weekends_and_holidays_do_not_count(start: str, seconds: int, end: str) -> None:
    assert CALENDAR.add(local(start), seconds) == local(end)


@pytest.mark.parametrize(
    "wrong",
    ["", "Mon", "Mon 9-17", "Mon-Fri 17:00-9:00", "Mon 9:00-12:00 11:00-13:00", "Xyz 9:00-17:00", "Mon 9:00-25:00"],
)
def test_hours_that_cannot_be_read_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        calendar.read_week(wrong)


def test_intervals_are_read_in_business_time() -> None:
    assert CALENDAR.day == 7.5 * HOUR
    assert calendar.read_interval("3 business days", CALENDAR.day) == 3 * CALENDAR.day
    assert calendar.read_interval("90 minutes", CALENDAR.day) == 1.5 * HOUR


def step(timer: Timer | None, source: State, action: str, now: datetime, urgency: str = ROUTINE) -> Timer | None:
    row = states.find(source, action)
    assert row
    return clocks.after(timer, row, Moment(now, RECEIVED, urgency), RULES)


RECEIVED = local("2026-11-23T10:00")


def deciding() -> Timer:
    timer = step(arrived(), State.NEW, "claim", local("2026-11-23T11:00"))
    assert timer
    return timer


def arrived(urgency: str = ROUTINE) -> Timer:
    return clocks.start(Step.READ, urgency, RECEIVED, RULES.lengths)


@given(st.lists(st.tuples(st.integers(0, 9 * HOUR), st.integers(0, 200 * HOUR)), max_size=5))
def test_time_in_waiting_never_counts(rounds: list[tuple[int, int]]) -> None:
    """However often the referrer is asked, and however long the answers take."""
    timer: Timer | None = deciding()
    now, used = RECEIVED, 0
    for work, wait in rounds:
        assert timer
        later = now + timedelta(seconds=work)
        used += CALENDAR.between(now, later)
        timer = step(timer, State.REVIEWING, "ask", later)
        assert timer
        assert timer.due_at(CALENDAR) is None
        now = later + timedelta(seconds=wait)
        timer = step(timer, State.WAITING, "answered", now)
    assert timer
    assert timer.left(now, CALENDAR) == 3 * CALENDAR.day - used


def test_fault_the_clock_fires_while_the_sender_is_late() -> None:
    timer = step(deciding(), State.REVIEWING, "ask", local("2026-11-23T12:00"))
    kept = columns.columns(timer, State.WAITING, RECEIVED, local("2026-11-23T12:00"), RULES)
    assert (kept["due_at"], kept["remind_at"], kept["queue"]) == (None, None, "waiting")
    assert wording.clock_of(timer, local("2027-11-23T12:00"), CALENDAR).kind == "stopped"


def test_fault_an_answer_restarts_it() -> None:
    asked = step(deciding(), State.REVIEWING, "ask", local("2026-11-23T12:00"))
    answered = step(asked, State.WAITING, "answered", local("2026-11-24T09:00"))
    assert answered
    assert answered.started_at == RECEIVED
    assert answered.left(local("2026-11-24T09:00"), CALENDAR) == 3 * CALENDAR.day - 2 * HOUR


def test_fault_a_change_of_priority_leaves_the_old_clock() -> None:
    timer = step(arrived(), State.NEW, "set_priority", local("2026-11-23T11:30"), URGENT)
    assert timer
    assert timer.due_at(CALENDAR) == local("2026-11-23T14:30"), "four business hours since it arrived"
    again = step(timer, State.NEW, "set_priority", local("2026-11-23T11:45"), ROUTINE)
    assert again == arrived()


def test_fault_claiming_late_gains_no_time() -> None:
    early, late = (step(arrived(), State.NEW, "claim", local(f"2026-11-2{day}T11:00")) for day in (3, 4))
    assert early == late


@pytest.mark.parametrize("action", ["take", "release", "hand_over"])
def test_fault_another_owner_resets_the_age(action: str) -> None:
    assert step(deciding(), State.REVIEWING, action, local("2026-11-24T10:00")) == deciding()


def test_high_risk_has_an_hour_and_amber_comes_at_three_quarters() -> None:
    timer = arrived(HIGH_RISK)
    assert timer.amber_at(CALENDAR) == RECEIVED + timedelta(minutes=45)
    kinds = {
        minutes: wording.clock_of(timer, RECEIVED + timedelta(minutes=minutes), CALENDAR) for minutes in (44, 45, 60)
    }
    assert [clock.kind for clock in kinds.values()] == ["on time", "due soon", "late"]
    assert kinds[44].words == "due in 16 business minutes"


def test_a_reminder_that_is_out_stays_out_as_long_as_the_clock_is_the_same() -> None:
    now = local("2026-11-23T12:00")
    before = type("Row", (), columns.columns(deciding(), State.REVIEWING, RECEIVED, now, RULES))
    before.reminded_at = now  # type: ignore[attr-defined]
    asked = step(columns.timer_of(before), State.REVIEWING, "ask", now)
    same = columns.columns(asked, State.WAITING, RECEIVED, now, RULES, before)
    other = columns.columns(step(asked, State.REVIEWING, "accept", now), State.ACCEPTED, RECEIVED, now, RULES, before)
    assert (same["reminded_at"], same["remind_at"]) == (now, None)
    assert other["reminded_at"] is None
    assert other["remind_at"] == other["due_at"]


def test_a_calendar_without_lunch_counts_eight_hours() -> None:
    plain = Calendar(ZONE, calendar.read_week("Mon-Fri 9:00-17:00"))
    assert plain.day == 8 * HOUR
