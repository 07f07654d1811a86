"""Rate limits counted in the database: they survive restarts, apply across processes, and stay exact when requests
arrive at the same time. Flask-Limiter (extensions.py) is only a first, coarse limit in front of them.

Email addresses and networks are stored as keyed hashes, for one day.
"""

from __future__ import annotations

import hmac
import zlib
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from flask import current_app
from sqlalchemy import Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.extensions import db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEPT_FOR = DAY
"""Events older than this are deleted, so no limit may look back further."""
Scope = Literal["address", "network", "site"]


class Limit(NamedTuple):
    scope: Scope
    within: timedelta
    most: int


class Kind(NamedTuple):
    """A kind of event, such as a sign-up, and its limits."""

    name: str
    limits: tuple[Limit, ...]


class RateEvent(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "rate_events"
    __table_args__ = (
        Index(None, "address_hash", "kind", "happened_at"),
        Index(None, "network_hash", "kind", "happened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    address_hash: Mapped[str | None] = mapped_column(String(64))
    network_hash: Mapped[str] = mapped_column(String(64))
    happened_at: Mapped[datetime] = mapped_column(clock.UTCDateTime, index=True)
    admitted: Mapped[bool]
    """False for an attempt over a limit. Limits per address count admitted events only; limits per network and for the
    whole site count every attempt, so that a client cannot infer from them what happened to someone else's mail."""


def exhausted(kind: Kind, network: str, address: str = "") -> set[Scope]:
    """The scopes whose limits are used up. The database does the same work whatever the result is.

    Holds a lock on this kind until the caller's transaction ends. Call it before you write anything, so that two
    requests cannot deadlock.
    """
    if db.engine.dialect.name == "postgresql":  # SQLite allows only one writer anyway.
        db.session.execute(select(func.pg_advisory_xact_lock(zlib.crc32(kind.name.encode()))))
    _purge()
    who = {"address": address, "network": network, "site": ""}
    return {limit.scope for limit in kind.limits if _count(kind, limit, who[limit.scope]) >= limit.most}


def record(kind: Kind, network: str, address: str = "", admitted: bool = True) -> None:
    """Add one event to the caller's transaction."""
    event = RateEvent(kind=kind.name, happened_at=clock.now(), admitted=admitted)
    event.network_hash = keyed_hash("network", network)
    event.address_hash = keyed_hash("address", address) if address else None
    db.session.add(event)


def from_network(kind: Kind, network: str) -> int:
    """How many events came from this network in the last day."""
    return _number(kind, DAY, RateEvent.network_hash == keyed_hash("network", network))


def refused_lately(kind: Kind, within: timedelta) -> bool:
    """Whether any attempt was over a limit in that period."""
    return _number(kind, within, RateEvent.admitted.is_(False)) > 0


def moments(address: str) -> list[datetime]:
    """When events for this address were admitted, as far as they are still stored; oldest first."""
    theirs = (RateEvent.address_hash == keyed_hash("address", address), RateEvent.admitted)
    return list(db.session.scalars(select(RateEvent.happened_at).where(*theirs).order_by(RateEvent.happened_at)))


def purge() -> None:
    """Delete events that no limit looks back to. Commits."""
    _purge()
    db.session.commit()


def keyed_hash(purpose: str, text: str) -> str:
    """HMAC-SHA256 with ADDRESS_HASH_KEY, as 64 hex digits; different for each purpose."""
    key: str = current_app.config["ADDRESS_HASH_KEY"]
    return hmac.digest(key.encode(), f"{purpose}\0{text}".encode(), "sha256").hex()


def _count(kind: Kind, limit: Limit, who: str) -> int:
    theirs: dict[Scope, tuple[Any, ...]] = {
        "address": (RateEvent.address_hash == keyed_hash("address", who), RateEvent.admitted),
        "network": (RateEvent.network_hash == keyed_hash("network", who),),
        "site": (),
    }
    return _number(kind, limit.within, *theirs[limit.scope])


def _number(kind: Kind, within: timedelta, *which: Any) -> int:
    recent = (RateEvent.kind == kind.name, RateEvent.happened_at > clock.now() - within)
    return db.session.scalar(select(func.count()).select_from(RateEvent).where(*recent, *which)) or 0


def _purge() -> None:
    """Skips rows that another transaction is already deleting."""
    old = select(RateEvent.id).where(RateEvent.happened_at <= clock.now() - KEPT_FOR).with_for_update(skip_locked=True)
    db.session.execute(delete(RateEvent).where(RateEvent.id.in_(old)), execution_options={"synchronize_session": False})
