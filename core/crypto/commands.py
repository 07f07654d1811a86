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
from blinker import Namespace
from flask import Flask, current_app
from flask.cli import AppGroup

from core.crypto import envelope, key_check, models
from core.crypto.envelope import SealingError

MAX_KEY_FILE = 1024
"""Bytes of a private key file; a key needs about a tenth."""
SHOW_EVERY = 500
"""Rows between two progress messages of a check."""
NAMED_AT_MOST = 20
"""How many rows that do not open are listed: with the wrong key, no row opens. Changed rows are all listed."""
AS_SEALED, UNRECORDED, CHANGED, CLOSED = "as sealed", "unrecorded", "changed", "closed"
rotation = Namespace().signal("rotation")
"""Sent by `flask keys rotate` before and after it rewraps, with `step` (started | finished) and plain facts."""
handing_over = Namespace().signal("handing_over")
"""Sent between the two, before rows are rewrapped, with `private_key`, the clinic's new one ("" if it was not given),
and `public_keys`. A receiver gives the new key to whoever carries the old one. It returns a line for the operator, or
"", and raises ClickException to stop."""
keys_group = AppGroup("keys", help="Keys that seal patient data.")
log = logging.getLogger("site")


def init_app(app: Flask) -> None:
    """Adds the commands. A private key that matches none of the public keys is only a warning: it is normal during a
    rotation and a mistake at any other time."""
    app.cli.add_command(keys_group)
    private, public = app.config["SEALING_PRIVATE_KEY"], app.config["SEALING_PUBLIC_KEYS"]
    if private and not key_check.fits(private, public):
        log.warning("SEALING_PRIVATE_KEY does not match any of SEALING_PUBLIC_KEYS (flask keys check)")


def with_private_key(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the option --private-key-file to a command and passes the key to it as `private_key`."""

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
    return _usable(key)


def _usable(key: str) -> str:
    try:
        envelope.public_key_of(key)
    except SealingError as error:
        raise click.ClickException(f"The private key cannot be used: it is {error}.") from None
    return key


def _key_in(file: IO[bytes]) -> str:
    """The key in a file. Surrounding whitespace and a byte order mark are ignored."""
    _warn_if_readable_by_others(file)
    try:
        text = file.read(MAX_KEY_FILE + 1).decode("utf-8-sig").strip()
    except (UnicodeDecodeError, OSError):
        raise click.ClickException("The private key file cannot be read as text (UTF-8).") from None
    if not text or len(text) > MAX_KEY_FILE:
        raise click.ClickException("The private key file must contain the private key and nothing else.")
    return text


def _warn_if_readable_by_others(file: IO[bytes]) -> None:
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):
        return  # In tests, standard input has no file descriptor.
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        click.echo(f"Other users of this machine can read {file.name}. Run chmod 600 on it.", err=True)


@keys_group.command("new")
def new() -> None:
    """Print a new key pair. Run it twice: once for the clinic, once for the offline recovery key."""
    pair = envelope.new_key_pair()
    click.echo(f"public  {pair.public}\nprivate {pair.private}\nkey id  {envelope.key_id(pair.public)}")


@keys_group.command("rotate")
@click.option("--batch", default=models.BATCH, type=click.IntRange(1), help="Rows per commit.")
@click.option(
    "--new-private-key-file",
    type=click.File("rb"),
    help="File with the clinic's NEW private key: people of the staff get it when they next sign in.",
)
@with_private_key
def rotate(batch: int, new_private_key_file: IO[bytes] | None, private_key: str) -> None:
    """Rewrap every data key for SEALING_PUBLIC_KEYS, using the OLD private key to open it.

    Patient data is not touched. You may stop it at any time and run it again.
    """
    public_keys = _public_keys()
    click.echo(f"Opening with key {_key_id(private_key)}. Sealing for {_key_ids()}.")
    rotation.send(step="started", opened_with=_key_id(private_key), sealed_for=_key_ids())
    new = _usable(_key_in(new_private_key_file)) if new_private_key_file else ""
    for _, line in handing_over.send(current_app, private_key=new, public_keys=public_keys):
        click.echo(line, nl=bool(line))
    for table in models.tables():
        _run_steps(table, "rewrapped", models.rotate(table, private_key, public_keys, batch))
    left = sum([_count(table, public_keys) for table in models.tables()])
    rotation.send(step="finished", sealed_for=_key_ids(), rows_left=left)
    if left:
        raise click.ClickException(f"{left} rows were not changed. Keep the old private key.")


@keys_group.command("record")
@click.option("--batch", default=models.BATCH, type=click.IntRange(1), help="Rows per commit.")
@with_private_key
def record(batch: int, private_key: str) -> None:
    """Reseal older rows together with their current clear-text columns.

    Needed once, after the update that introduced it. You may stop it at any time and run it again.
    """
    public_keys = _public_keys()
    tables = models.tables()
    if left := sum(_run_steps(t, "recorded", models.record(t, private_key, public_keys, batch)) for t in tables):
        raise click.ClickException(f"{left} rows were not changed.")


def _run_steps(table: type[models.Sealed], done: str, steps: Iterator[models.Step]) -> int:
    """Run the steps with a progress display. Lists the rows that could not be written and returns their number."""
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

    Also checks that no row was changed since it was sealed, and that each is sealed for exactly SEALING_PUBLIC_KEYS.
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
        click.echo(f"{name}: {counts[CLOSED]} rows do not open; the first {NAMED_AT_MOST} are listed.")
    if counts[UNRECORDED]:
        click.echo(
            f"{name}: {counts[UNRECORDED]} rows were sealed before columns were recorded: see `flask keys record`."
        )
    stale = _count(table, public_keys)
    return counts[AS_SEALED] == rows and not stale


def _opened(table: type[models.Sealed], private_key: str) -> Counter[str]:
    """The number of rows by state. Shows progress and lists, in red, the rows that are not in order."""
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
    """The state of a row and what is wrong with it ("" if nothing is)."""
    if isinstance(opened, SealingError):
        return CLOSED, f"does not open: {opened}"
    if opened.differs:
        return CHANGED, opened.warning
    return (UNRECORDED if opened.differs is None else AS_SEALED), ""


def _count(table: type[models.Sealed], public_keys: tuple[str, ...]) -> int:
    """Prints how many rows are sealed for exactly these keys; returns how many are not."""
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
