"""Who is signed in, and the clinic's private key for as long as they are.

The key lies in the session's row, encrypted under a token of 256 random bits that only the browser's cookie holds. The
row has no more than the token's SHA-256. So a session survives a restart and works on every server of the site, and a
copy of the database opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, insert, select, update

from blueprints.staff.keyring import boxes
from blueprints.staff.models import StaffMember, StaffSession
from core import clock
from core.crypto import envelope
from core.extensions import db

COOKIE = "staff_key"
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Session:
    """Of somebody who is signed in, with all factors done."""

    private_key: str | None = field(repr=False)
    """The clinic's. None: it has to be unlocked with the password first."""
    expires_at: datetime
    """If nothing is done until then."""


def begin(member_id: int, private_key: str | None) -> str:
    """Start a session that is of no use until it is complete. Commits. Returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    _forget(_expired(now))
    moments = {"created_at": now, "seen_at": now}
    hashed, box = hash_of(token), _filled(token, member_id, private_key)
    db.session.execute(
        insert(StaffSession).values(member_id=member_id, token_hash=hashed, complete=False, **moments, **box)
    )
    db.session.commit()
    return token


def complete(token: str, member_id: int) -> None:
    """All factors are done. Commits. A session that ended meanwhile stays ended."""
    now = clock.now()
    if _change(*_own(token, member_id), ~_expired(now), complete=True, seen_at=now):
        db.session.execute(update(StaffMember).where(StaffMember.id == member_id).values(signed_in_at=now))
    db.session.commit()


def use(token: str, member_id: int, note: bool = True) -> Session | None:
    """The session; None if it is unknown, another person's, not complete, idle for more than 15 minutes or older than
    12 hours. At most once a minute it notes that it was seen; not without `note`, for what a page asks by itself.

    Call it before anything of the request was written: it ends the transaction.
    """
    usable = select(StaffSession).where(*_own(token, member_id), StaffSession.complete.is_(True))
    row = db.session.scalar(usable.execution_options(populate_existing=True))
    now = clock.now()
    if row is None:
        return None
    if now >= _ends(row.seen_at, row.created_at):
        # Nothing is left that an old cookie opens.
        db.session.rollback()
        end(token)
        return None
    private_key = boxes.open_box(row, _sealing_key(token), _context(token, member_id))
    seen_at, created_at = row.seen_at, row.created_at
    if note and now - seen_at >= NOTED_EVERY:
        seen_at = now
        _note(token, member_id, now)
    return Session(private_key, _ends(seen_at, created_at))


def unlock(token: str, member_id: int, private_key: str) -> None:
    """Put the key into a session that has none. Commits."""
    _change(*_own(token, member_id), **_filled(token, member_id, private_key))
    db.session.commit()


def end(token: str) -> None:
    """Commits."""
    _forget(StaffSession.token_hash == hash_of(token))
    db.session.commit()


def end_all(member_id: int, but: str = "") -> None:
    """End everything that this person has open, except for the session of the token `but`. Commits."""
    forget_all(member_id, but)
    db.session.commit()


def forget_all(member_id: int, but: str = "") -> None:
    """As end_all does, in the caller's transaction."""
    _forget(StaffSession.member_id == member_id, StaffSession.token_hash != hash_of(but))


def _note(token: str, member_id: int, now: datetime) -> None:
    """On SQLite a transaction that has read may not be able to write, so this one begins with the write."""
    db.session.rollback()
    _change(*_own(token, member_id), StaffSession.seen_at < now, seen_at=now)
    db.session.commit()


def _ends(seen_at: datetime, created_at: datetime) -> datetime:
    return min(seen_at + IDLE, created_at + LONGEST)


def _expired(now: datetime) -> ColumnElement[bool]:
    return (StaffSession.seen_at <= now - IDLE) | (StaffSession.created_at <= now - LONGEST)


def _own(token: str, member_id: int) -> tuple[ColumnElement[bool], ...]:
    return StaffSession.token_hash == hash_of(token), StaffSession.member_id == member_id


def _change(*which: ColumnElement[bool], **values: Any) -> int:
    changed = update(StaffSession).where(*which).values(**values).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], db.session.execute(changed)).rowcount


def _forget(*which: ColumnElement[bool]) -> None:
    db.session.execute(delete(StaffSession).where(*which).execution_options(synchronize_session=False))


def _filled(token: str, member_id: int, private_key: str | None) -> Mapping[str, Any]:
    return boxes.fill(_sealing_key(token), private_key, _context(token, member_id))


def hash_of(token: str) -> str:
    """What the database knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _sealing_key(token: str) -> bytes:
    return envelope.derive(token, "clinic/staff/session/v1/key")


def _context(token: str, member_id: int) -> str:
    return f"clinic/staff/session/v1/{member_id}/{hash_of(token)}"
