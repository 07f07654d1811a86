"""Carries out a transition: the new values of the row, and the event that tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update

from blueprints.referrals.desk import given as givens
from blueprints.referrals.lifecycle import clocks, columns
from blueprints.referrals.lifecycle.clocks import Moment, Rules
from blueprints.referrals.lifecycle.states import State, Transition
from blueprints.referrals.models import Event, Referral
from core.audit import Actor
from core.extensions import db

CLEAR = tuple(column for column in Referral.__table__.columns if column.name not in ("blob", "wraps"))


@dataclass(frozen=True)
class Owner:
    id: int | None = None
    name: str = ""
    email: str = ""


NOBODY = Owner()


@contextmanager
def one_transaction() -> Iterator[None]:
    """What is done inside is committed as a whole. Whatever is raised undoes all of it."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def find(reference: str) -> Any | None:
    """The row without its envelope, locked until the transaction ends (on SQLite the whole database is)."""
    query = select(*CLEAR).where(Referral.reference == reference.strip().upper())
    return db.session.execute(query.with_for_update()).one_or_none()


def carry_out(row: Any, change: Transition, said: Mapping[str, str], actor: Actor, now: datetime, rules: Rules) -> bool:
    """Write the row and its event in the caller's transaction. False: the row is no longer of this version."""
    values = _values(row, change, said, actor, now, rules)
    if not write(row, values):
        return False
    db.session.add(event(row, change.action, actor, now, values))
    return True


def write(row: Any, values: Mapping[str, Any], counted: bool = True) -> bool:
    """Only while the row has the version that was read. `counted`: it becomes the next version."""
    where = (Referral.id == row.id, Referral.version == row.version)
    change = update(Referral).where(*where).values({**values, "version": row.version + counted})
    done = db.session.execute(change.execution_options(synchronize_session=False))
    return cast(CursorResult[Any], done).rowcount == 1


def event(row: Any, kind: str, actor: Actor, now: datetime, values: Mapping[str, Any]) -> Event:
    after = {**row._mapping, **values}
    same = {name: after[name] for name in ("outcome", "owner", "clock", "clock_seconds", "due_at")}
    states = {"source": row.status, "target": after["status"]}
    return Event(referral_id=row.id, kind=kind, happened_at=now, actor_id=actor.id, actor=actor.name, **states, **same)


def owned_by(owner: Owner) -> dict[str, Any]:
    return {"owner_id": owner.id, "owner": owner.name, "owner_email": owner.email}


def _values(
    row: Any, change: Transition, said: Mapping[str, str], actor: Actor, now: datetime, rules: Rules
) -> dict[str, Any]:
    urgency = said["priority"] if change.action == "set_priority" else row.urgency
    visit = givens.end_of_visit(said["visit_on"], rules.calendar) if change.action == "book" else None
    moment = Moment(now, row.received_at, clocks.urgency_of(urgency, row.high_risk), visit)
    timer = clocks.after(columns.timer_of(row), change, moment, rules)
    owner = _owner(row, change, said, actor)
    return {
        "status": change.target.value,
        "urgency": urgency,
        "outcome": change.outcome.value if change.outcome else "",
        **owned_by(owner),
        **columns.columns(timer, change.target, row.received_at, now, rules, row),
        "first_read_at": row.first_read_at or now,
        "unread_for": _unread_for(owner, actor, change),
    }


def _owner(row: Any, change: Transition, said: Mapping[str, str], actor: Actor) -> Owner:
    """Whoever does something with a referral that is nobody's becomes its owner."""
    current = Owner(row.owner_id, row.owner, row.owner_email)
    myself = Owner(actor.id, actor.name, actor.email)
    if change.action == "hand_over":
        return Owner(int(said["to_id"]), said["to_name"], said.get("to_email", ""))
    if change.action in ("claim", "take"):
        return myself
    if change.action == "release":
        return NOBODY
    return current if change.action == "set_priority" or current.id is not None else myself


def _unread_for(owner: Owner, actor: Actor, change: Transition) -> int | None:
    """Unread for the owner, unless they did it themselves or it is closed."""
    if change.target == State.CLOSED or owner.id == actor.id:
        return None
    return columns.ANYBODY if owner.id is None else owner.id
