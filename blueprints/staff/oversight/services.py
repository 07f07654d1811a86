"""Reading the audit trail. Each reading is itself an event, which is committed before anything is shown."""

from __future__ import annotations

import io
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.staff.models import StaffMember
from core import audit, spreadsheets
from core.audit import Actor, chain, reading
from core.audit.reading import Event, Filter
from core.extensions import db

PAGE = 50
EXPORTED_AT_MOST = 10_000
"""Rows of an export on the web; `flask audit export` writes all."""


@dataclass(frozen=True)
class Page:
    """Events, newest first."""

    events: list[Event]
    older: int | None
    """The id before which the next page begins; None on the last."""
    head: chain.Head


def page(wanted: Filter, before: int | None, actor: Actor) -> Page:
    """Commits the line that says who read it."""
    _tell("audit.read", wanted, actor, **({"before": before} if before else {}))
    events = reading.newest(wanted, before, PAGE + 1)
    older = events[PAGE - 1].id if len(events) > PAGE else None
    return Page(events[:PAGE], older, chain.head())


def exported(wanted: Filter, actor: Actor) -> str:
    """The newest EXPORTED_AT_MOST events as CSV. Commits the line that says who exported them."""
    _tell("audit.exported", wanted, actor)
    file = io.StringIO()
    write = spreadsheets.writer(file, Event._fields)
    for event in reading.all_newest(wanted, EXPORTED_AT_MOST):
        write(event.cells())
    return file.getvalue()


def people() -> dict[int, str]:
    """Everybody of the staff, also who left: id → name and address."""
    columns = (StaffMember.id, StaffMember.name, StaffMember.email)
    rows = db.session.execute(select(*columns).order_by(StaffMember.name, StaffMember.id))
    return {row.id: f"{row.name} ({row.email})" for row in rows}


def _tell(action: str, wanted: Filter, actor: Actor, **detail: int) -> None:
    person = {} if wanted.actor_id is None else {"person": wanted.actor_id}
    audit.record(actor, action, wanted.subject, **person, **detail)
