"""One referral as its page shows it: opened, assessed, with all that happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from blueprints.referrals import facts, hours, services, verification
from blueprints.referrals.assessment.assess import Assessment, assess, assessment_input_of
from blueprints.referrals.desk import changes, checklists, contact, entries, presence, suggestions, telling, worklist
from blueprints.referrals.desk.checklists import Item
from blueprints.referrals.desk.entries import Writing
from blueprints.referrals.desk.telling import Entry
from blueprints.referrals.desk.worklist import Row
from blueprints.referrals.details import ReferralData, read
from blueprints.referrals.lifecycle import clocks, columns, reasons, risk, states
from blueprints.referrals.lifecycle.reasons import Reason
from blueprints.referrals.lifecycle.states import State, Transition
from blueprints.referrals.models import Event, Referral
from blueprints.referrals.services import UnknownReferral
from blueprints.referrals.verification import Marks
from core import audit, clinic, clock
from core.audit import Actor
from core.crypto.envelope import SealingError
from core.extensions import db

__all__ = ["Case", "Decision", "Entry", "Item", "UnknownReferral", "open_case"]


@dataclass(frozen=True)
class Decision:
    accepted: bool
    reason: Reason | None
    """Why it was declined."""
    words: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Case:
    row: Row
    details: ReferralData
    warning: str
    """What is not as it was sealed; "" if everything is."""
    marks: Marks
    """Signs of who sent it."""
    assessment: Assessment
    transitions: tuple[Transition, ...]
    """What can be done now, whoever may do it."""
    timeline: tuple[Entry, ...]
    """Oldest first."""
    checklist: tuple[Item, ...]
    others: tuple[str, ...]
    """Who else looks at it now."""
    contact_needed: bool
    """It is of high risk, and nobody has spoken with anybody yet."""
    decision: Decision | None
    risks: tuple[str, ...] = ()
    """Why it is of high risk, in words."""
    email: str = ""
    """confirmed | not confirmed | no receipt sent: the referrer's address."""
    suggested: tuple[str, ...] = ()
    """Codes of decline reasons that the assessment speaks for."""


def open_case(reference: str, actor: Actor, private_key: str) -> Case:
    """Open a referral for its page. Commits its line in the audit trail.

    Raises UnknownReferral, or SealingError if it cannot be opened; that is in the audit trail too."""
    try:
        with changes.one_transaction():
            row = changes.find(reference)
            if row is None:
                raise UnknownReferral(reference)
            case = _case(row, actor, private_key)
            _note_reading(row, actor)
            presence.note(row.id, actor)
            audit.add(actor, "referral.opened", row.reference)
    except SealingError:
        audit.record(actor, "referral.not_opened", reference.strip().upper())
        raise
    return case


def _case(row: Any, actor: Actor, private_key: str) -> Case:
    said = services.open_referral(row.reference, private_key)
    details, written = read(said.data), entries.of(row.id, private_key)
    if risk.is_high(details) and not row.high_risk:
        row = _mark_as_high_risk(row, actor)
    needed = contact.is_missing(row, details, written)
    state, events = State(row.status), _events(row.id)
    assessment = _assessed(details)
    return Case(
        row=worklist.row_of(row, said, actor),
        details=details,
        warning=said.warning,
        marks=Marks.read(row.marks),
        assessment=assessment,
        transitions=states.possible(state, row.owner_id is not None, needed),
        timeline=telling.timeline(events, written),
        checklist=checklists.of(row.id, state),
        others=presence.others(row.id, actor),
        contact_needed=needed,
        decision=_decision(events, written),
        risks=tuple(risk.reasons(details)),
        email=verification.state_of(row.confirmed_at, row.confirm_hash),
        suggested=tuple(suggestions.of(assessment)),
    )


def _assessed(details: ReferralData) -> Assessment:
    levels = facts.current().hold_levels()
    return assess(replace(assessment_input_of(details, clinic.today()), **levels))


def _events(referral_id: int) -> Sequence[Event]:
    return db.session.scalars(select(Event).where(Event.referral_id == referral_id).order_by(Event.id)).all()


def _decision(events: Iterable[Event], written: Iterable[Writing]) -> Decision | None:
    """The latest, with what was written at that moment. None also after reopening."""
    found = [event for event in events if event.kind in ("accept", "decline", "reopen")]
    if not found or found[-1].kind == "reopen":
        return None
    last = found[-1]
    same = (entry.said for entry in written if (entry.kind, entry.at) == (last.kind, last.happened_at))
    said: Mapping[str, str] = next(same, {})
    reason = reasons.BY_CODE.get(said.get("reason", ""))
    return Decision(last.kind == "accept", reason, said.get("words", ""), last.actor, last.happened_at)


def _mark_as_high_risk(row: Any, actor: Actor) -> Any:
    """For referrals that came before the column, or whose column was changed by hand: the clock must know it."""
    now, rules = clock.now(), hours.current()
    timer, urgency = columns.timer_of(row), clocks.urgency_of(row.urgency, True)
    fresh = timer and clocks.with_urgency(timer, urgency, rules.lengths)
    values = {"high_risk": True, **columns.columns(fresh, State(row.status), row.received_at, now, rules, row)}
    changes.write(row, values, counted=False)
    audit.add(actor, "referral.marked_high_risk", row.reference)
    return changes.find(row.reference)


def _note_reading(row: Any, actor: Actor) -> None:
    """That it was read: by anybody, and by its owner."""
    values: dict[str, Any] = {}
    if row.first_read_at is None:
        values["first_read_at"] = clock.now()
    if row.unread_for in (columns.ANYBODY, actor.id):
        values["unread_for"] = None
    if values:
        change = update(Referral).where(Referral.id == row.id).values(values)
        db.session.execute(change.execution_options(synchronize_session=False))
