"""Sending what is due in the outbox: claim, send, note what became of it.

A worker claims some rows for a minute and, as long as it lives, renews the claim; when it dies, another takes them up.
No transaction is open while the mail server is spoken to, so that nobody who writes ever waits for it. Right before
each send a worker asks whether the message is still its own: it may have been withdrawn.
"""

from __future__ import annotations

import logging
import random
import smtplib
import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any, Self

from flask import current_app
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from core import clock
from core.extensions import db
from core.mail import outbox, render, transport
from core.mail.outbox import TABLE, Message, Status

log = logging.getLogger("site")

CLAIM = timedelta(seconds=60)
BATCH = 200
NOTED_TOGETHER = 10
"""Broadcasts: as many may go out once more when a worker is killed. A single mail is noted at once."""
MESSAGES_PER_CONNECTION = 500
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
PATIENCE = timedelta(days=2)
"""From the first try to the last."""
# A person is waiting for a single message; broadcasts come second.
KINDS = (Message.broadcast_id.is_(None), Message.broadcast_id.is_not(None))
# Commits of a worker need not wait for the disk: what a power cut forgets is only sent again.
QUICK = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}
# Made once: it runs for each message.
HELD = select(TABLE.c.id).where(
    TABLE.c.id == bindparam("row"), TABLE.c.claimed_by == bindparam("worker"), TABLE.c.due_at > bindparam("now")
)


class Unreachable(OSError):
    """The mail server cannot be spoken to; nothing was sent and nothing is lost."""


def deliver(stop: threading.Event | None = None, worker: Worker | None = None) -> Iterator[bool]:
    """Send what is due, one by one, until nothing is or `stop` is set: whether each went out.

    Raises Unreachable, and database.UNAVAILABLE. The same `worker` goes on after them with what it could not note.
    """
    with worker or Worker(current_app.config["MAIL_URL"]) as at_work:
        for outcome in at_work.run():
            yield outcome
            if stop and stop.is_set():
                return


class Worker:
    """An id for its claims and, while it works, one connection to the mail server and two to the database."""

    def __init__(self, mail_url: str) -> None:
        self.id, self.mail_url = str(uuid.uuid4()), mail_url
        self.held: set[str] = set()
        self.sent: list[str] = []
        """Rows that went out and are not noted yet."""
        self.server: smtplib.SMTP | None = None
        self.spoken = 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self.connection = opened.enter_context(_own_connection())
            # Asks before each send, so it spends no round trip on a transaction.
            self.asking = opened.enter_context(_own_connection(isolation_level="AUTOCOMMIT"))
            self.close = opened.pop_all().close
        self.session = Session(self.connection, expire_on_commit=False)
        self.gone = threading.Event()
        self.pulse = threading.Thread(target=self._renew, args=(db.engine,), daemon=True)
        self.pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self.pulse.join()
        self._hang_up()
        try:
            self._let_go()
        finally:
            self.session.close()
            self.close()

    def run(self) -> Iterator[bool]:
        self._let_go()
        while rows := self._claim():
            for row in rows:
                yield self._send(row)
            self._note_sent()
            self.held.clear()

    def _claim(self) -> list[Message]:
        """The next rows that are due, single mails before broadcasts."""
        self.session.expunge_all()
        now = clock.now()
        for kind in KINDS:
            due = select(Message).where(kind, Message.due_at <= now).order_by(Message.due_at).limit(BATCH)
            due = due.with_for_update(skip_locked=True)
            if rows := list(self.session.scalars(due)):
                break
        self.held = {row.id for row in rows}
        if rows:
            held = TABLE.c.id.in_(self.held)
            outbox.move(self.session, Status.SENDING, held, claimed_by=self.id, due_at=now + CLAIM)
        self.session.commit()
        return rows

    def _let_go(self) -> None:
        """Note what went out and give the other rows back, also those of before the database was away."""
        self.session.rollback()
        self.connection.rollback()
        self._note_sent()
        self._move(Status.QUEUED, self.held, due_at=clock.now())
        self.held.clear()

    def _renew(self, engine: Any) -> None:
        """Runs beside the worker: its claims last while it lives, however slow the mail server is."""
        while not self.gone.wait(CLAIM.total_seconds() / 4):
            held, until = TABLE.c.id.in_(list(self.held)), clock.now() + CLAIM
            with suppress(SQLAlchemyError), engine.begin() as connection:
                outbox.move(connection, Status.SENDING, held, claim=self.id, claimed_by=self.id, due_at=until)

    def _send(self, row: Message) -> bool:
        self._call(row)
        if not self._still_holds(row):
            return False
        try:
            self._say(row)
        except Exception as error:  # noqa: BLE001 - what cannot be made or said is this message's fault
            self._failed(row, transport.refusal(error))
            return False
        self.spoken += 1
        self.sent.append(row.id)
        if row.broadcast_id is None or len(self.sent) >= NOTED_TOGETHER:
            self._note_sent()
        return True

    def _still_holds(self, row: Message) -> bool:
        """It may have been withdrawn or deleted; or the machine slept, and another worker has it."""
        return self.asking.scalar(HELD, {"row": row.id, "worker": self.id, "now": clock.now()}) is not None

    def _say(self, row: Message) -> None:
        assert self.server is not None  # noqa: S101 - _call was there before
        if row.recipient.isascii() and self.server.has_extn("8bitmime"):
            sender, options = current_app.config["MAIL_FROM"], ["BODY=8BITMIME"]
            self.server.sendmail(sender, [row.recipient], render.as_bytes(row), mail_options=options)
        else:
            self.server.send_message(render.as_email(row))

    def _call(self, row: Message) -> None:
        """Have a line to the mail server. Raises Unreachable, and counts it as a try to send the row."""
        if self.spoken >= MESSAGES_PER_CONNECTION:
            self._hang_up()
        if self.server is None:
            try:
                self.server, self.spoken = transport.connect(self.mail_url), 0
            except OSError as error:
                self._failed(row, transport.Refusal(f"no connection: {type(error).__name__}"))
                raise Unreachable(type(error).__name__) from error

    def _hang_up(self) -> None:
        if self.server is not None:
            try:
                self.server.quit()
            except OSError:
                self.server.close()
        self.server = None

    def _failed(self, row: Message, why: transport.Refusal) -> None:
        if why.line_is_dead:
            self._hang_up()
        now, first = clock.now(), row.tried_at or clock.now()
        tried = {"attempts": row.attempts + 1, "tried_at": first, "last_error": why.reason[:60]}
        if why.for_good or now - first >= PATIENCE:
            if self._move(Status.FAILED, [row.id], **tried):
                log.error("mail %s failed after %d tries: %s", row.id, row.attempts + 1, why.reason)
        elif self._move(Status.QUEUED, [row.id], due_at=now + _pause(row.attempts), **tried):
            log.warning("mail %s not sent yet: %s", row.id, why.reason)
        self.held.discard(row.id)
        if why.no_mailbox:
            self._tell(row.recipient)

    def _tell(self, recipient: str) -> None:
        """A receiver that fails is another feature's fault, and no reason to send nothing more."""
        for receiver in outbox.refused.receivers_for(self):
            try:
                receiver(self, recipient=recipient)
            except Exception as error:  # noqa: BLE001
                db.session.rollback()
                # Its words may quote the address.
                log.error("a receiver of outbox.refused failed: %s", type(error).__name__)

    def _note_sent(self) -> None:
        if self.sent:
            self._move(Status.SENT, self.sent, body="", attempts=TABLE.c.attempts + 1, last_error=None)
            self.held.difference_update(self.sent)
            self.sent.clear()

    def _move(self, to: Status, ids: Collection[str], **values: Any) -> int:
        """Those of the rows that this worker still holds: how many. Commits."""
        if not ids:
            return 0
        moved = outbox.move(self.connection, to, TABLE.c.id.in_(ids), claim=self.id, **values)
        self.connection.commit()
        return moved


def _own_connection(**options: Any) -> Connection:
    connection = db.engine.connect().execution_options(**options)
    connection.detach()
    # Past SQLAlchemy, which would begin a transaction: SQLite changes nothing in one.
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 - it has just been opened
    try:
        raw.cursor().execute(QUICK[connection.dialect.name])
        raw.commit()
    except connection.dialect.loaded_dbapi.Error as error:
        connection.invalidate()
        raise DBAPIError(None, None, error) from error
    return connection


def _pause(attempts: int) -> timedelta:
    """Growing, and never the same twice, so that what failed together does not come back together."""
    usual: timedelta = min(FIRST_PAUSE * 2 ** min(attempts, 16), LONGEST_PAUSE)
    return usual * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
