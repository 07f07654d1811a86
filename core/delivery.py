"""Sending what is due in the outbox: claim, send, note what became of it.

A worker claims some rows for a minute and, as long as it lives, renews the claim; when it dies, another takes them up.
No transaction is open while the mail server is spoken to, so that nobody who writes ever waits for it.
"""

from __future__ import annotations

import logging
import random
import smtplib
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, Self

from flask import current_app
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import clock, mail, outbox, smtp
from core.extensions import db
from core.outbox import Message

log = logging.getLogger("site")

CLAIM = timedelta(seconds=60)
BATCH = 200
NOTED_TOGETHER = 10
"""Circulars: as many may go out once more when a worker is killed. A single mail is noted at once."""
MESSAGES_PER_CONNECTION = 500
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
PATIENCE = timedelta(days=2)
"""From the first try to the last."""
# Somebody waits for a single mail; circulars can wait for it.
KINDS = (Message.circular_id.is_(None), Message.circular_id.is_not(None))
# Commits of a worker need not wait for the disk: what a power cut forgets is only sent again.
QUICK = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}


TABLE = Message.__table__
# Made once: it runs every few messages.
SENT = (
    update(TABLE)
    .where(TABLE.c.id.in_(bindparam("rows", expanding=True)), TABLE.c.claimed_by == bindparam("worker"))
    .values(
        sent_at=bindparam("at"), due_at=None, claimed_by=None, body="", attempts=TABLE.c.attempts + 1, last_error=None
    )
)


class Unreachable(OSError):
    """The mail server cannot be spoken to; nothing was sent and nothing is lost."""


def deliver(stop: threading.Event | None = None) -> Iterator[bool]:
    """Send what is due, one by one, until nothing is or `stop` is set: whether each went out. Raises Unreachable."""
    with Worker(current_app.config["MAIL_URL"]) as worker:
        for outcome in worker.run():
            yield outcome
            if stop and stop.is_set():
                return


class Worker:
    """An id for its claims, one connection to the mail server, one to the database."""

    def __init__(self, mail_url: str) -> None:
        self.id, self.mail_url = str(uuid.uuid4()), mail_url
        self.held: set[str] = set()
        self.held_until = 0.0
        self.sent: list[str] = []
        """Rows that went out and are not noted yet."""
        self.server: smtplib.SMTP | None = None
        self.spoken = 0

    def __enter__(self) -> Self:
        self.connection = _own_connection()
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
            self._note_sent()
            self._change(self.held, claimed_by=None, due_at=clock.now())
        finally:
            self.session.close()
            self.connection.close()

    def run(self) -> Iterator[bool]:
        while rows := self._claim():
            for row in rows:
                if time.monotonic() >= self.held_until:
                    log.warning("mail worker was asleep: its claims have ended")
                    break
                yield self._send(row)
            self._note_sent()
            self.held.clear()

    def _claim(self) -> list[Message]:
        """The next rows that are due, single mails before circulars."""
        self.session.expunge_all()
        now, until = clock.now(), time.monotonic() + CLAIM.total_seconds()
        for kind in KINDS:
            due = select(Message).where(kind, Message.due_at <= now).order_by(Message.due_at).limit(BATCH)
            due = due.with_for_update(skip_locked=True)
            if rows := list(self.session.scalars(due)):
                break
        self.held, self.held_until = {row.id for row in rows}, until
        if rows:
            claim = update(TABLE).where(TABLE.c.id.in_(self.held))
            self.session.execute(claim.values(claimed_by=self.id, due_at=now + CLAIM))
        self.session.commit()
        return rows

    def _renew(self, engine: Any) -> None:
        """Runs beside the worker: its claims last while it lives, however slow the mail server is."""
        while not self.gone.wait(CLAIM.total_seconds() / 4):
            until = time.monotonic() + CLAIM.total_seconds()
            theirs = (Message.id.in_(list(self.held)), Message.claimed_by == self.id)
            try:
                with engine.begin() as connection:
                    connection.execute(update(Message).where(*theirs).values(due_at=clock.now() + CLAIM))
            except DBAPIError:
                continue
            self.held_until = until

    def _send(self, row: Message) -> bool:
        self._call(row)
        try:
            self._say(row)
        except (OSError, ValueError) as error:
            self._failed(row, smtp.refusal(error))
            return False
        self.spoken += 1
        self.sent.append(row.id)
        if row.circular_id is None or len(self.sent) >= NOTED_TOGETHER:
            self._note_sent()
        return True

    def _say(self, row: Message) -> None:
        assert self.server is not None  # noqa: S101 - _call was there before
        if row.recipient.isascii() and self.server.has_extn("8bitmime"):
            sender, options = current_app.config["MAIL_FROM"], ["BODY=8BITMIME"]
            self.server.sendmail(sender, [row.recipient], mail.as_bytes(row), mail_options=options)
        else:
            self.server.send_message(mail.as_email(row))

    def _call(self, row: Message) -> None:
        """Have a line to the mail server. Raises Unreachable, and counts it as a try to send the row."""
        if self.spoken >= MESSAGES_PER_CONNECTION:
            self._hang_up()
        if self.server is None:
            try:
                self.server, self.spoken = smtp.connect(self.mail_url), 0
            except OSError as error:
                self._failed(row, smtp.Refusal(f"no connection: {type(error).__name__}"))
                raise Unreachable(type(error).__name__) from error

    def _hang_up(self) -> None:
        if self.server is not None:
            try:
                self.server.quit()
            except OSError:
                self.server.close()
        self.server = None

    def _failed(self, row: Message, why: smtp.Refusal) -> None:
        if why.line_is_dead:
            self._hang_up()
        now = clock.now()
        first = row.tried_at or now
        over = why.for_good or now - first >= PATIENCE
        due = None if over else now + _pause(row.attempts)
        tried = {"attempts": row.attempts + 1, "tried_at": first, "last_error": why.reason[:60]}
        self._change([row.id], claimed_by=None, due_at=due, **tried)
        self.held.discard(row.id)
        if why.no_mailbox:
            outbox.refused.send(self, recipient=row.recipient)
        if over:
            log.error("mail %s given up after %d tries: %s", row.id, row.attempts + 1, why.reason)
        else:
            log.warning("mail %s not sent yet: %s", row.id, why.reason)

    def _note_sent(self) -> None:
        if self.sent:
            self.connection.execute(SENT, {"rows": self.sent, "worker": self.id, "at": clock.now()})
            self.connection.commit()
            self.held.difference_update(self.sent)
            self.sent.clear()

    def _change(self, ids: Collection[str], **values: Any) -> None:
        """Those of the rows that this worker still holds. Commits."""
        held = (TABLE.c.id.in_(ids), TABLE.c.claimed_by == self.id)
        if ids:
            self.connection.execute(update(TABLE).where(*held).values(**values))
            self.connection.commit()


def _own_connection() -> Connection:
    connection = db.engine.connect()
    connection.detach()
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 - it has just been opened
    raw.cursor().execute(QUICK[connection.dialect.name])
    raw.commit()
    return connection


def _pause(attempts: int) -> timedelta:
    """Growing, and never the same twice, so that what failed together does not come back together."""
    usual: timedelta = min(FIRST_PAUSE * 2 ** min(attempts, 16), LONGEST_PAUSE)
    return usual * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
