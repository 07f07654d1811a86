"""`flask newsletter`: look at an issue, mail it to yourself, send it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app

from blueprints.content.library import Page
from blueprints.newsletters import bp, emails, issues, services
from blueprints.newsletters.services import Progress
from blueprints.newsletters.shelf import Shelf
from blueprints.newsletters.shelf import of_the_site as shelf_of_the_site
from blueprints.subscriptions import services as subscriptions
from core.forms.validators import is_email
from core.mail import render, worker
from core.mail.commands import database_needed, require_mail_url, stopped_by_signal
from core.mail.outbox import Status

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
RATE_HELP = "Messages a second; 0: no limit."
POLL_INTERVAL = 1.0
"""Seconds."""


@bp.cli.command("preview")
@FILE
@click.option("--html", is_flag=True, help="Print the HTML part instead of the text.")
def preview(file: Path, html: bool) -> None:
    """Print an issue as its readers will see it, and its problems."""
    shelf = shelf_of_the_site()
    page = _page(shelf, file)
    issue = shelf.issue(page)
    body = emails.words(issue, "https://example.org/leave")
    click.echo(render.html(issue.title, body) if html else f"Subject: {issue.title}\n\n{render.text(body)}")
    for problem in shelf.problems(page):
        click.echo(problem, err=True)


@bp.cli.command("test")
@FILE
@click.argument("address")
@database_needed()
def test(file: Path, address: str) -> None:
    """Mail one copy to ADDRESS. Its unsubscribe link does not work."""
    if not is_email(address):
        raise click.ClickException(f"{address} is not an email address.")
    shelf = shelf_of_the_site()
    services.put_test(shelf.issue(_page(shelf, file)), address)
    if current_app.config["MAIL_URL"]:
        sent = sum(worker.deliver())
        click.echo(f"{sent} sent")
    else:
        click.echo("Queued, not sent: MAIL_URL is not set. Read it at /dev/mailbox.")


@bp.cli.command("send")
@FILE
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=services.PER_SECOND,
    show_default=True,
    help="Messages a second; 0: no limit.",
)
@click.option("--queue-only", is_flag=True, help="Queue only; `flask outbox send --watch` sends.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_needed()
def send(file: Path, rate: float, queue_only: bool, yes: bool) -> None:
    """Send an issue to every confirmed subscriber who has not received it.

    It can be stopped, killed and run again: nobody gets it twice, and nobody is skipped.
    """
    shelf = shelf_of_the_site()
    page = _page(shelf, file)
    _require_ready(shelf, page)
    readers = subscriptions.count_readers()
    if sys.stdin.isatty() and not yes:
        click.confirm(f"Send “{page.title}” to {readers} subscribers?", abort=True)
    broadcast_id = _queue(shelf.issue(page), readers, rate)
    if not queue_only and current_app.config["MAIL_URL"]:
        _deliver(broadcast_id)
    _print_totals(services.progress(broadcast_id))


def _queue(issue: issues.Issue, readers: int, rate: float) -> int:
    try:
        broadcast_id = services.begin(issue, rate)
    except services.ChangedSince as error:
        message = f"{issue.name} was already sent with different text. Put a correction in a file of its own."
        raise click.ClickException(message) from error
    with click.progressbar(length=readers, label="Queueing", show_pos=True, file=sys.stderr) as bar:
        for looked_at in services.queue(broadcast_id):
            bar.update(looked_at)
    return broadcast_id


def _deliver(broadcast_id: int) -> None:
    """Work as an outbox worker until each message has been tried once."""
    require_mail_url()
    start = services.progress(broadcast_id)
    with (
        stopped_by_signal() as stop,
        click.progressbar(
            length=start.total,
            label="Sending",
            show_pos=True,
            file=sys.stderr,
            item_show_func=lambda text: text,
        ) as bar,
    ):
        bar.update(start.total - start.untried)
        done, began = start.untried, time.monotonic()
        for now in _rounds(broadcast_id, stop):
            rate = (start.untried - now.untried) / max(time.monotonic() - began, 0.001)
            bar.update(
                done - now.untried, f"{now.by_status[Status.SENT]} sent, {now.untried} left, {rate:.1f} a second"
            )
            done = now.untried


def _rounds(broadcast_id: int, stop: threading.Event) -> Iterator[Progress]:
    """Deliver what is due until nothing is untried. Yields the progress about once a second."""
    wait = POLL_INTERVAL
    while (now := services.progress(broadcast_id)).untried:
        yield now
        try:
            yield from _deliver_round(broadcast_id, stop)
            wait = POLL_INTERVAL
        except worker.Unreachable as error:
            wait = min(2 * wait, 60)
            click.echo(f"\nThe mail server cannot be reached ({error}). The mail stays queued; trying again.", err=True)
        if stop.wait(wait):
            return
    yield now


def _deliver_round(broadcast_id: int, stop: threading.Event) -> Iterator[Progress]:
    looked = time.monotonic()
    for _ in worker.deliver(stop):
        if time.monotonic() - looked >= POLL_INTERVAL:
            looked = time.monotonic()
            yield services.progress(broadcast_id)


def _print_totals(now: Progress) -> None:
    became = ", ".join(f"{now.by_status[name]} {name}" for name in (*Status, "unknown") if now.by_status[name])
    click.echo(f"{now.total} messages: {became}" if became else "0 messages")
    if now.by_status[Status.QUEUED]:
        click.echo("To send the queued ones, run `flask outbox send --watch` or this command again.")


def _page(shelf: Shelf, file: Path) -> Page:
    wanted = file.resolve()
    for page in shelf.pages:
        if page.source.resolve() == wanted:
            return page
    raise click.ClickException(f"{file} is not an issue: issues are the files in content/newsletters/.")


def _require_ready(shelf: Shelf, page: Page) -> None:
    if obstacles := shelf.obstacles(page):
        raise click.ClickException("This issue cannot be sent yet:\n" + "\n".join(obstacles))
