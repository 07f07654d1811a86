"""The rows of drafts: sealed for one browser, closed for good, and limited in number. The rules are in drafts.py.

Nothing here commits. A row is found only with the token of its browser, so that one browser never touches another's.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from blueprints.referrals.models import Draft
from core import clock
from core.crypto import envelope
from core.extensions import db

log = logging.getLogger("site")

MAX_DRAFTS = 16_384
"""Limit for the whole table: 1 GiB at drafts.MAX_BYTES each."""
MAX_NETWORK_DRAFTS = 2_000
"""Limit for rows from one network, closed ones too. It is high because a whole hospital may share one address."""


def find(token: str, draft_id: str) -> Draft | None:
    """The browser's row, open or closed, unless it has expired."""
    row = db.session.get(Draft, draft_id, populate_existing=True)
    return row if row and row.owner_hash == _owner(token) and row.expires_at >= clock.now() else None


def is_foreign(token: str, draft_id: str) -> bool:
    """Whether another browser has a row of that id."""
    return db.session.scalar(select(Draft.owner_hash).where(Draft.id == draft_id)) not in (None, _owner(token))


def open_rows(token: str, limit: int) -> Sequence[Draft]:
    """The browser's open rows, the last saved first."""
    own = (Draft.owner_hash == _owner(token), Draft.closed_at.is_(None), Draft.expires_at >= clock.now())
    return db.session.scalars(select(Draft).where(*own).order_by(Draft.saved_at.desc()).limit(limit)).all()


def change(token: str, draft_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
    """Change the browser's row if it meets the conditions; False if it does not, or is not there."""
    own = (Draft.id == draft_id, Draft.owner_hash == _owner(token), *conditions)
    return _count(update(Draft).where(*own).values(**values)) == 1


def add(token: str, draft_id: str, network: str, **values: Any) -> bool:
    """Add a row. False, with the transaction rolled back, if there is one of that id."""
    _make_room()
    row = {"id": draft_id, "owner_hash": _owner(token), "network": network, **values}
    try:
        db.session.execute(insert(Draft).values(**row))
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def leave_mark(token: str, draft_id: str, network: str, until: datetime) -> None:
    """Add a closed row for a draft that was never saved, so that a save which arrives late does not start it."""
    if is_foreign(token, draft_id) or network_is_full(network):
        return
    closed = {"blob": b"", "closed_at": clock.now()}
    if not add(token, draft_id, network, **closed, saved_at=clock.now(), expires_at=until):
        change(token, draft_id, Draft.closed_at.is_(None), **closed)


def network_is_full(network: str) -> bool:
    of_network = select(func.count()).select_from(Draft).where(Draft.network == network)
    return bool(network) and (db.session.scalar(of_network) or 0) >= MAX_NETWORK_DRAFTS


def tidy(now: datetime) -> int:
    """Delete expired rows, and the answers that can no longer be restored. Returns how many rows had expired."""
    _count(update(Draft).where(Draft.undo_until < now).values(blob=b"", undo_until=None))
    return _count(delete(Draft).where(Draft.expires_at < now))


def seal(token: str, draft_id: str, data: Mapping[str, Any]) -> bytes:
    return envelope.encrypt(_sealing_key(token), data, _context(draft_id))


def unseal(token: str, row: Draft) -> dict[str, Any]:
    """What was sealed in the row. Raises SealingError."""
    return envelope.decrypt(_sealing_key(token), row.blob, _context(row.id))


def copy_id(token: str, draft_id: str, tab: str) -> str:
    """64 hex digits: the id of the copy that a tab makes of a draft, the same each time."""
    return envelope.derive(token, f"clinic/draft/v1/copy/{draft_id}/{tab}").hex()


def _make_room() -> None:
    """If the table is full, delete closed rows, then the drafts saved longest ago, so that people filling in a form
    keep theirs."""
    excess = (db.session.scalar(select(func.count()).select_from(Draft)) or 0) - MAX_DRAFTS + 1
    if excess > 0:
        oldest = select(Draft.id).order_by(Draft.closed_at.is_(None), Draft.expires_at).limit(excess)
        removed = _count(delete(Draft).where(Draft.id.in_(oldest)))
        log.error("the table of drafts is full: %d deleted before their time", removed)


def _count(statement: Any) -> int:
    """Execute the statement and return the number of rows it changed."""
    unread = statement.execution_options(synchronize_session=False)
    return cast(CursorResult[Any], db.session.execute(unread)).rowcount


def _owner(token: str) -> str:
    return envelope.derive(token, "clinic/draft/v1/row").hex()


def _sealing_key(token: str) -> bytes:
    return envelope.derive(token, "clinic/draft/v1/key")


def _context(draft_id: str) -> str:
    return f"clinic/draft/v1/{draft_id}"
