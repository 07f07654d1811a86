"""The list of referrals: four views, 25 rows a page, opened for those rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.engine import Row as DatabaseRow
from sqlalchemy.orm import InstrumentedAttribute

from blueprints.referrals import hours
from blueprints.referrals.desk import answers
from blueprints.referrals.details import ReferralData, read
from blueprints.referrals.lifecycle import columns, risk, wording
from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.lifecycle.wording import Clock
from blueprints.referrals.models import Referral
from core import audit, clock
from core.audit import Actor
from core.crypto import models
from core.crypto.envelope import SealingError
from core.crypto.models import Opened
from core.extensions import db

__all__ = ["Clock", "Page", "Row", "View", "find", "first", "listed", "rows", "unread"]
SIZE = 25
MOST_PAGES = 40
"""Later pages do not exist: whoever looks for something further down searches for it."""
MOST_COUNTED = 100
MOST_SEARCHED = 1000
"""Open referrals that a search by name opens, those that are due first."""


class View(StrEnum):
    NEEDS_ME = "needs-me"
    NOBODYS = "nobodys"
    WAITING = "waiting"
    ALL = "all"


@dataclass(frozen=True)
class Row:
    """One referral in a list, opened."""

    reference: str
    priority: str
    """routine | urgent: as staff set it."""
    high_risk: bool
    state: State
    owner_id: int | None
    owner: str
    received_at: datetime
    clock: Clock
    unread: bool
    version: int
    patient: str
    diagnosis: str
    fault: str = ""
    """Why it did not open; patient and diagnosis are "" then."""
    outcome: str = ""
    """How it ended; "" while it is open."""
    warning: str = ""
    """What is not as it was sealed."""


@dataclass(frozen=True)
class Page:
    rows: tuple[Row, ...]
    number: int
    has_next: bool
    counts: dict[View, int]
    """At most 100 each: 100 means more than 99."""


ONE = select(literal(1).label("one")).select_from(Referral)
CLEAR = tuple(
    column
    for column in Referral.__table__.columns
    if column.name not in ("public_id", "blob", "wraps", "key_hash", "confirm_hash", "confirm_until")
)


def rows(view: View, actor: Actor, private_key: str, number: int = 1) -> Page:
    """One page of a view. Commits its line in the audit trail, which names the referrals that were opened."""
    number = min(max(number, 1), MOST_PAGES)
    found = db.session.execute(listed(view, actor, select(*CLEAR), number).limit(SIZE + 1)).all()
    shown = opened(found[:SIZE], actor, private_key)
    page = Page(shown, number, len(found) > SIZE and number < MOST_PAGES, _counts(actor))
    references = [row.reference for row in shown]
    audit.add(actor, "referrals.listed", view=view.value, page=number, references=references)
    db.session.commit()
    return page


def find(text: str, actor: Actor, private_key: str) -> tuple[Row, ...]:
    """The referral with this reference, or open ones whose patient's or referrer's name contains the text.

    At most 25. Commits its line in the audit trail, which does not hold the text.
    """
    wanted = " ".join(text.split()).casefold()
    found = _by_reference(wanted) or (_by_name(wanted, private_key) if wanted else [])
    shown = opened(found[:SIZE], actor, private_key)
    audit.add(actor, "referrals.searched", references=[row.reference for row in shown])
    db.session.commit()
    return shown


def first(actor: Actor) -> View:
    """The view to begin with: what needs this person; if nothing does, what nobody has yet."""
    views = (View.NEEDS_ME, View.NOBODYS)
    return next((view for view in views if db.session.scalar(listed(view, actor, ONE).limit(1))), View.NEEDS_ME)


def unread(actor_id: int | None) -> int:
    """How many referrals have something that this person has not seen; at most 100."""
    return _count(Referral.unread_for.in_([columns.ANYBODY, actor_id or columns.ANYBODY]))


def opened(found: Sequence[DatabaseRow[Any]], actor: Actor, private_key: str) -> tuple[Row, ...]:
    """Rows of CLEAR with what their envelopes hold."""
    contents = _contents([row.reference for row in found], private_key)
    return tuple(row_of(row, contents.get(row.reference), actor) for row in found)


def row_of(row: Any, said: Opened | SealingError | None, actor: Actor) -> Row:
    details, fault = _read(said)
    rules = hours.current()
    return Row(
        reference=row.reference,
        priority=row.urgency,
        high_risk=row.high_risk or (details is not None and risk.is_high(details)),
        state=State(row.status),
        owner_id=row.owner_id,
        owner=row.owner,
        received_at=row.received_at,
        clock=wording.clock_of(columns.timer_of(row), clock.now(), rules.calendar),
        unread=row.unread_for in (columns.ANYBODY, actor.id) and row.unread_for is not None,
        version=row.version,
        patient=_patient(details) if details else "",
        diagnosis=answers.diagnosis(details) if details else "",
        fault=fault,
        outcome=row.outcome,
        warning=said.warning if isinstance(said, Opened) else "",
    )


def _read(said: Opened | SealingError | None) -> tuple[ReferralData | None, str]:
    """The answers, or why there are none."""
    if not isinstance(said, Opened):
        return None, str(said or "it is gone")
    try:
        return read(said.data), ""
    except ValueError as error:
        return None, f"its content is not a referral: {error}"


def _patient(details: ReferralData) -> str:
    return ", ".join(filter(None, (details.patient_family_name.strip(), details.patient_given_name.strip())))


def _contents(references: list[str], private_key: str) -> dict[str, Opened | SealingError]:
    if not references:
        return {}
    try:
        return models.find_where(Referral, Referral.reference.in_(references), private_key)
    except SealingError as error:
        return dict.fromkeys(references, error)


def listed(view: View, actor: Actor, query: Select[Any], number: int = 1) -> Select[Any]:
    """The order names the columns of an index from its beginning, so that both databases read it in order."""
    owner = Referral.owner_id == actor.id if view == View.NEEDS_ME else Referral.owner_id.is_(None)
    order: list[InstrumentedAttribute[Any]] = [Referral.rank, Referral.id]
    if view in (View.NEEDS_ME, View.NOBODYS):
        query, order = query.where(Referral.queue == columns.OPEN, owner), [Referral.owner_id, *order]
    elif view == View.WAITING:
        # By the range of their ranks: PostgreSQL reads past every open one for `queue`, which it takes for unrelated.
        query = query.where(Referral.rank >= columns.WAITING_FROM, Referral.rank < columns.CLOSED_FROM)
    return query.order_by(*order).offset((number - 1) * SIZE)


def _counts(actor: Actor) -> dict[View, int]:
    return {view: _bounded(listed(view, actor, ONE)) for view in View}


def _count(*conditions: ColumnElement[bool]) -> int:
    return _bounded(ONE.where(*conditions))


def _bounded(query: Select[Any]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def _by_reference(wanted: str) -> Sequence[DatabaseRow[Any]]:
    reference = wanted.upper().replace(" ", "")
    names = [reference, f"KTC-{reference.removeprefix('KTC').removeprefix('-')}"]
    return db.session.execute(select(*CLEAR).where(Referral.reference.in_(names))).all()


def _by_name(wanted: str, private_key: str) -> list[DatabaseRow[Any]]:
    is_open = Referral.rank < columns.CLOSED_FROM
    some = db.session.execute(
        select(*CLEAR).where(is_open).order_by(Referral.rank, Referral.id).limit(MOST_SEARCHED)
    ).all()
    contents = _contents([row.reference for row in some], private_key)
    return [row for row in some if wanted in _names(contents.get(row.reference))]


def _names(said: Opened | SealingError | None) -> str:
    details, _ = _read(said)
    if details is None:
        return ""
    patient = (details.patient_given_name, details.patient_preferred_name, details.patient_family_name)
    referrer = (details.referrer_given_name, details.referrer_family_name)
    turned = f"{details.patient_family_name}, {details.patient_given_name}"
    return "\n".join((" ".join(filter(None, patient)), turned, " ".join(referrer))).casefold()
