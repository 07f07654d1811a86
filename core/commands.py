"""What an operator types: `flask outbox`, `flask keys` (keys.py), `flask serve` (serving.py)."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from core import delivery, keys, outbox, serving, settings_example
from core.extensions import db

LOOK_EVERY = 5
"""Seconds."""
TIDY_EVERY = 720
"""Looks: an hour."""
LONGEST_WAIT = 300
outbox_group = AppGroup("outbox", help="Mail that waits to be sent.")


def init_app(app: Flask) -> None:
    app.cli.add_command(serving.serve)
    app.cli.add_command(keys.keys_group)
    app.cli.add_command(outbox_group)
    app.cli.add_command(settings_example.settings_group)
    app.shell_context_processor(_models)


def _models() -> dict[str, Any]:
    """What `flask shell` knows without an import: db, and every table's class by its name."""
    mappers = db.Model.registry.mappers  # type: ignore[attr-defined]
    return {"db": db, **{mapper.class_.__name__: mapper.class_ for mapper in mappers}}


@outbox_group.command("send")
@click.option("--watch", is_flag=True, help="Go on until stopped, looking every few seconds.")
@with_appcontext
def send(watch: bool) -> None:
    """Send the mail that is due over MAIL_URL. Several may run at once."""
    require_mail_url()
    with stopped_by_signal() as stop:
        wait, looks = float(LOOK_EVERY), 0
        while True:
            if looks % TIDY_EVERY == 0:
                outbox.tidy()
            wait = LOOK_EVERY if _send_once(stop, quiet=watch) else min(wait * 2, LONGEST_WAIT)
            looks += 1
            # Not all at the same moment, when a mail server comes back.
            if not watch or stop.wait(wait * random.uniform(0.75, 1.25)):  # noqa: S311 - no secret
                return


def _send_once(stop: threading.Event, quiet: bool) -> bool:
    """Whether mail server and database were there."""
    sent = 0
    try:
        for went in delivery.deliver(stop):
            sent += went
    except (delivery.Unreachable, DBAPIError) as error:
        missing = "database" if isinstance(error, DBAPIError) else "mail server"
        click.echo(f"The {missing} cannot be reached ({_kind(error)}); the mail is kept.", err=True)
        return False
    if sent or not quiet:
        click.echo(f"{sent} sent{_rest()}")
    return True


def _kind(error: Exception) -> str:
    return type(error.orig).__name__ if isinstance(error, DBAPIError) else str(error)


def _rest() -> str:
    return "".join(f", {number} {kind}" for kind, number in outbox.count().items() if number)


@outbox_group.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@with_appcontext
def list_unsent(limit: int) -> None:
    """List what waits, is being sent or was given up, the oldest first, without addresses."""
    clinic = current_app.config["CLINIC"]
    for row in outbox.unsent(limit):
        due = f"due {clinic.local(row.due_at):%Y-%m-%d %H:%M %Z}" if row.due_at else ""
        tries = f"tries {row.attempts}" if row.attempts else ""
        host = row.recipient.rpartition("@")[2]
        click.echo("  ".join(part for part in (row.id, row.state, f"…@{host}", tries, row.last_error, due) if part))
    click.echo(", ".join(f"{number} {kind}" for kind, number in outbox.count().items()))


@outbox_group.command("retry")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that was given up.")
@with_appcontext
def retry(ids: tuple[str, ...], everything: bool) -> None:
    """Send again what was given up."""
    if bool(ids) == everything:
        raise click.UsageError("Name messages of `flask outbox list`, or say --all.")
    click.echo(f"{outbox.retry(ids)} will be tried again")


def require_mail_url() -> None:
    if not current_app.config["MAIL_URL"]:
        raise click.ClickException("MAIL_URL is not set: mail is kept and not sent.")


@contextmanager
def stopped_by_signal() -> Iterator[threading.Event]:
    """Set by Ctrl+C or a service manager: the message in hand is finished, and then it is over."""
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
