"""Sends the mail that is due in the outbox: claim rows, send them, record the outcome.

A worker claims a batch of rows for a minute and renews the claim while it runs; if it dies, another worker takes over.
No transaction is open during SMTP, so that no other writer waits for the mail server. Right before each send the worker
checks that it still holds the message, which may have been withdrawn meanwhile.
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
BROADCASTS_PER_COMMIT = 10
"""Up to this many broadcasts are sent twice if a worker is killed. A single message is recorded at once."""
MESSAGES_PER_CONNECTION = 500
FIRST_RETRY_DELAY = timedelta(minutes=1)
MAX_RETRY_DELAY = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=2)
"""From the first attempt to the last."""
# Someone is waiting for a single message, so broadcasts come second.
KINDS = (Message.broadcast_id.is_(None), Message.broadcast_id.is_not(None))
# A worker's commits need not wait for the disk: what a power failure loses is only sent again.
ASYNC_COMMIT = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}
# Built once, because it runs for each message.
HELD = select(TABLE.c.id).where(
    TABLE.c.id == bindparam("row"), TABLE.c.claimed_by == bindparam("worker"), TABLE.c.due_at > bindparam("now")
)


class Unreachable(OSError):
    """The mail server cannot be reached. Nothing was sent and nothing is lost."""


def deliver(stop: threading.Event | None = None, worker: Worker | None = None) -> Iterator[bool]:
    """Send all due mail until none is left or `stop` is set. Yields for each message whether it was sent.

    Raises Unreachable and database.UNAVAILABLE. Pass the same `worker` again afterwards: it first records the outcomes
    that it could not record before.
    """
    with worker or Worker(current_app.config["MAIL_URL"]) as active:
        for outcome in active.run():
            yield outcome
            if stop and stop.is_set():
                return


class Worker:
    """Has an id for its claims and, while in use, one connection to the mail server and two to the database."""

    def __init__(self, mail_url: str) -> None:
        self.id, self.mail_url = str(uuid.uuid4()), mail_url
        self.held: set[str] = set()
        self.sent: list[str] = []
        """Ids of messages that were sent and are not recorded yet."""
        self.server: smtplib.SMTP | None = None
        self.sent_on_connection = 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self.connection = opened.enter_context(_own_connection())
            # Autocommit saves the round trip for a transaction before each send.
            self.claim_reader = opened.enter_context(_own_connection(isolation_level="AUTOCOMMIT"))
            self.close = opened.pop_all().close
        self.session = Session(self.connection, expire_on_commit=False)
        self.stopped = threading.Event()
        self.renewer = threading.Thread(target=self._renew, args=(db.engine,), daemon=True)
        self.renewer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.renewer.join()
        self._disconnect()
        try:
            self._release()
        finally:
            self.session.close()
            self.close()

    def run(self) -> Iterator[bool]:
        self._release()
        while rows := self._claim():
            for row in rows:
                yield self._send(row)
            self._record_sent()
            self.held.clear()

    def _claim(self) -> list[Message]:
        """Claim the next due rows, single messages before broadcasts."""
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

    def _release(self) -> None:
        """Record what was sent and requeue the other claimed rows, including those left from a database outage."""
        self.session.rollback()
        self.connection.rollback()
        self._record_sent()
        self._move(Status.QUEUED, self.held, due_at=clock.now())
        self.held.clear()

    def _renew(self, engine: Any) -> None:
        """Runs in a thread: keeps the claims alive while the worker runs, however slow the mail server is."""
        while not self.stopped.wait(CLAIM.total_seconds() / 4):
            held, until = TABLE.c.id.in_(list(self.held)), clock.now() + CLAIM
            with suppress(SQLAlchemyError), engine.begin() as connection:
                outbox.move(connection, Status.SENDING, held, claim=self.id, claimed_by=self.id, due_at=until)

    def _send(self, row: Message) -> bool:
        self._connect(row)
        if not self._still_holds(row):
            return False
        try:
            self._transmit(row)
        except Exception as error:  # noqa: BLE001 - a message that cannot be rendered or sent fails alone
            self._record_failure(row, transport.refusal(error))
            return False
        self.sent_on_connection += 1
        self.sent.append(row.id)
        if row.broadcast_id is None or len(self.sent) >= BROADCASTS_PER_COMMIT:
            self._record_sent()
        return True

    def _still_holds(self, row: Message) -> bool:
        """False if the message was withdrawn or deleted, or if another worker took it while this machine slept."""
        return self.claim_reader.scalar(HELD, {"row": row.id, "worker": self.id, "now": clock.now()}) is not None

    def _transmit(self, row: Message) -> None:
        assert self.server is not None  # noqa: S101 - _connect was called before
        if row.recipient.isascii() and self.server.has_extn("8bitmime"):
            sender, options = current_app.config["MAIL_FROM"], ["BODY=8BITMIME"]
            self.server.sendmail(sender, [row.recipient], render.as_bytes(row), mail_options=options)
        else:
            self.server.send_message(render.as_email(row))

    def _connect(self, row: Message) -> None:
        """Connect to the mail server unless connected. Counts a failure as an attempt to send; raises Unreachable."""
        if self.sent_on_connection >= MESSAGES_PER_CONNECTION:
            self._disconnect()
        if self.server is None:
            try:
                self.server, self.sent_on_connection = transport.connect(self.mail_url), 0
            except OSError as error:
                self._record_failure(row, transport.Refusal(f"no connection: {type(error).__name__}"))
                raise Unreachable(type(error).__name__) from error

    def _disconnect(self) -> None:
        if self.server is not None:
            try:
                self.server.quit()
            except OSError:
                self.server.close()
        self.server = None

    def _record_failure(self, row: Message, why: transport.Refusal) -> None:
        if why.connection_lost:
            self._disconnect()
        now, first = clock.now(), row.tried_at or clock.now()
        tried = {"attempts": row.attempts + 1, "tried_at": first, "last_error": why.reason[:60]}
        if why.permanent or now - first >= GIVE_UP_AFTER:
            if self._move(Status.FAILED, [row.id], **tried):
                log.error("mail %s failed after %d tries: %s", row.id, row.attempts + 1, why.reason)
        elif self._move(Status.QUEUED, [row.id], due_at=now + _backoff(row.attempts), **tried):
            log.warning("mail %s not sent yet: %s", row.id, why.reason)
        self.held.discard(row.id)
        if why.no_mailbox:
            self._report_refused(row.recipient)

    def _report_refused(self, recipient: str) -> None:
        """Notify the features that the address does not exist. An error in one of them must not stop delivery."""
        for receiver in outbox.refused.receivers_for(self):
            try:
                receiver(self, recipient=recipient)
            except Exception as error:  # noqa: BLE001
                db.session.rollback()
                # Its message may quote the address.
                log.error("a receiver of outbox.refused failed: %s", type(error).__name__)

    def _record_sent(self) -> None:
        if self.sent:
            self._move(Status.SENT, self.sent, body="", attempts=TABLE.c.attempts + 1, last_error=None)
            self.held.difference_update(self.sent)
            self.sent.clear()

    def _move(self, to: Status, ids: Collection[str], **values: Any) -> int:
        """Change the status of those rows that this worker still holds. Commits; returns how many they were."""
        if not ids:
            return 0
        moved = outbox.move(self.connection, to, TABLE.c.id.in_(ids), claim=self.id, **values)
        self.connection.commit()
        return moved


def _own_connection(**options: Any) -> Connection:
    connection = db.engine.connect().execution_options(**options)
    connection.detach()
    # Bypasses SQLAlchemy, which would begin a transaction: SQLite ignores this PRAGMA inside one.
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 - it has just been opened
    try:
        raw.cursor().execute(ASYNC_COMMIT[connection.dialect.name])
        raw.commit()
    except connection.dialect.loaded_dbapi.Error as error:
        connection.invalidate()
        raise DBAPIError(None, None, error) from error
    return connection


def _backoff(attempts: int) -> timedelta:
    """Exponential backoff with jitter, so that messages that failed together are not retried together."""
    delay: timedelta = min(FIRST_RETRY_DELAY * 2 ** min(attempts, 16), MAX_RETRY_DELAY)
    return delay * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
