"""`flask referrals`: list what arrived, and open it, for whoever holds the private key; delete expired drafts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app

from blueprints.referrals import bp, drafts, fhir, services
from blueprints.referrals.services import Summary
from core.clinic import Clinic
from core.files import new_file
from core.keys import with_private_key
from core.sealing import SealingError

FORMATS = click.Choice(["json", "fhir"])


@bp.cli.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="How many at most.")
def list_all(form: str, limit: int | None) -> None:
    """List the referrals, urgent ones first, with nothing of the patient."""
    if form == "table":
        click.echo(f"{'REFERENCE':<12}  {'RECEIVED':<20}  {'PRIORITY':<8}  {'STATUS':<9}  {'EMAIL':<15}  MARKS")
    for row in services.summaries(limit):
        click.echo(_table_line(row) if form == "table" else json.dumps(_in_the_clear(row)))


@bp.cli.command("show")
@click.argument("reference")
@click.option("--format", "form", type=FORMATS, default="json", show_default=True)
@with_private_key
def show(reference: str, form: str, private_key: str) -> None:
    """Open one referral and print it as JSON or as a FHIR R4 Bundle."""
    try:
        row = services.summary(reference)
        details = services.open_referral(row.reference, private_key)
    except services.UnknownReferral as error:
        raise click.ClickException(f"There is no referral {reference}.") from error
    except SealingError as error:
        raise click.ClickException(f"The referral cannot be opened: {error}.") from error
    click.echo(json.dumps(_as(form, row, details), indent=2, ensure_ascii=False))


@bp.cli.command("export")
@click.option("--format", "form", type=FORMATS, default="json", show_default=True)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Received on this day of the center or later.")
@click.option("--out", default="-", show_default=True, help="A new file, readable by its owner only; - for stdout.")
@with_private_key
def export(form: str, since: datetime | None, out: str, private_key: str) -> None:
    """Open the referrals, in order of arrival, one a line (NDJSON): JSON, or a FHIR R4 transaction Bundle.

    One that cannot be opened is named on stderr, the others are written, and the exit code is 1.
    """
    start = since and since.replace(tzinfo=ZoneInfo(_clinic().timezone))
    written = failed = 0
    with new_file(out) as file:
        for row, said in services.opened(private_key, start):
            if isinstance(said, SealingError):
                failed += 1
                click.echo(f"{row.reference} cannot be opened: {said}.", err=True)
            else:
                written += 1
                file.write(json.dumps(_as(form, row, said), ensure_ascii=False, separators=(",", ":")) + "\n")
    click.echo(f"{written} referrals exported.", err=True)
    if failed:
        raise click.ClickException(f"{failed} referrals could not be opened and are missing.")


@bp.cli.command("purge-drafts")
def purge_drafts() -> None:
    """Delete the drafts that have expired. Nobody could open them any more."""
    click.echo(f"{drafts.purge()} expired drafts deleted")


def _as(form: str, row: Summary, details: Mapping[str, Any]) -> dict[str, Any]:
    if form == "fhir":
        return fhir.bundle(details, row.reference, row.received_at)
    return {**_in_the_clear(row), **details}


def _in_the_clear(row: Summary) -> dict[str, Any]:
    received = row.received_at.isoformat(timespec="seconds")
    return {**row._asdict(), "received_at": received, "marks": asdict(row.marks)}


def _table_line(row: Summary) -> str:
    received, marks = _clinic().local(row.received_at), "; ".join(row.signs)
    clear = f"{row.reference:<12}  {received:%Y-%m-%d %H:%M %Z}  {row.priority:<8}  {row.status:<9}"
    return f"{clear}  {row.email:<15}  {marks}".rstrip()


def _clinic() -> Clinic:
    clinic: Clinic = current_app.config["CLINIC"]
    return clinic
