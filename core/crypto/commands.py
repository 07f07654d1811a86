"""`flask keys`: create, rotate and check the keys that seal patient data. A private key is never passed in argv."""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from typing import IO

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from core.crypto import envelope, key_check, models
from core.crypto.envelope import SealingError

FILE_AT_MOST = 1024
"""Bytes of a private key file: ten times what is needed."""
SHOW_EVERY = 500
"""Rows, for the count that shows how far a check is."""
NAMED_AT_MOST = 20
"""Rows that do not open: with another key, none does. Rows that were changed are named whatever their number."""
AS_SEALED, UNRECORDED, CHANGED, CLOSED = "as sealed", "unrecorded", "changed", "closed"
keys_group = AppGroup("keys", help="Keys that seal patient data.")


log = logging.getLogger("site")


def init_app(app: Flask) -> None:
    """A private key that fits nothing is right while keys are rotated, and wrong at any other time."""
    app.cli.add_command(keys_group)
    private, public = app.config["SEALING_PRIVATE_KEY"], app.config["SEALING_PUBLIC_KEYS"]
    if private and not key_check.fits(private, public):
        log.warning("SEALING_PRIVATE_KEY opens nothing that is sealed for SEALING_PUBLIC_KEYS (flask keys check)")


def with_private_key(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the option --private-key-file, and the key as `private_key`."""

    @click.option(
        "--private-key-file",
        type=click.File("rb"),
        help="File with the private key, - for stdin, or SEALING_PRIVATE_KEY.",
    )
    @wraps(command)
    def opened(*args: object, private_key_file: IO[bytes] | None, **options: object) -> None:
        command(*args, private_key=_private_key(private_key_file), **options)

    return opened


def _private_key(file: IO[bytes] | None) -> str:
    key: str = _key_in(file) if file else current_app.config["SEALING_PRIVATE_KEY"]
    if not key:
        raise click.ClickException(
            "A private key is needed: give --private-key-file, or set SEALING_PRIVATE_KEY "
            "(with SITE_PARTS=staff in production)."
        )
    try:
        envelope.public_key_of(key)
    except SealingError as error:
        raise click.ClickException(f"The private key cannot be used: it is {error}.") from None
    return key


def _key_in(file: IO[bytes]) -> str:
    """The text of a file that holds one key: spaces, line ends and a byte order mark around it do not matter."""
    _warn_of_readers(file)
    try:
        text = file.read(FILE_AT_MOST + 1).decode("utf-8-sig").strip()
    except (UnicodeDecodeError, OSError):
        raise click.ClickException("The private key file cannot be read as text (UTF-8).") from None
    if not text or len(text) > FILE_AT_MOST:
        raise click.ClickException("The private key file must hold the private key and nothing else; it does not.")
    return text


def _warn_of_readers(file: IO[bytes]) -> None:
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):
        return  # Standard input of a test has none.
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        click.echo(f"Others on this machine may open {file.name}: chmod 600 it.", err=True)


@keys_group.command("new")
def new() -> None:
    """Print a new key pair. Run it twice: once for the clinic, once for the offline recovery key."""
    pair = envelope.new_key_pair()
    click.echo(f"public  {pair.public}\nprivate {pair.private}\nkey id  {envelope.key_id(pair.public)}")


@keys_group.command("rotate")
@click.option("--batch", default=models.BATCH, type=click.IntRange(1), help="Rows for each commit.")
@with_private_key
def rotate(batch: int, private_key: str) -> None:
    """Rewrap every data key for SEALING_PUBLIC_KEYS, using the OLD private key to open it.

    Patient data is not touched. May be stopped at any time and run again.
    """
    public_keys = _public_keys()
    click.echo(f"Opening with key {_key_id(private_key)}. Sealing for {_key_ids()}.")
    for table in models.tables():
        _go_through(table, "rewrapped", models.rotate(table, private_key, public_keys, batch))
    if left := sum([_count(table, public_keys) for table in models.tables()]):
        raise click.ClickException(f"{left} rows are as they were. Keep the old private key.")


@keys_group.command("record")
@click.option("--batch", default=models.BATCH, type=click.IntRange(1), help="Rows for each commit.")
@with_private_key
def record(batch: int, private_key: str) -> None:
    """Reseal older rows together with their current clear-text columns.

    Once, after the update that brought it. May be stopped at any time and run again.
    """
    public_keys = _public_keys()
    tables = models.tables()
    if left := sum(_go_through(t, "recorded", models.record(t, private_key, public_keys, batch)) for t in tables):
        raise click.ClickException(f"{left} rows are as they were.")


def _go_through(table: type[models.Sealed], done: str, steps: Iterator[models.Step]) -> int:
    """Shows how far it is, and names the rows that could not be written; returns how many they are."""
    name, written, failed = table.__tablename__, 0, dict[str, str]()
    for step in steps:
        written += step.written
        failed.update(step.failed)
        click.echo(f"\r{name}: up to row {step.upto}, {written} {done}", nl=False, err=True)
    click.echo(err=True)
    click.echo(f"{name}: {written} {done}.")
    for row, reason in failed.items():
        click.echo(f"{row}: {reason}.", err=True)
    return len(failed)


@keys_group.command("check")
@with_private_key
def check(private_key: str) -> None:
    """Prove that a private key, the clinic's or the recovery key, opens every row of each table.

    And that every row is as it was sealed, and sealed for exactly the keys of SEALING_PUBLIC_KEYS.
    """
    public_keys, key = _public_keys(), _key_id(private_key)
    known = key_check.fits(private_key, public_keys)
    click.echo(f"Key {key} is {'one' if known else 'NOT one'} of SEALING_PUBLIC_KEYS: {_key_ids()}.")
    results = [_check(table, private_key, public_keys) for table in models.tables()]
    if not known or not all(results):
        raise click.ClickException("The check failed. Keep every private key.")


def _check(table: type[models.Sealed], private_key: str, public_keys: tuple[str, ...]) -> bool:
    name, counts = table.__tablename__, _opened(table, private_key)
    rows = counts.total()
    if rows:
        click.echo(f"{name}: {counts[AS_SEALED]} of {rows} rows open and are as they were sealed.")
    else:
        click.echo(f"{name}: empty. There was nothing to open.")
    if counts[CLOSED] > NAMED_AT_MOST:
        click.echo(f"{name}: {counts[CLOSED]} rows do not open; the first {NAMED_AT_MOST} are named.")
    if counts[UNRECORDED]:
        click.echo(f"{name}: {counts[UNRECORDED]} rows are from before that was recorded: see `flask keys record`.")
    stale = _count(table, public_keys)
    return counts[AS_SEALED] == rows and not stale


def _opened(table: type[models.Sealed], private_key: str) -> Counter[str]:
    """How many rows are in which state. Shows how far it is; names, in red, those that are not as they should be."""
    counts = Counter[str]()
    for number, (row, opened) in enumerate(models.open_all(table, private_key), 1):
        state, fault = _state(opened)
        counts[state] += 1
        if fault and (state != CLOSED or counts[CLOSED] <= NAMED_AT_MOST):
            click.secho(f"{row}: {fault}.", fg="red", err=True)
        if number % SHOW_EVERY == 0:
            click.echo(f"{table.__tablename__}: {number} rows so far", err=True)
    return counts


def _state(opened: models.Opened | SealingError) -> tuple[str, str]:
    """And what is wrong with it."""
    if isinstance(opened, SealingError):
        return CLOSED, f"does not open: {opened}"
    if opened.differs:
        return CHANGED, opened.warning
    return (UNRECORDED if opened.differs is None else AS_SEALED), ""


def _count(table: type[models.Sealed], public_keys: tuple[str, ...]) -> int:
    """Says how many rows are sealed for exactly these keys, and returns how many are not."""
    rows, stale = models.count(table, public_keys)
    click.echo(f"{table.__tablename__}: {rows - stale} of {rows} rows are sealed for exactly these keys.")
    return stale


def _public_keys() -> tuple[str, ...]:
    keys: tuple[str, ...] = current_app.config["SEALING_PUBLIC_KEYS"]
    if problems := list(key_check.problems(keys)) if keys else ["SEALING_PUBLIC_KEYS is not set."]:
        raise click.ClickException(" ".join(problems))
    return keys


def _key_id(private_key: str) -> str:
    return envelope.key_id(envelope.public_key_of(private_key))


def _key_ids() -> str:
    return " and ".join(envelope.key_id(key) for key in _public_keys())
