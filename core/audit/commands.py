"""`flask audit`: prove that the audit trail is whole, print its head, export it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click
from flask.cli import AppGroup

from core import audit, files, spreadsheets
from core.audit import chain, reading, triggers
from core.audit.trail import COMMAND_LINE
from core.crypto.commands import rotation
from core.extensions import db

HASH = re.compile(r"[0-9a-f]{64}")
audit_group = AppGroup("audit", help="The audit trail of the desk.")


@audit_group.command("head")
def head() -> None:
    """Print the number and the hash of the newest row. Keep it elsewhere, for `flask audit verify --head`."""
    newest = chain.head()
    db.session.rollback()
    click.echo(f"{newest.id} {newest.hash}" if newest.id else "The audit trail is empty.")


def _hashes(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [text for text in given if not HASH.fullmatch(text)]:
        raise click.BadParameter(f"{wrong[0]} is not 64 hexadecimal digits.")
    return given


@audit_group.command("verify")
@click.option(
    "--head", "kept", multiple=True, metavar="HASH", callback=_hashes, help="A hash that was kept. Repeatable."
)
def verify(kept: tuple[str, ...]) -> None:
    """Walk the chain from the first row, and name the first broken link and its kind.

    The exit code is 1 if there is one, or if the database would not refuse changes.
    """
    found, removed = chain.verify(kept), triggers.missing()
    click.echo(f"{found.rows} rows in order. Head: {found.head.id} {found.head.hash or '(empty)'}")
    if removed:
        click.secho(f"The database no longer refuses changes: {', '.join(removed)} is missing.", fg="red", err=True)
    if found.broken:
        raise click.ClickException(f"{found.broken.kind.value}: {found.broken.words}")
    if removed:
        raise click.ClickException("The chain is whole, but its triggers are not.")


@audit_group.command("export")
@click.option("--out", default="-", show_default=True, help="A new file, readable by its owner only; - for stdout.")
def export(out: str) -> None:
    """Write the whole audit trail as CSV, newest first, safe to open in a spreadsheet."""
    audit.record(COMMAND_LINE, "audit.exported")
    with files.new_file(out) as file:
        write, written = spreadsheets.writer(file, reading.Event._fields), 0
        for event in reading.all_newest(reading.Filter()):
            write(event.cells())
            written += 1
    click.echo(f"{written} rows exported.", err=True)


@rotation.connect
def _tell_of_rotation(_sender: object, step: str, **facts: str | int | Iterable[str]) -> None:
    """`flask keys rotate` is below this package, and says by a signal what it does."""
    audit.record(COMMAND_LINE, f"rotation.{step}", "", **facts)
