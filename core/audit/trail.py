"""Adding to the audit trail.

Events wait until the caller commits. Only then, when everything else has been written, is the lock taken that makes
writers take turns, the head read and the events inserted: nobody waits for anything but that commit.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session, SessionTransaction

from core import clock
from core.audit import chain
from core.audit.models import AuditEvent
from core.extensions import db

WAITING = "audit events"
"""Where a session keeps events until its commit."""
LOCK = int.from_bytes(b"audit")
"""Of PostgreSQL's advisory locks. SQLite has one write lock, which the transaction holds already."""
LENGTHS = {"actor": 255, "place": 64, "action": 40, "subject": 64}
"""What fits into the columns of text."""


@dataclass(frozen=True)
class Actor:
    """Who acts. `id` is a member of staff, or None for a command or the site itself."""

    name: str
    """For people to read: in timelines."""
    id: int | None = None
    email: str = ""
    place: str = ""
    """Their network address; for a command, the account of the operating system."""


def _account() -> str:
    """The account that runs this process, or "" where it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


COMMAND_LINE = Actor("command line", place=_account())
THE_SITE = Actor("the site")


class Waiting(NamedTuple):
    """An event that is to be written with its transaction."""

    columns: dict[str, Any]
    within: SessionTransaction
    """The transaction, or the savepoint, whose rollback undoes it."""


def add(actor: Actor, action: str, subject: str = "", **detail: Any) -> None:
    """Add one event to the caller's transaction, at any time before its commit. A rollback undoes it.

    `detail`: plain values that are nobody's health. Raises TypeError or ValueError if they are not JSON.
    """
    session: Session = db.session()
    columns: dict[str, Any] = {
        "happened_at": clock.now(),
        "actor_id": actor.id,
        "actor": actor.email or actor.name,
        "place": actor.place,
        "action": action,
        "subject": subject,
    }
    plain = {name: _plain(columns[name], length) for name, length in LENGTHS.items()}
    # As it will be read again: keys are text, tuples are lists.
    as_read = json.loads(json.dumps(detail, allow_nan=False))
    within = session.get_nested_transaction() or session.get_transaction() or session.begin()
    session.info.setdefault(WAITING, []).append(Waiting({**columns, **plain, "detail": as_read}, within))


def record(actor: Actor, action: str, subject: str = "", **detail: Any) -> None:
    """Add one event and commit, with whatever else the session holds. For commands, and for refusals that are
    otherwise rolled back."""
    add(actor, action, subject, **detail)
    db.session.commit()


def _plain(text: str, length: int) -> str:
    """Text that every database takes and that shows as it is."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:length])


def _write(session: Session) -> None:
    """Before a commit, chain the waiting events to the head. Not when only a savepoint ends."""
    if session.in_nested_transaction() or not (waiting := session.info.get(WAITING)):
        return
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    session.execute(insert(chain.TABLE), list(_linked(waiting, chain.head())))
    waiting.clear()


def _linked(waiting: list[Waiting], head: chain.Head) -> Iterator[dict[str, Any]]:
    for number, (columns, _) in enumerate(waiting, head.id + 1):
        row = AuditEvent(**columns, id=number, previous_hash=head.hash)
        head = chain.Head(number, chain.digest(row))
        yield {**columns, "id": number, "previous_hash": row.previous_hash, "hash": head.hash}


def _forget_undone(session: Session, undone: SessionTransaction) -> None:
    """After a rollback, also of a savepoint."""
    waiting: list[Waiting] = session.info.get(WAITING, [])
    waiting[:] = [one for one in waiting if not _is_within(one.within, undone)]


def _is_within(transaction: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while transaction is not None and transaction is not outer:
        transaction = transaction.parent
    return transaction is outer


def _forget_ended(session: Session, ended: SessionTransaction) -> None:
    """A session that is closed without a commit leaves nothing to the next transaction."""
    if ended.parent is None:
        session.info.pop(WAITING, None)


event.listen(db.session, "before_commit", _write)
event.listen(db.session, "after_soft_rollback", _forget_undone)
event.listen(db.session, "after_transaction_end", _forget_ended)
