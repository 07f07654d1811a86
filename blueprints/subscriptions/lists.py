"""Moving lists in and out, and taking addresses off by a provider's list. Nothing is mailed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select

from blueprints.subscriptions import services
from blueprints.subscriptions.csvfiles import OURS, Row
from blueprints.subscriptions.models import Subscriber
from core import clock, outbox
from core.batches import batches
from core.extensions import db

KEPT = ("status", "created_at", "consent_version", "consent_text", "consented_at", "confirmed_at", "left_at")
COLUMNS: dict[str, tuple[str, ...]] = {
    "ours": ("email", *KEPT, "suppressed_at", "suppressed_because"),
    "mailchimp": ("Email Address", "OPTIN_TIME", "CONFIRM_TIME"),
    "ghost": ("email", "subscribed_to_emails", "created_at", "labels"),
    "listmonk": ("email", "name", "attributes", "status"),
}
ELSEWHERE = {"confirmed": "enabled", "pending": "disabled", "left": "disabled", "suppressed": "blocklisted"}


class Counts(NamedTuple):
    new: int
    changed: int
    same: int


class NotSuppressed(LookupError):
    """Nothing keeps this address from being mailed."""


def bring_in(rows: Sequence[Row], source: str) -> Counts:
    """Add or change these subscribers in one commit; `source` says where they come from.

    A state only ever moves on, from pending to confirmed to left to suppressed: whoever left here stays away.
    """
    by_key = {services.email_key(row.email): row for row in rows}
    known = {found.email_key: found for found in _locked(list(by_key))}
    fresh = [_values(key, row, source) for key, row in by_key.items() if key not in known]
    changed = sum(_move_on(found, by_key[key], source) for key, found in known.items())
    if fresh:
        db.session.execute(insert(Subscriber), fresh)
    db.session.commit()
    return Counts(len(fresh), changed, len(known) - changed)


def allow(email: str) -> None:
    """End a suppression; the person may sign up again. Raises NotSuppressed."""
    (subscriber,) = _locked([services.email_key(email)]) or (None,)
    if subscriber is None or subscriber.status != "suppressed":
        db.session.rollback()
        raise NotSuppressed(email)
    subscriber.status, subscriber.left_at = "left", subscriber.left_at or clock.now()
    subscriber.suppressed_at = subscriber.suppressed_because = None
    db.session.commit()


def count(states: Sequence[str]) -> int:
    found = db.session.scalar(select(func.count()).select_from(Subscriber).where(Subscriber.status.in_(states))) or 0
    db.session.rollback()
    return found


def lines(form: str, states: Sequence[str]) -> Iterator[list[Any]]:
    """The cells of each subscriber, under COLUMNS[form]."""
    query = select(Subscriber).where(Subscriber.status.in_(states))
    for rows in batches(query.with_only_columns(*Subscriber.__table__.columns), Subscriber.id):
        for row in rows:
            yield _cells(form, row)


def _cells(form: str, row: Any) -> list[Any]:
    if form == "mailchimp":
        return [row.email, *(f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "" for moment in _times(row))]
    if form == "ghost":
        return [row.email, "true" if row.status == "confirmed" else "false", row.created_at, ""]
    if form == "listmonk":
        return [row.email, "", "{}", ELSEWHERE[row.status]]
    return [getattr(row, name) for name in COLUMNS["ours"]]


def _times(row: Any) -> tuple[datetime | None, datetime | None]:
    return row.consented_at or row.created_at, row.confirmed_at


def _locked(keys: Sequence[str]) -> list[Subscriber]:
    return list(db.session.scalars(select(Subscriber).where(Subscriber.email_key.in_(keys)).with_for_update()))


def _values(key: str, row: Row, source: str) -> dict[str, Any]:
    now = clock.now()
    return {
        "email": row.email,
        "email_key": key,
        "leave_token": secrets.token_urlsafe(32),
        "created_at": now,
        "consent_version": "import",
        "consent_text": f"Imported from {source} on {now:%Y-%m-%d}; consent was given there.",
        "consented_at": row.consented_at,
        **_state(row, source),
    }


def _state(row: Row, source: str) -> dict[str, Any]:
    """The columns of the row's state, and its times where the file gives them."""
    now, is_suppressed = clock.now(), row.status == "suppressed"
    return {
        "status": row.status,
        "confirmed_at": row.confirmed_at or (now if row.status == "confirmed" else None),
        "left_at": row.left_at or (now if row.status == "left" else None),
        "suppressed_at": now if is_suppressed else None,
        "suppressed_because": source[:60] if is_suppressed else None,
    }


def _move_on(found: Subscriber, row: Row, source: str) -> bool:
    if OURS.index(row.status) <= OURS.index(found.status):
        return False
    for name, value in _state(row, source).items():
        setattr(found, name, value or getattr(found, name))
    found.confirm_hash = found.confirm_until = None
    if row.status != "confirmed":
        outbox.withdraw(found.email)
    return True
