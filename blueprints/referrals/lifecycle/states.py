"""The one table of what may become of a referral. It makes the buttons, guards the service, and feeds the clocks, FHIR
and what the referrer sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

WORK, DECIDE, OVERSEE = "work on referrals", "decide on referrals", "oversee referrals"
"""Permissions, as blueprints/staff/roles.py has them; a test compares."""


class State(StrEnum):
    NEW = "new"
    REVIEWING = "reviewing"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    BOOKED = "booked"
    SEEN = "seen"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a closed referral ended."""

    REPORTED = "reported"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    UNREACHABLE = "unreachable"
    ERROR = "error"


@dataclass(frozen=True)
class Meaning:
    """What a state, or the outcome of a closed referral, is to others."""

    label: str
    fhir: str
    """FHIR R4 Task.status."""
    business_status: str
    """BSeR 2.0 Task.businessStatus code, or ""."""
    words: str
    """What the referrer sees. {owner} is who works on it, {due} the day that its clock ends."""


MEANINGS: dict[State | Outcome, Meaning] = {
    State.NEW: Meaning("New", "requested", "2.0", "Received, not read yet"),
    State.REVIEWING: Meaning("Being reviewed", "in-progress", "", "Being read by {owner}"),
    State.WAITING: Meaning("Waiting for the referrer", "on-hold", "", "The center needs an answer from you"),
    State.ACCEPTED: Meaning("Accepted", "accepted", "3.0", "Accepted. The center is calling the patient"),
    State.BOOKED: Meaning("Visit booked", "in-progress", "5.1", "A visit is booked"),
    State.SEEN: Meaning("Seen", "in-progress", "5.1.4", "The patient was seen. The report is due by {due}"),
    Outcome.REPORTED: Meaning(
        "Closed: report sent", "completed", "7.0", "Closed: the patient was seen and the report was sent"
    ),
    Outcome.DECLINED: Meaning(
        "Closed: declined", "rejected", "4.0", "Closed: declined, with the reason and what can be done instead"
    ),
    Outcome.WITHDRAWN: Meaning("Closed: withdrawn", "cancelled", "6.0", "Closed: withdrawn"),
    Outcome.UNREACHABLE: Meaning(
        "Closed: cannot be reached", "failed", "6.0", "Closed: the center could not reach the patient"
    ),
    Outcome.ERROR: Meaning(
        "Closed: sent by mistake", "entered-in-error", "", "Closed: it was sent by mistake or twice"
    ),
}
"""A closed referral is known by its outcome."""


@dataclass(frozen=True)
class Transition:
    """One row of the table."""

    source: State
    action: str
    target: State
    permission: str
    label: str
    """The button."""
    needs: tuple[str, ...] = ()
    """Names of what must be given."""
    takes: tuple[str, ...] = ()
    """Names of what may be given besides."""
    outcome: Outcome | None = None
    """Only for a target of CLOSED."""
    to_referrer: bool = False
    """Whether the words that are given are for the referrer. Otherwise they are for the team."""

    @property
    def keeps(self) -> bool:
        """Whether the state stays as it is."""
        return self.source == self.target

    @property
    def meaning(self) -> Meaning:
        return MEANINGS[self.outcome or self.target]

    @property
    def fhir(self) -> str:
        return self.meaning.fhir

    @property
    def business_status(self) -> str:
        return self.meaning.business_status

    @property
    def words(self) -> str:
        return self.meaning.words


S = State
OPEN: tuple[State, ...] = tuple(state for state in State if state is not S.CLOSED)
OWNED: tuple[State, ...] = tuple(state for state in OPEN if state is not S.NEW)


def _rows() -> Iterator[Transition]:
    yield Transition(S.NEW, "claim", S.REVIEWING, WORK, "Claim")
    yield Transition(S.REVIEWING, "accept", S.ACCEPTED, DECIDE, "Accept", takes=("words",), to_referrer=True)
    yield Transition(S.REVIEWING, "ask", S.WAITING, WORK, "Ask the referrer", ("words",), to_referrer=True)
    yield Transition(S.WAITING, "answered", S.REVIEWING, WORK, "Answer received", ("words",))
    yield Transition(S.ACCEPTED, "book", S.BOOKED, WORK, "Book the visit", ("visit_on",), ("words",))
    yield Transition(S.BOOKED, "seen", S.SEEN, WORK, "Patient was seen", takes=("words",))
    yield Transition(S.BOOKED, "no_show", S.ACCEPTED, WORK, "Patient did not come", takes=("words",))
    yield Transition(S.SEEN, "report", S.CLOSED, DECIDE, "Report sent", ("channel",), ("words",), Outcome.REPORTED)
    yield from _ways_to_close()
    yield Transition(S.CLOSED, "reopen", S.REVIEWING, OVERSEE, "Reopen", ("words",))
    yield from _keeping()


def _ways_to_close() -> Iterator[Transition]:
    for state in (S.REVIEWING, S.WAITING, S.ACCEPTED):
        needs, takes = ("reason",), ("words",)
        yield Transition(
            state, "decline", S.CLOSED, DECIDE, "Decline", needs, takes, Outcome.DECLINED, to_referrer=True
        )
    for state in (S.WAITING, S.ACCEPTED, S.BOOKED):
        label = "Close: cannot be reached"
        yield Transition(state, "unreachable", S.CLOSED, WORK, label, ("words",), (), Outcome.UNREACHABLE)
    for state in OPEN:
        yield Transition(state, "withdraw", S.CLOSED, WORK, "Close: withdrawn", ("words",), (), Outcome.WITHDRAWN)
    for state in (S.NEW, S.REVIEWING, S.WAITING, S.ACCEPTED):
        yield Transition(state, "error", S.CLOSED, WORK, "Close: sent by mistake", ("words",), (), Outcome.ERROR)


def _keeping() -> Iterator[Transition]:
    """Those that change something else than the state."""
    for state in OWNED:
        yield Transition(state, "take", state, WORK, "Take over")
        yield Transition(state, "release", state, WORK, "Give back", takes=("words",))
    for state in OPEN:
        yield Transition(state, "hand_over", state, OVERSEE, "Hand over", ("to_id", "to_name"), ("to_email", "words"))
    for state in (S.NEW, S.REVIEWING, S.WAITING):
        yield Transition(state, "set_priority", state, DECIDE, "Change the priority", ("priority", "words"))


TRANSITIONS: tuple[Transition, ...] = tuple(_rows())
ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(row.action for row in TRANSITIONS))


def find(state: State, action: str) -> Transition | None:
    """The row for this action in this state; None if it is not possible there."""
    return next((row for row in TRANSITIONS if row.source == state and row.action == action), None)


def possible(state: State, owned: bool = True, contact_needed: bool = False) -> tuple[Transition, ...]:
    """What can be done in this state, in the order of the table.

    `owned`: whether somebody works on it. `contact_needed`: it is of high risk and nobody has spoken with anybody
    about it yet. Then it cannot leave NEW, by whatever way.
    """
    rows = (row for row in TRANSITIONS if row.source == state)
    return tuple(row for row in rows if not _is_held(row, contact_needed) and (owned or row.action != "release"))


def _is_held(row: Transition, contact_needed: bool) -> bool:
    return contact_needed and row.source == State.NEW and not row.keeps


def meaning_of(state: State, outcome: str = "") -> Meaning:
    """A closed referral without an outcome counts as withdrawn."""
    return MEANINGS[Outcome(outcome or Outcome.WITHDRAWN) if state == State.CLOSED else state]
