"""`flask subscribers`: import and export lists, and manage suppressed addresses. Nothing here sends mail."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import IO, BinaryIO

import click

from blueprints.subscriptions import bp, csv_formats, import_export
from blueprints.subscriptions.csv_formats import STATES, Entry, Person, Refused
from core import clinic, spreadsheets
from core.database import UNAVAILABLE, kind_of
from core.files import new_file

LONGEST_LINE = 100_000
UNREADABLE = "\0\n"
"""Replaces a line that is too long: every reader refuses it."""
Read = Callable[[Iterator[str]], Iterator[Entry | Refused]]
Forward = Callable[[int], None]

report_option = click.option(
    "--report", metavar="NEWFILE", help="Write refused lines and addresses to a new CSV file only its owner can read."
)


COLUMN_HELP = 'A column with another name, such as email="E-mail address". Repeatable.'
STATE_HELP = "A status with another name, such as unsubscribed=left. Repeatable."


def _pairs(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    if wrong := [text for text in given if "=" not in text]:
        raise click.BadParameter(f"{wrong[0]} has no =.")
    return dict((left.strip(), right.strip()) for left, _, right in (text.partition("=") for text in given))


@bp.cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--status", type=click.Choice(STATES[1:]), help="Status of everybody in a file without a status column.")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS", callback=_pairs, help=COLUMN_HELP)
@click.option("--state", "states", multiple=True, metavar="THEIRS=OURS", callback=_pairs, help=STATE_HELP)
@report_option
def import_list(
    file: str, status: str | None, columns: dict[str, str], states: dict[str, str], report: str | None
) -> None:
    """Import a CSV file: our own export, or any list whose columns you name.

    It sends no mail and never resubscribes anyone who left. Lines that cannot be read are reported on stderr,
    the rest are imported, and the exit code is 1. Running it again changes nothing.
    """
    if unknown := (columns.keys() - set(Person._fields)) | (set(states.values()) - set(STATES)):
        known = ", ".join((*Person._fields, *STATES))
        raise click.UsageError(f"Unknown: {', '.join(sorted(unknown))}. Ours are {known}.")
    name = "".join(letter if letter.isprintable() else "?" for letter in os.path.basename(file))
    day = clinic.today()
    _take_in(file, lambda lines: import_export.people(lines, name, day, status, columns, states), report)


@bp.cli.command("export")
@click.option(
    "--status",
    "chosen",
    type=click.Choice(STATES),
    multiple=True,
    help="Repeatable. Default: everybody.",
)
@click.option("--out", default="-", show_default=True, help="A new file, readable by its owner only; - for stdout.")
def export(chosen: tuple[str, ...], out: str) -> None:
    """Export the subscribers as CSV that is safe to open in a spreadsheet. It contains no tokens."""
    states = sorted(set(chosen or STATES), key=STATES.index)
    with _database(), new_file(out) as file, _bar(import_export.begin_export(states)) as forward:
        written = _write(file, import_export.everybody(states), forward)
    click.echo(f"{written} subscribers exported.", err=True)


@bp.cli.command("suppress")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@report_option
def suppress(file: str, report: str | None) -> None:
    """Never mail these addresses: one per line, or CSV with a column email, email address, address or recipient.

    FILE may be - for stdin. Unreadable lines are reported as in import.
    """
    _take_in(file, import_export.addresses, report)


@bp.cli.command("allow")
@click.argument("address")
def allow(address: str) -> None:
    """End the suppression of an address. It stays off the list until its owner subscribes again."""
    try:
        import_export.allow(address)
    except import_export.NotSuppressed as error:
        raise click.ClickException("This address is not suppressed. Nothing was changed.") from error
    click.echo("The address is no longer suppressed. It stays off the list until its owner subscribes again.")


def _take_in(file: str, read: Read, report: str | None) -> None:
    """The exit code is 1 if a line was refused."""
    with _database(), _lines(file) as lines:
        try:
            entries = read(lines)
        except csv_formats.WrongFile as error:
            raise click.ClickException(f"{'stdin' if file == '-' else file} {error}") from error
        with _refuser(report) as refuse:
            done = import_export.take_in(entries, refuse)
    click.echo(_summary(done))
    if done["refused"]:
        click.get_current_context().exit(1)


def _summary(done: Counter[str]) -> str:
    return f"{done['new']} new, {done['changed']} changed, {done['same']} unchanged, {done['refused']} refused"


def _write(file: IO[str], people: Iterable[Person], forward: Forward) -> int:
    """Returns the number of rows."""
    write, written = spreadsheets.writer(file, Person._fields), 0
    for person in people:
        write(csv_formats.cells_of(person))
        forward(1)
        written += 1
    return written


@contextmanager
def _database() -> Iterator[None]:
    try:
        yield
    except UNAVAILABLE as error:
        raise click.ClickException(f"Database error ({kind_of(error)}). It is safe to run this again.") from error


@contextmanager
def _refuser(report: str | None) -> Iterator[import_export.Refuse]:
    """Only the report contains addresses: terminal output gets copied and logged."""
    if report is None:
        yield lambda refused: click.echo(f"line {refused.line}: {refused.reason}", err=True)
        return
    with new_file(report) as file:
        yield csv_formats.report(file)


@contextmanager
def _lines(name: str) -> Iterator[Iterator[str]]:
    """The lines of a file or stdin, with a progress bar in bytes."""
    if name == "-":
        with closing(_decoded(sys.stdin.buffer)) as lines:
            yield lines
        return
    try:
        file = open(name, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise click.ClickException(f"{name} cannot be read: {error.strerror}.") from error
    with file, _bar(os.fstat(file.fileno()).st_size) as forward, closing(_decoded(file)) as lines:
        yield _counted(lines, file.tell, forward) if file.seekable() else lines


def _decoded(file: BinaryIO) -> Generator[str]:
    """Lines with their endings, as csv needs. Invalid UTF-8 becomes surrogates, so that its line is refused."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        while line := text.readline(LONGEST_LINE):
            whole = line
            while len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
                line, whole = text.readline(LONGEST_LINE), UNREADABLE
            yield whole
    finally:
        # Otherwise the wrapper would close the caller's file.
        text.detach()


def _counted(lines: Iterable[str], position: Callable[[], int], forward: Forward) -> Iterator[str]:
    at = 0
    for line in lines:
        yield line
        if (now := position()) > at:
            forward(now - at)
            at = now


@contextmanager
def _bar(length: int) -> Iterator[Forward]:
    seldom, hidden = max(1, length // 200), not (length and sys.stderr.isatty())
    with click.progressbar(length=length, file=sys.stderr, update_min_steps=seldom, hidden=hidden) as bar:
        yield bar.update
        bar.finish()
        bar.render_progress()
