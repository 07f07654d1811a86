"""Events and entries in words: the timeline, and what somebody else did meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from blueprints.referrals import hours
from blueprints.referrals.desk import entries
from blueprints.referrals.desk.contact import EVENT
from blueprints.referrals.desk.entries import Writing
from blueprints.referrals.desk.refusals import Now
from blueprints.referrals.lifecycle import states, wording
from blueprints.referrals.lifecycle.calendar import Calendar
from blueprints.referrals.lifecycle.clocks import Step
from blueprints.referrals.lifecycle.reasons import BY_CODE
from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.models import Event, Referral
from core.extensions import db

DID = {
    "submitted": "Referral sent",
    "confirmed": "Referrer's address confirmed",
    EVENT: "Live contact",
    "claim": "Claimed",
    "take": "Taken over",
    "release": "Given back",
    "hand_over": "Handed over",
    "set_priority": "Priority changed",
    "accept": "Accepted",
    "ask": "Referrer asked",
    "answered": "Answer received",
    "book": "Visit booked",
    "seen": "Patient seen",
    "no_show": "Patient did not come",
    "report": "Report sent",
    "decline": "Declined",
    "unreachable": "Closed: cannot be reached",
    "withdraw": "Closed: withdrawn",
    "error": "Closed: sent by mistake",
    "reopen": "Reopened",
}
"""Kind of an event → what happened."""
TO_REFERRER = {row.action for row in states.TRANSITIONS if row.to_referrer}
LABELS = {
    "reason": "Reason",
    "visit_on": "Visit on",
    "channel": "Sent by",
    "priority": "Priority",
    "to_name": "To",
    "spoke_with": "Spoke with",
    "spoke_at": "At",
    "reached": "Reached",
}
HIDDEN = ("to_id", "to_email", "words")


@dataclass(frozen=True)
class Entry:
    """A line of the timeline."""

    at: datetime
    author: str
    """"" for what nobody of the staff did."""
    kind: str
    """event | note | message | call. Notes are for the team, messages for the referrer."""
    words: str
    fault: str = ""
    """Why it does not open, or what is not as it was sealed."""
    details: tuple[tuple[str, str], ...] = ()
    """What was given besides the words: label and value."""


def timeline(events: Iterable[Event], written: Iterable[Writing]) -> tuple[Entry, ...]:
    """Oldest first; what was written comes after the event that it belongs to."""
    calendar = hours.current().calendar
    # A live contact is told by its call.
    happened = (_of_event(event, calendar) for event in events if event.kind != EVENT)
    lines = [*happened, *(_of_writing(entry) for entry in written)]
    return tuple(sorted(lines, key=lambda line: line.at))


def now(row: Any, private_key: str) -> Now:
    """What the referral has become, for somebody who saw an earlier version."""
    query = select(Event).where(Event.referral_id == row.id).order_by(Event.id.desc()).limit(1)
    latest = db.session.scalars(query).one_or_none()
    version, status, owner = db.session.execute(
        select(Referral.version, Referral.status, Referral.owner).where(Referral.id == row.id)
    ).one()
    who, when, did = (
        (latest.actor, latest.happened_at, DID.get(latest.kind, "")) if latest else ("", row.received_at, "")
    )
    last = [entry for entry in entries.of(row.id, private_key) if entry.at == when and entry.author == who]
    return Now(version, State(status), owner, who, when, did, said(last[-1].said) if last else "")


def said(given: Mapping[str, str]) -> str:
    """All that was given, in lines."""
    lines = [f"{label}: {value}" for label, value in details(given)]
    return "\n".join([*lines, given.get("words", "")]).strip()


def details(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((LABELS.get(name, name), _value(name, value)) for name, value in given.items() if _shown(name, value))


def _shown(name: str, value: str) -> bool:
    return bool(value) and name not in HIDDEN


def _value(name: str, value: str) -> str:
    return (
        BY_CODE[value].label if name == "reason" and value in BY_CODE else value.replace("T", " ", name == "spoke_at")
    )


def _of_event(event: Event, calendar: Calendar) -> Entry:
    words = DID.get(event.kind, event.kind)
    if event.kind == "hand_over":
        words += f" to {event.owner or 'nobody'}"
    if event.due_at and event.source != event.target:
        words += f". {wording.WHAT[Step(event.clock)].capitalize()} by {calendar.local(event.due_at):%b %-d, %-I:%M %p}"
    return Entry(event.happened_at, event.actor, "event", words)


def _of_writing(entry: Writing) -> Entry:
    known = {entries.NOTE: "note", entries.MESSAGE: "message", entries.CALL: "call"}
    kind = known.get(entry.kind, "message" if entry.kind in TO_REFERRER else "note")
    return Entry(entry.at, entry.author, kind, entry.said.get("words", ""), entry.fault, details(entry.said))
