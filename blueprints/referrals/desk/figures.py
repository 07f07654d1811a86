"""How long referrals take and what becomes of them, for managers: of those that arrived in a period.

Nothing here opens a referral. Only the reasons of declining are sealed: `reasons_of_declining` opens those decisions,
and says so in the audit trail. A number that could point to a person is None: one under SMALLEST.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select

from blueprints.referrals.lifecycle.reasons import BY_CODE
from blueprints.referrals.lifecycle.states import Outcome, State
from blueprints.referrals.models import Event, Referral, Written
from core import audit, clock
from core.audit import Actor
from core.crypto import models
from core.crypto.models import Opened
from core.extensions import db

SMALLEST = 11
"""As in the publications of Medicare: a cell of fewer people is not shown."""
MOST = 10_000
"""Referrals that are looked at, the newest of the period."""
MOST_OPENED = 2_000
"""Decisions that are opened for their reasons, the newest."""
AGES = (("Under 1 week", 7), ("1 to 2 weeks", 14), ("2 to 4 weeks", 28), ("4 to 13 weeks", 91), ("Over 13 weeks", None))
"""Words, and the days that end them."""
UNKNOWN_REASON = "Not known: the decision does not open"


@dataclass(frozen=True)
class Spread:
    """How long something took: hours by the calendar, nights and weekends among them."""

    label: str
    number: int | None
    median: float | None
    p90: float | None
    """Nine of ten took no longer."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole`. Both are None if one of them, or what is left, could point to a person."""

    label: str
    part: int | None
    whole: int | None

    @property
    def percent(self) -> float | None:
        return round(100 * self.part / self.whole, 1) if self.part is not None and self.whole else None


@dataclass(frozen=True)
class Bar:
    label: str
    number: int | None
    is_more: bool = False
    """There are more than were counted."""


@dataclass(frozen=True)
class Figures:
    arrived: int | None
    is_cut: bool
    """More arrived than are looked at."""
    times: tuple[Spread, ...]
    shares: tuple[Share, ...]
    open_by_age: tuple[Bar, ...]


@dataclass
class History:
    """What is known in the clear of one referral."""

    received_at: datetime
    outcome: str
    high_risk: bool
    first_read_at: datetime | None
    contact_at: datetime | None
    events: list[Step] = field(default_factory=list)

    def first(self, *kinds: str) -> Step | None:
        return next((step for step in self.events if step.kind in kinds), None)

    def waited(self, until: datetime) -> timedelta:
        """How long it stood in `waiting` before that moment: the referrer's time, not the center's."""
        total, since = timedelta(), None
        for step in self.events:
            if step.at >= until:
                break
            if step.target == State.WAITING and since is None:
                since = step.at
            elif step.target != State.WAITING and since is not None:
                total, since = total + (step.at - since), None
        return total + (until - since if since else timedelta())


class Step(NamedTuple):
    kind: str
    at: datetime
    target: str


def figures(start: datetime, end: datetime) -> Figures:
    """Of the referrals that arrived from `start` to before `end`, but what is open is counted as of now."""
    histories, is_cut = _histories(start, end)
    made = Figures(
        shown(len(histories)), is_cut, tuple(_times(histories)), tuple(_shares(histories)), tuple(_open_by_age())
    )
    db.session.rollback()
    return made


def note_export(period: str, actor: Actor) -> None:
    """Write into the audit trail that the figures were exported. Commits."""
    audit.add(actor, "figures.exported", period=period)
    db.session.commit()


def reasons_of_declining(start: datetime, end: datetime, actor: Actor, private_key: str) -> tuple[Bar, ...]:
    """The headings of the reasons, most frequent first, as decided about referrals that arrived in the period. Opens up
    to MOST_OPENED decisions. Commits its line in the audit trail."""
    declined = (
        select(Written.id)
        .join(Referral, Referral.id == Written.referral_id)
        .where(*_arrived(start, end), Written.kind == "decline")
        .order_by(Written.id.desc())
        .limit(MOST_OPENED)
    )
    opened = models.find_where(Written, Written.id.in_(declined), private_key)
    found = Counter(_reason(content) for content in opened.values())
    audit.add(actor, "figures.reasons_opened", decisions=len(opened))
    db.session.commit()
    return tuple(Bar(label, number) for label, number in suppressed(found.most_common()))


def _reason(content: object) -> str:
    said = content.data.get("said") if isinstance(content, Opened) else None
    reason = BY_CODE.get(str(said.get("reason", ""))) if isinstance(said, dict) else None
    return reason.label if reason else UNKNOWN_REASON


def shown(number: int) -> int | None:
    return number if number >= SMALLEST else None


def suppressed(cells: Sequence[tuple[str, int]]) -> list[tuple[str, int | None]]:
    """Parts of one whole. If exactly one of them is left out, the next smallest is too: otherwise whoever knows the
    whole could work it out."""
    hidden = {label for label, number in cells if number < SMALLEST}
    if len(hidden) == 1 and len(cells) > 1:
        hidden.add(min((cell for cell in cells if cell[0] not in hidden), key=lambda cell: cell[1])[0])
    return [(label, None if label in hidden else number) for label, number in cells]


def share(label: str, part: int, whole: int) -> Share:
    left = whole - part
    is_small = whole < SMALLEST or 0 < part < SMALLEST or 0 < left < SMALLEST
    return Share(label, None, None) if is_small else Share(label, part, whole)


def spread(label: str, took: Iterable[timedelta]) -> Spread:
    """The 90th percentile is by nearest rank: the time of somebody, not between two."""
    hours = sorted(time / timedelta(hours=1) for time in took)
    if len(hours) < SMALLEST:
        return Spread(label, None, None, None)
    ninetieth = hours[math.ceil(0.9 * len(hours)) - 1]
    return Spread(label, len(hours), round(median(hours), 1), round(ninetieth, 1))


def _arrived(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return Referral.received_at >= start, Referral.received_at < end


def _histories(start: datetime, end: datetime) -> tuple[list[History], bool]:
    columns = (Referral.received_at, Referral.outcome, Referral.high_risk, Referral.first_read_at, Referral.contact_at)
    newest = select(Referral.id, *columns).where(*_arrived(start, end)).order_by(Referral.received_at.desc())
    rows = db.session.execute(newest.limit(MOST + 1)).all()
    found = {row.id: History(*row[1:]) for row in rows[:MOST]}
    since = rows[:MOST][-1].received_at if rows else end
    for referral_id, *step in _events(since, end):
        if referral_id in found:
            found[referral_id].events.append(Step(*step))
    return list(found.values()), len(rows) > MOST


def _events(start: datetime, end: datetime) -> Sequence[Any]:
    query = select(Event.referral_id, Event.kind, Event.happened_at, Event.target)
    query = query.join(Referral, Referral.id == Event.referral_id).where(*_arrived(start, end))
    return db.session.execute(query.order_by(Event.happened_at, Event.id)).all()


def _times(histories: list[History]) -> Iterable[Spread]:
    risky = [one for one in histories if one.high_risk]
    yield spread("To read", _until(histories, lambda one: one.first_read_at))
    yield spread("To decide, without the referrer’s time", _to_decide(histories))
    yield spread("To the first contact", _until(histories, lambda one: one.contact_at))
    yield spread("High risk: to the live contact", _until(risky, lambda one: one.contact_at))
    yield spread("To the visit at which the patient was seen", _until(histories, _moment_of("seen")))
    yield spread("To the report that closes the loop", _until(histories, _moment_of("report")))


def _moment_of(*kinds: str) -> Callable[[History], datetime | None]:
    def find(one: History) -> datetime | None:
        step = one.first(*kinds)
        return step.at if step else None

    return find


def _until(histories: list[History], moment: Callable[[History], datetime | None]) -> Iterable[timedelta]:
    for one in histories:
        at = moment(one)
        if at is not None:
            yield max(at - one.received_at, timedelta())


def _to_decide(histories: list[History]) -> Iterable[timedelta]:
    for one in histories:
        decided = one.first("accept", "decline")
        if decided:
            yield max(decided.at - one.received_at - one.waited(decided.at), timedelta())


def _shares(histories: list[History]) -> Iterable[Share]:
    decided = [(one, step) for one in histories if (step := one.first("accept", "decline"))]
    meant = [one for one in histories if one.outcome != Outcome.ERROR]
    asked = sum(1 for one, step in decided if (first := one.first("ask")) and first.at < step.at)
    yield share("Complete at first: decided without a question", len(decided) - asked, len(decided))
    yield share("Accepted, of those decided", sum(step.kind == "accept" for _, step in decided), len(decided))
    yield share(
        "Loop closed: seen, and the report was sent", sum(one.outcome == "reported" for one in meant), len(meant)
    )
    risky = [one for one in meant if one.high_risk]
    yield share("High risk: somebody was spoken with", sum(bool(one.contact_at) for one in risky), len(risky))


def _open_by_age() -> Iterable[Bar]:
    """Counted up to MOST each, so that it takes no longer with a million."""
    now, upper = clock.now(), None
    counts: list[tuple[str, int]] = []
    for label, days in AGES:
        lower = now - timedelta(days=days) if days else None
        counts.append((label, _count_open(lower, upper)))
        upper = lower
    return [Bar(label, number, number == MOST) for label, number in suppressed(counts)]


def _count_open(after: datetime | None, until: datetime | None) -> int:
    ages = [Referral.received_at > after] if after else []
    ages += [Referral.received_at <= until] if until else []
    some = select(literal(1).label("one")).where(Referral.queue.in_(("open", "waiting")), *ages).limit(MOST)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


__all__ = ["Bar", "Figures", "Share", "Spread", "figures", "note_export", "reasons_of_declining"]
