"""`flask subscribers`: move lists in and out, and keep addresses from being mailed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click

from blueprints.subscriptions import bp, csvfiles, lists
from blueprints.subscriptions.csvfiles import BadLine, Row
from core.files import new_file
from core.validators import is_email

BATCH = 500
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
REPORT = click.option("--report", help="A new CSV file for what was refused, with the addresses.")
# Mailchimp's exports say it in the name of the file alone.
NAMES = {"subscribed": "confirmed", "unsubscribed": "left", "cleaned": "suppressed"}
ALL = click.Choice(csvfiles.OURS)


@bp.cli.command("import")
@FILE
@click.option("--status", type=ALL, help="The state of everybody in a file that does not say it.")
@REPORT
def bring_in(file: Path, status: str | None, report: str | None) -> None:
    """Add the subscribers of a CSV file from Mailchimp, Ghost, listmonk or here. Nothing is mailed.

    Whoever left or is suppressed here stays so. It may be stopped and run again.
    """
    _run(file, status or NAMES.get(file.name.split("_")[0].casefold()), report, plain=False, source=file.name)


@bp.cli.command("suppress")
@FILE
@REPORT
def suppress(file: Path, report: str | None) -> None:
    """Never mail the addresses of a provider's list again: CSV with a column email, or one address a line."""
    _run(file, "suppressed", report, plain=True, source=f"list of a provider: {file.name}")


@bp.cli.command("allow")
@click.argument("address")
def allow(address: str) -> None:
    """End the suppression of ADDRESS. It is not subscribed by that: its owner may sign up again."""
    try:
        if not is_email(address):
            raise lists.NotSuppressed
        lists.allow(address)
    except lists.NotSuppressed as error:
        raise click.ClickException("This address is not suppressed.") from error
    click.echo("The address may sign up again.")


@bp.cli.command("export")
@click.option("--for", "form", type=click.Choice(list(lists.COLUMNS)), default="ours", show_default=True)
@click.option("--status", "states", type=ALL, multiple=True, help="May be repeated. [ours: all; others: confirmed]")
@click.option("--out", default="-", show_default=True, help="A new file, readable by its owner only; - for stdout.")
def export(form: str, states: tuple[str, ...], out: str) -> None:
    """Write the subscribers as CSV. No spreadsheet takes a cell for a formula; no token is in it."""
    chosen = states or (csvfiles.OURS if form == "ours" else ("confirmed",))
    total = lists.count(chosen)
    with (
        new_file(out) as file,
        click.progressbar(lists.lines(form, chosen), length=total, label="Writing", file=sys.stderr) as rows,
    ):
        table = csvfiles.writer(file)
        table.writerow(lists.COLUMNS[form])
        for cells in rows:
            table.writerow([csvfiles.guarded(cell) for cell in cells])
    click.echo(f"{total} subscribers exported.", err=True)


def _run(file: Path, status: str | None, report: str | None, plain: bool, source: str) -> None:
    totals, refused = lists.Counts(0, 0, 0), 0
    with ExitStack() as stack:
        source_file = stack.enter_context(click.open_file(str(file), "rb"))
        table = csvfiles.writer(stack.enter_context(new_file(report))) if report else None
        progress = stack.enter_context(_progress(file))
        items = csvfiles.read(_lines(source_file, progress), status, plain)
        try:
            while some := list(islice(items, BATCH)):
                refused += sum(_refuse(item, table) for item in some if isinstance(item, BadLine))
                counts = lists.bring_in([item for item in some if isinstance(item, Row)], source)
                totals = lists.Counts(*map(sum, zip(totals, counts, strict=True)))
        except (csvfiles.UnknownColumns, csv.Error) as error:
            raise click.ClickException(f"{file.name}: {error}") from error
    click.echo(f"{totals.new} new, {totals.changed} changed, {totals.same} as they were, {refused} refused")
    if refused:
        raise click.exceptions.Exit(1)


def _progress(file: Path) -> Any:
    size = 0 if str(file) == "-" else file.stat().st_size
    return click.progressbar(length=max(size, 1), label="Reading", file=sys.stderr)


def _lines(file: IO[bytes], progress: Any) -> Iterator[str]:
    for line in file:
        progress.update(len(line))
        yield line.decode("utf-8", "replace")


def _refuse(item: BadLine, table: Any) -> bool:
    """The line and the reason; the address only where a file was asked for."""
    if table:
        table.writerow([item.line, item.reason, csvfiles.guarded(item.address)])
    else:
        click.echo(f"line {item.line}: {item.reason}", err=True)
    return True
