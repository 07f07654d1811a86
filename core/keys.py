"""`flask keys`: making, rotating and checking the keys that seal patient data. A private key never stands in argv."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import IO

import click
from flask import current_app
from flask.cli import AppGroup

from core import sealed, sealing
from core.sealing import SealingError

keys_group = AppGroup("keys", help="Keys that seal patient data.")


def with_private_key(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the option --private-key-file, and the key as `private_key`."""

    @click.option(
        "--private-key-file", type=click.File(), help="File with the private key, - for stdin, or SEALING_PRIVATE_KEY."
    )
    @wraps(command)
    def opened(*args: object, private_key_file: IO[str] | None, **options: object) -> None:
        command(*args, private_key=_private_key(private_key_file), **options)

    return opened


def _private_key(file: IO[str] | None) -> str:
    key: str = file.read().strip() if file else current_app.config["SEALING_PRIVATE_KEY"]
    if not key:
        raise click.ClickException(
            "A private key is needed: give --private-key-file, or set SEALING_PRIVATE_KEY "
            "(with SITE_PARTS=staff in production)."
        )
    try:
        sealing.public_key_of(key)
    except SealingError as error:
        raise click.ClickException(f"The private key cannot be used: it is {error}.") from error
    return key


@keys_group.command("new")
def new() -> None:
    """Print a new key pair. Run it twice: once for the clinic, once for the offline recovery key."""
    pair = sealing.new_key_pair()
    click.echo(f"public  {pair.public}\nprivate {pair.private}\nkey id  {sealing.key_id(pair.public)}")


@keys_group.command("rotate")
@click.option("--batch", default=sealed.BATCH, type=click.IntRange(1), help="Rows for each commit.")
@with_private_key
def rotate(batch: int, private_key: str) -> None:
    """Wrap every data key anew for SEALING_PUBLIC_KEYS, opened with the OLD private key.

    Patient data is not touched. May be stopped at any time and run again.
    """
    public_keys = _public_keys()
    click.echo(f"Opening with key {_key_id(private_key)}. Sealing for {_key_ids()}.")
    failed: dict[str, str] = {}
    for table in sealed.tables():
        name, rewrapped = table.__tablename__, 0
        for step in sealed.rotate(table, private_key, public_keys, batch):
            rewrapped += step.rewrapped
            failed.update(step.failed)
            click.echo(f"\r{name}: up to row {step.upto}, {rewrapped} rewrapped", nl=False, err=True)
        click.echo(err=True)
        click.echo(f"{name}: {rewrapped} rewrapped.")
    for row, reason in failed.items():
        click.echo(f"{row}: {reason}.", err=True)
    if left := sum([_count(table, public_keys) for table in sealed.tables()]):
        raise click.ClickException(f"{left} rows are as they were. Keep the old private key.")


@keys_group.command("check")
@with_private_key
def check(private_key: str) -> None:
    """Prove that a private key, the clinic's or the recovery key, opens the first and the last row of each table.

    And that every row is sealed for exactly the keys of SEALING_PUBLIC_KEYS.
    """
    public_keys, key = _public_keys(), _key_id(private_key)
    known = key in [sealing.key_id(public) for public in public_keys]
    click.echo(f"Key {key} is {'one' if known else 'NOT one'} of SEALING_PUBLIC_KEYS: {_key_ids()}.")
    results = [_check(table, private_key, public_keys) for table in sealed.tables()]
    if not known or not all(results):
        raise click.ClickException("The check failed. Keep every private key.")


def _check(table: type[sealed.Sealed], private_key: str, public_keys: tuple[str, ...]) -> bool:
    name = table.__tablename__
    try:
        opened = list(sealed.open_ends(table, private_key))
    except SealingError as error:
        click.echo(f"{name}: does not open. {error}.", err=True)
        opened = None
    else:
        click.echo(f"{name}: {f'the first row, {opened[0]}, and the last, {opened[-1]}, open' if opened else 'empty'}.")
    return not _count(table, public_keys) and opened is not None


def _count(table: type[sealed.Sealed], public_keys: tuple[str, ...]) -> int:
    """Says how many rows are sealed for exactly these keys, and returns how many are not."""
    rows, stale = sealed.count(table, public_keys)
    click.echo(f"{table.__tablename__}: {rows - stale} of {rows} rows are sealed for exactly these keys.")
    return stale


def _public_keys() -> tuple[str, ...]:
    keys: tuple[str, ...] = current_app.config["SEALING_PUBLIC_KEYS"]
    if not keys:
        raise click.ClickException("SEALING_PUBLIC_KEYS is not set.")
    for place, key in enumerate(keys, 1):
        try:
            sealing.check_public_key(key)
        except SealingError as error:
            raise click.ClickException(f"Key {place} of SEALING_PUBLIC_KEYS cannot be used: it is {error}.") from error
    return keys


def _key_id(private_key: str) -> str:
    return sealing.key_id(sealing.public_key_of(private_key))


def _key_ids() -> str:
    return " and ".join(sealing.key_id(key) for key in _public_keys())
