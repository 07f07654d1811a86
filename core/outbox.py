"""Mail that leaves after the commit.

`put` adds a message to the caller's transaction, so that mail and what it is about are kept or lost
together. A worker sends what is due, at least once; the Message-ID is the row's id, so a mail server
can tell a repeat. No message holds patient data.
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from flask import current_app, render_template
from sqlalchemy import JSON, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.extensions import db

log = logging.getLogger("site")

MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
TIMEOUT_SECONDS = 20


class Message(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(clock.UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime, index=True)
    """None once it was sent or given up."""
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(clock.UTCDateTime)


def put(recipient: str, subject: str, template: str, headers: dict[str, str] | None = None, **context: str) -> None:
    """Add a message to the current transaction; the caller commits."""
    now = clock.now()
    body = render_template(f"email/{template}", **context)
    row = Message(id=str(uuid.uuid4()), recipient=recipient, subject=subject, body=body, headers=headers or {})
    row.created_at = row.due_at = now
    row.attempts = 0
    db.session.add(row)


def link(path: str) -> str:
    """An absolute address for a mail, from SITE_URL and never from a request."""
    return f"{current_app.config['SITE_URL']}{path}"


def newest(limit: int = 50) -> list[Message]:
    return list(db.session.scalars(select(Message).order_by(Message.created_at.desc()).limit(limit)))


def send_due() -> int:
    """Send every due message, one transaction each; returns how many went out."""
    sent = 0
    with _server() as server:
        while (row := _claim()) is not None:
            sent += _try_to_send(server, row)
            db.session.commit()
    return sent


def _claim() -> Message | None:
    due = select(Message).where(Message.due_at <= clock.now()).order_by(Message.due_at).limit(1)
    return db.session.scalars(due.with_for_update(skip_locked=True)).first()


def _try_to_send(server: smtplib.SMTP, row: Message) -> bool:
    row.attempts += 1
    try:
        server.send_message(_as_email(row))
    except (smtplib.SMTPException, OSError) as error:
        _postpone(row, error)
        return False
    row.sent_at, row.due_at = clock.now(), None
    return True


def _postpone(row: Message, error: Exception) -> None:
    if row.attempts >= MAX_ATTEMPTS:
        row.due_at = None
        log.error("mail %s given up after %d tries: %s", row.id, row.attempts, type(error).__name__)
        return
    row.due_at = clock.now() + FIRST_PAUSE * 4 ** (row.attempts - 1)
    log.warning("mail %s not sent yet: %s", row.id, type(error).__name__)


def _as_email(row: Message) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{row.id}@{urlsplit(current_app.config['SITE_URL']).hostname}>"
    message["From"] = current_app.config["MAIL_FROM"]
    message["To"] = row.recipient
    message["Subject"] = row.subject
    message["Date"] = row.created_at
    for name, value in row.headers.items():
        message[name] = value
    message.set_content(row.body)
    return message


@contextmanager
def _server() -> Iterator[smtplib.SMTP]:
    """A conversation with MAIL_URL. smtp:// upgrades with STARTTLS where the server offers it and
    must do so before a password is sent; smtps:// is TLS from the start."""
    url = urlsplit(current_app.config["MAIL_URL"])
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with kind(url.hostname or "localhost", url.port or 0, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if url.scheme == "smtp" and (server.has_extn("starttls") or url.username):
            server.starttls()
            server.ehlo()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server
