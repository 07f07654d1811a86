"""`flask outbox`: send due mail, list unsent mail, retry failed mail."""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from core import clock, rate_limits
from core.database import UNAVAILABLE, kind_of
from core.extensions import db
from core.mail import outbox
from core.mail.worker import Unreachable, Worker, deliver

log = logging.getLogger("site")
POLL_INTERVAL = 5
"""Seconds."""
PURGE_EVERY = 720
"""Polls: once an hour."""
LONGEST_WAIT = {"mail server": 300, "database": 60}
"""Seconds. Polls become less frequent during an outage, so that many workers do not overload a server that returns."""
REPORT_EVERY = timedelta(minutes=1)
outbox_group = AppGroup("outbox", help="Mail that waits to be sent.")


@contextmanager
def database_needed() -> Iterator[None]:
    """Wrap a command: if the database is unavailable, it ends with a one-line error and exit code 1."""
    try:
        yield
    except UNAVAILABLE as error:
        db.session().invalidate()
        raise click.ClickException(_unreachable("database", error)) from error


@outbox_group.command("send")
@click.option("--watch", is_flag=True, help="Keep running, and check for new mail every few seconds.")
@with_appcontext
def send(watch: bool) -> None:
    """Send the mail that is due over MAIL_URL. Several may run at once."""
    require_mail_url()
    worker = Worker(current_app.config["MAIL_URL"])
    with stopped_by_signal() as stop:
        if watch:
            _watch(worker, stop)
            return
        with database_needed():
            _purge()
            try:
                _send_due(worker, stop)
            except Unreachable as error:
                click.echo(_unreachable("mail server", error), err=True)


def _watch(worker: Worker, stop: threading.Event) -> None:
    wait, looks, said_at = float(POLL_INTERVAL), 0, None
    while True:
        try:
            if looks % PURGE_EVERY == 0:
                _purge()
            _send_due(worker, stop, quiet=True)
            wait, looks, said_at = POLL_INTERVAL, looks + 1, None
        except (Unreachable, *UNAVAILABLE) as error:
            missing = "mail server" if isinstance(error, Unreachable) else "database"
            db.session().invalidate()
            wait = min(wait * 2, LONGEST_WAIT[missing])
            if said_at is None or clock.now() - said_at >= REPORT_EVERY:
                said_at = clock.now()
                click.echo(_unreachable(missing, error), err=True)
        # Jitter, so that not all workers reconnect at the same moment.
        if stop.wait(wait * random.uniform(0.75, 1.25)):  # noqa: S311 - no secret
            return


def _purge() -> None:
    outbox.purge()
    rate_limits.purge()


def _send_due(worker: Worker, stop: threading.Event, quiet: bool = False) -> None:
    _refill()
    sent = sum(deliver(stop, worker))
    if sent or not quiet:
        click.echo(f"{sent} sent{_rest()}")


def _refill() -> None:
    """An error in a feature must not stop delivery."""
    try:
        outbox.refill.send()
    except UNAVAILABLE:
        raise
    except Exception as error:  # noqa: BLE001
        db.session.rollback()
        log.error("a receiver of outbox.refill failed: %s", type(error).__name__)


def _unreachable(missing: str, error: Exception) -> str:
    kind = str(error) if isinstance(error, Unreachable) else kind_of(error)
    return f"The {missing} cannot be reached ({kind}); the mail is kept."


def _rest() -> str:
    return "".join(f", {number} {kind}" for kind, number in outbox.count().items() if number)


@outbox_group.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@with_appcontext
@database_needed()
def list_unsent(limit: int) -> None:
    """List what is queued, being sent or failed, the oldest first, without addresses."""
    clinic = current_app.config["CLINIC"]
    for row in outbox.unsent(limit):
        due = f"due {clinic.local(row.due_at):%Y-%m-%d %H:%M %Z}" if row.due_at else ""
        tries = f"tries {row.attempts}" if row.attempts else ""
        host = row.recipient.rpartition("@")[2]
        click.echo("  ".join(part for part in (row.id, row.status, f"…@{host}", tries, row.last_error, due) if part))
    click.echo(", ".join(f"{number} {kind}" for kind, number in outbox.count().items()))


@outbox_group.command("retry")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that failed.")
@with_appcontext
@database_needed()
def retry(ids: tuple[str, ...], everything: bool) -> None:
    """Send again what failed."""
    if bool(ids) == everything:
        raise click.UsageError("Name messages of `flask outbox list`, or say --all.")
    click.echo(f"{outbox.retry(ids)} will be tried again")


def require_mail_url() -> None:
    if not current_app.config["MAIL_URL"]:
        raise click.ClickException("MAIL_URL is not set: mail is kept and not sent.")


@contextmanager
def stopped_by_signal() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set: the current message is finished, then the command ends."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, _setter(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _setter(stop: threading.Event) -> Any:
    return lambda *_: stop.set()
