"""One referral as its page shows it: opened, assessed, with all that happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from blueprints.referrals import services
from blueprints.referrals.assessment.assess import Assessment, assess, assessment_input_of
from blueprints.referrals.desk import changes, checklists, contact, entries, presence, telling, worklist
from blueprints.referrals.desk.checklists import Item
from blueprints.referrals.desk.entries import Writing
from blueprints.referrals.desk.telling import Entry
from blueprints.referrals.desk.worklist import Row
from blueprints.referrals.details import ReferralData, read
from blueprints.referrals.lifecycle import columns, reasons, risk, states
from blueprints.referrals.lifecycle.reasons import Reason
from blueprints.referrals.lifecycle.states import State, Transition
from blueprints.referrals.models import Event, Referral
from blueprints.referrals.services import UnknownReferral
from blueprints.referrals.verification import Marks
from core import audit, clinic, clock
from core.audit import Actor
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
        row = changes.find(reference)
        if row is None:
            raise UnknownReferral(reference)
        audit_line = "referral.opened"
        case = _case(row, actor, private_key)
        _note_reading(row, actor)
        presence.note(row.id, actor)
        audit.add(actor, audit_line, row.reference)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    return case


def _case(row: Any, actor: Actor, private_key: str) -> Case:
    said = services.open_referral(row.reference, private_key)
    details, written = read(said.data), entries.of(row.id, private_key)
    needed = contact.is_missing(row, details, written)
    state = State(row.status)
    assessment = assess(assessment_input_of(details, clinic.today()))
    return Case(
        row=worklist.row_of(row, said, actor),
        details=details,
        warning=said.warning,
        marks=Marks.read(row.marks),
        assessment=assessment,
        transitions=states.possible(state, row.owner_id is not None, needed),
        timeline=telling.timeline(_events(row.id), written),
        checklist=checklists.of(row.id, state),
        others=presence.others(row.id, actor),
        contact_needed=needed,
        decision=_decision(written),
        risks=tuple(risk.reasons(details)),
    )


def _events(referral_id: int) -> Iterable[Event]:
    return db.session.scalars(select(Event).where(Event.referral_id == referral_id).order_by(Event.id))


def _decision(written: Iterable[Writing]) -> Decision | None:
    """The latest."""
    found = [entry for entry in written if entry.kind in ("accept", "decline")]
    if not found:
        return None
    last = found[-1]
    reason = reasons.BY_CODE.get(last.said.get("reason", ""))
    return Decision(last.kind == "accept", reason, last.said.get("words", ""), last.author, last.at)


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
