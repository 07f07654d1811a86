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
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Self

from flask import current_app
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import clock, mail, outbox, smtp
from core.extensions import db
from core.outbox import Message

log = logging.getLogger("site")

CLAIM = timedelta(seconds=60)
BATCH = 50
MESSAGES_PER_CONNECTION = 500
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
PATIENCE = timedelta(days=2)
"""From the first try to the last."""
# Somebody waits for a single mail; circulars can wait for it.
KINDS = (Message.circular_id.is_(None), Message.circular_id.is_not(None))
# Commits of a worker need not wait for the disk: what a power cut forgets is only sent again.
QUICK = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}


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
        if self.held:
            self._update(self.held, claimed_by=None, due_at=clock.now())
        self.session.close()
        self.connection.close()

    def run(self) -> Iterator[bool]:
        while rows := self._claim():
            for row in rows:
                if time.monotonic() >= self.held_until:
                    log.warning("mail worker was asleep: its claims have ended")
                    break
                yield self._send(row)
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
        self._update(self.held, claimed_by=self.id, due_at=now + CLAIM, anybodys=True)
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
            self._line().send_message(mail.as_email(row))
        except (OSError, ValueError) as error:
            self._failed(row, smtp.refusal(error))
            return False
        self.spoken += 1
        self._settle(row, sent_at=clock.now(), due_at=None, body="", attempts=row.attempts + 1, last_error=None)
        return True

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

    def _line(self) -> smtplib.SMTP:
        assert self.server is not None  # noqa: S101 - _call was there before
        return self.server

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
        if why.no_mailbox:
            outbox.refused.send(self, recipient=row.recipient)
        now = clock.now()
        first = row.tried_at or now
        over = why.for_good or now - first >= PATIENCE
        due = None if over else now + _pause(row.attempts)
        self._settle(row, due_at=due, attempts=row.attempts + 1, tried_at=first, last_error=why.reason[:60])
        if over:
            log.error("mail %s given up after %d tries: %s", row.id, row.attempts + 1, why.reason)
        else:
            log.warning("mail %s not sent yet: %s", row.id, why.reason)

    def _settle(self, row: Message, **values: Any) -> None:
        if not self._update({row.id}, claimed_by=None, **values):
            log.warning("mail %s was taken up by another worker", row.id)
        self.held.discard(row.id)

    def _update(self, ids: set[str], anybodys: bool = False, **values: Any) -> int:
        """Commits; returns how many rows were still this worker's."""
        mine = (Message.id.in_(ids), *(() if anybodys else (Message.claimed_by == self.id,)))
        done = self.session.execute(update(Message).where(*mine).values(**values).execution_options(**NO_SYNC))
        self.session.commit()
        return int(done.rowcount)  # type: ignore[attr-defined]


NO_SYNC = {"synchronize_session": False}


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
