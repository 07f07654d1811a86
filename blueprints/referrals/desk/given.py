"""Checks what is given with a change: everything that its transition needs, in a form that can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from blueprints.referrals.desk import entries
from blueprints.referrals.desk.refusals import Missing
from blueprints.referrals.lifecycle.calendar import Calendar
from blueprints.referrals.lifecycle.reasons import BY_CODE, NEEDS_WORDS
from blueprints.referrals.lifecycle.states import Transition

LONGEST = 10_000
"""Characters of one text."""
EARLIER = timedelta(days=2)
"""How long before a referral arrives its referrer may have called."""
SKEW = timedelta(minutes=5)
WANTED = {
    "words": "Write a few words.",
    "visit_on": "Give the day of the visit.",
    "channel": "Say how the report was sent.",
    "reason": "Choose a reason.",
    "priority": "Choose a priority.",
    "to_id": "Choose a person.",
    "to_name": "Choose a person.",
    "spoke_with": "Say whom you spoke with.",
    "spoke_at": "Say when.",
    "reached": "Say whether you reached somebody.",
}
CALL = ("spoke_with", "spoke_at", "reached", "words")
Given = Mapping[str, str]


def for_transition(row: Transition, given: Given, now: datetime, calendar: Calendar) -> dict[str, str]:
    """What this transition takes, stripped. Raises Missing."""
    said = _stripped(given, (*row.needs, *row.takes))
    problems = _missing(said, row.needs)
    if "reason" in said and said.get("reason") in NEEDS_WORDS and not said.get("words"):
        problems["words"] = WANTED["words"]
    for name, check in CHECKS.items():
        if name not in problems and said.get(name) and (words := check(said[name], now, calendar)):
            problems[name] = words
    if problems:
        raise Missing(problems)
    return said


def for_entry(kind: str, given: Given, received_at: datetime, now: datetime, calendar: Calendar) -> dict[str, str]:
    """What a note, a message or a call holds, stripped. Raises Missing."""
    needs = CALL if kind == entries.CALL else ("words",)
    said = _stripped(given, needs)
    problems = _missing(said, needs)
    if "reached" in said and said["reached"] not in ("yes", "no", ""):
        problems["reached"] = WANTED["reached"]
    if said.get("spoke_at") and "spoke_at" not in problems:
        try:
            at = moment(said["spoke_at"], calendar)
        except ValueError:
            problems["spoke_at"] = "Write the time like 2026-12-01T14:30."
        else:
            said["spoke_at"] = f"{calendar.local(at):%Y-%m-%dT%H:%M}"
            if not received_at - EARLIER <= at <= now + SKEW:
                problems["spoke_at"] = "The call must not be in the future, nor long before the referral."
    if problems:
        raise Missing(problems)
    return said


def moment(text: str, calendar: Calendar) -> datetime:
    """A date and time; without a zone it is the clinic's. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=calendar.zone)).astimezone(UTC)


def end_of_visit(text: str, calendar: Calendar) -> datetime:
    """The end of the visit's day at the clinic. Raises ValueError."""
    day = datetime.fromisoformat(text).date()
    return datetime.combine(day, time(23, 59, 59), calendar.zone).astimezone(UTC)


def _stripped(given: Given, names: tuple[str, ...]) -> dict[str, str]:
    return {name: str(given.get(name) or "").strip() for name in names}


def _missing(said: Mapping[str, str], needs: tuple[str, ...]) -> dict[str, str]:
    problems = {name: WANTED[name] for name in needs if not said[name]}
    long = f"Write at most {LONGEST:,} characters."
    return {**problems, **{name: long for name, text in said.items() if len(text) > LONGEST}}


def _visit(text: str, now: datetime, calendar: Calendar) -> str:
    try:
        day: date = datetime.fromisoformat(text).date()
    except ValueError:
        return "Write the day like 2026-12-01."
    if day < calendar.local(now).date():
        return "The visit must be today or later."
    return "" if day < calendar.local(now).date() + timedelta(days=366) else "The visit must be within a year."


def _reason(text: str, *_: object) -> str:
    return "" if text in BY_CODE else WANTED["reason"]


def _priority(text: str, *_: object) -> str:
    return "" if text in ("routine", "urgent") else WANTED["priority"]


def _person(text: str, *_: object) -> str:
    return "" if text.isdecimal() and len(text) < 10 else WANTED["to_id"]


CHECKS: dict[str, Callable[[str, datetime, Calendar], str]] = {
    "visit_on": _visit,
    "reason": _reason,
    "priority": _priority,
    "to_id": _person,
}
