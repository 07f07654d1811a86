"""Rate limits counted in the database: they survive restarts, apply across processes and are exact when
requests come at once. Flask-Limiter (extensions.py) is only the first fence before them.

Whom an event concerns is kept as a keyed hash, for a day.
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
"""No limit may look back further."""
Scope = Literal["address", "network", "site"]


class Limit(NamedTuple):
    scope: Scope
    within: timedelta
    most: int


class Kind(NamedTuple):
    """What is counted, and how much of it is usual."""

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
    """False for a try that was over a limit. An address counts what was admitted; the network and the site count every
    attempt, so that clients cannot infer from their own limits what happened to a message to someone else."""


def exhausted(kind: Kind, network: str, address: str = "") -> set[Scope]:
    """The scopes whose limits are used up. It asks the same of the database whatever the answer is.

    From here to the end of the caller's transaction nobody else counts this kind: ask before you write, so that two
    requests cannot each wait for the other.
    """
    if db.engine.dialect.name == "postgresql":  # On SQLite whoever writes is alone already.
        db.session.execute(select(func.pg_advisory_xact_lock(zlib.crc32(kind.name.encode()))))
    _purge()
    who = {"address": address, "network": network, "site": ""}
    return {limit.scope for limit in kind.limits if _count(kind, limit, who[limit.scope]) >= limit.most}


def record(kind: Kind, network: str, address: str = "", admitted: bool = True) -> None:
    """Count one in the caller's transaction."""
    event = RateEvent(kind=kind.name, happened_at=clock.now(), admitted=admitted)
    event.network_hash = keyed_hash("network", network)
    event.address_hash = keyed_hash("address", address) if address else None
    db.session.add(event)


def from_network(kind: Kind, network: str) -> int:
    """How many came from this network in the last day."""
    return _number(kind, DAY, RateEvent.network_hash == keyed_hash("network", network))


def refused_lately(kind: Kind, within: timedelta) -> bool:
    """Whether anyone was over a limit in that period."""
    return _number(kind, within, RateEvent.admitted.is_(False)) > 0


def moments(address: str) -> list[datetime]:
    """When something was admitted for this address, as far as it is still kept."""
    theirs = (RateEvent.address_hash == keyed_hash("address", address), RateEvent.admitted)
    return list(db.session.scalars(select(RateEvent.happened_at).where(*theirs).order_by(RateEvent.happened_at)))


def purge() -> None:
    """Delete what no limit looks back to. Commits."""
    _purge()
    db.session.commit()


def keyed_hash(purpose: str, text: str) -> str:
    """64 hex digits that say nothing without ADDRESS_HASH_KEY, and differ for each purpose."""
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
