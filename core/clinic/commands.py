"""`flask clinic check`, for whoever fills in content/clinic.toml."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from core.clinic.facts import current
from core.clinic.waiting import missing

clinic_group = AppGroup("clinic", help="The clinic's facts in content/clinic.toml.")


@clinic_group.command("check")
@click.option("--strict", is_flag=True, help="Fail if a fact is missing, for example before a release.")
def check(strict: bool) -> None:
    """List the facts that are missing, and which pages wait for each."""
    waiting = missing(current_app._get_current_object())  # type: ignore[attr-defined]
    file = current().tables.file.name
    if not waiting:
        click.echo(f"{file} gives every fact that the pages show.")
        return
    click.echo(f"Not given in content/{file}, and left out of these pages:")
    width = max(len(one.name) for one in waiting)
    for one in waiting:
        click.echo(f"  {one.name:{width}}  {', '.join(one.pages)}")
    if strict:
        raise click.ClickException(f"{len(waiting)} facts are missing." if len(waiting) > 1 else "1 fact is missing.")
