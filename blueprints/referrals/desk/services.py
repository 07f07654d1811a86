"""Changes of a referral by staff. Each is one transaction of state, event, entry and its line in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from blueprints.referrals import hours
from blueprints.referrals.desk import changes, checklists, contact, entries, presence, telling
from blueprints.referrals.desk import given as givens
from blueprints.referrals.desk.changes import NOBODY, Owner
from blueprints.referrals.desk.refusals import Missing, NotAllowed, Now, Stale
from blueprints.referrals.lifecycle import columns, states
from blueprints.referrals.lifecycle.states import WORK, State, Transition
from blueprints.referrals.models import Referral
from blueprints.referrals.services import UnknownReferral
from core import audit, clock
from core.audit import Actor
from core.extensions import db

__all__ = ["Missing", "NotAllowed", "Now", "Stale", "UnknownReferral", "act", "check", "hand_over_all", "look", "write"]


def act(
    reference: str,
    action: str,
    seen: int,
    actor: Actor,
    permissions: frozenset[str],
    given: Mapping[str, str],
    private_key: str,
    public_keys: Sequence[str],
) -> None:
    """Carry out an action of lifecycle/states.py on the version that was seen. Commits.

    Raises UnknownReferral, Stale, NotAllowed, Missing, and SealingError without a public key. Then nothing changed.
    """
    with changes.one_transaction():
        _act(_found(reference), action, seen, actor, permissions, given, private_key, public_keys)


def _act(
    row: Any,
    action: str,
    seen: int,
    actor: Actor,
    permissions: frozenset[str],
    given: Mapping[str, str],
    private_key: str,
    public_keys: Sequence[str],
) -> None:
    if row.version != seen:
        raise Stale(telling.now(row, private_key))
    change, now, rules = _allowed(row, action, permissions), clock.now(), hours.current()
    if not change.keeps and contact.is_needed(row, private_key):
        raise NotAllowed(
            "Speak with the referrer or the patient first, and log the call: this referral is of high risk."
        )
    said = givens.for_transition(change, given, now, rules.calendar)
    if not changes.carry_out(row, change, said, actor, now, rules):
        raise Stale(telling.now(row, private_key))
    if any(said.values()):
        entries.add(row.id, action, said, actor, now, public_keys)
    audit.add(actor, f"referral.{action}", row.reference, source=row.status, target=change.target.value)


def write(
    reference: str,
    kind: str,
    given: Mapping[str, str],
    actor: Actor,
    permissions: frozenset[str],
    public_keys: Sequence[str],
) -> None:
    """Add a note for the team, a message to the referrer, or a call. Commits. It changes no clock.

    A note and a message need `words`; a call needs `spoke_with`, `spoke_at` (ISO 8601, the clinic's time), `reached`
    (yes | no) and `words`: what was arranged. Raises UnknownReferral, NotAllowed, Missing, SealingError.
    """
    with changes.one_transaction():
        _write(_found(reference), kind, given, actor, permissions, public_keys)


def _write(
    row: Any, kind: str, given: Mapping[str, str], actor: Actor, permissions: frozenset[str], public_keys: Sequence[str]
) -> None:
    if kind not in (entries.NOTE, entries.MESSAGE, entries.CALL):
        raise NotAllowed("There is no such entry.")
    _refuse_without(WORK, permissions)
    now, calendar = clock.now(), hours.current().calendar
    said = givens.for_entry(kind, given, row.received_at, now, calendar)
    if said.get("reached") == "yes" and row.contact_at is None:
        _set(row, contact_at=givens.moment(said["spoke_at"], calendar))
        db.session.add(changes.event(row, contact.EVENT, actor, now, {}))
    if row.owner_id not in (None, actor.id):
        _set(row, unread_for=row.owner_id)
    entries.add(row.id, kind, said, actor, now, public_keys)
    audit.add(actor, f"referral.{kind}", row.reference)


def check(reference: str, item: str, done: bool, actor: Actor, permissions: frozenset[str]) -> None:
    """Tick or clear an item of the checklist. Commits. Raises UnknownReferral, NotAllowed."""
    with changes.one_transaction():
        row = _found(reference)
        _refuse_without(WORK, permissions)
        if item not in checklists.BY_STATE.get(State(row.status), ()):
            raise NotAllowed("This is not on the checklist now.")
        checklists.tick(row.id, item, done, actor, clock.now())
        audit.add(actor, "referral.checked" if done else "referral.cleared", row.reference, item=item)


def look(reference: str, actor: Actor) -> tuple[str, ...]:
    """Note that this person looks at the referral, and return the names of the others who do. Commits.

    Raises UnknownReferral."""
    row = db.session.execute(select(Referral.id).where(Referral.reference == reference.strip().upper())).one_or_none()
    if row is None:
        db.session.rollback()
        raise UnknownReferral(reference)
    presence.note(row.id, actor)
    others = presence.others(row.id, actor)
    db.session.commit()
    return others


def hand_over_all(from_id: int, to: Actor | None, actor: Actor) -> int:
    """Hand over every referral that is not closed, for somebody who leaves; None: to nobody. Commits; how many."""
    owner = Owner(to.id, to.name, to.email) if to else NOBODY
    where = (Referral.owner_id == from_id, Referral.queue.in_([columns.OPEN, columns.WAITING]))
    rows = db.session.execute(select(*changes.CLEAR).where(*where).order_by(Referral.id).with_for_update()).all()
    now = clock.now()
    for row in rows:
        values = {**changes.owned_by(owner), "unread_for": owner.id or columns.ANYBODY}
        changes.write(row, values)
        db.session.add(changes.event(row, "hand_over", actor, now, values))
        audit.add(actor, "referral.hand_over", row.reference, source=row.status, target=row.status)
    db.session.commit()
    return len(rows)


def _found(reference: str) -> Any:
    row = changes.find(reference)
    if row is None:
        raise UnknownReferral(reference)
    return row


def _allowed(row: Any, action: str, permissions: frozenset[str]) -> Transition:
    change = states.find(State(row.status), action)
    if change is None or (action == "release" and row.owner_id is None):
        raise NotAllowed("This is not possible any more: look at the referral again.")
    _refuse_without(change.permission, permissions)
    return change


def _refuse_without(permission: str, permissions: frozenset[str]) -> None:
    if permission not in permissions:
        raise NotAllowed("Your role does not allow this.")


def _set(row: Any, **values: datetime | int | None) -> None:
    """Columns that are no part of the version."""
    change = update(Referral).where(Referral.id == row.id).values(values)
    db.session.execute(change.execution_options(synchronize_session=False))
