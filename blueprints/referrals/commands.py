"""`flask referrals`: list the referrals, open them with the private key, delete expired drafts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import IO, Any
from zoneinfo import ZoneInfo

import click
from flask import current_app

from blueprints.referrals import bp, drafts, facts, services
from blueprints.referrals.desk import reminders
from blueprints.referrals.fhir.bundle import bundle
from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.services import Summary
from core import audit
from core.audit.trail import COMMAND_LINE
from core.clinic import Clinic
from core.crypto.commands import with_private_key
from core.crypto.envelope import SealingError
from core.crypto.models import Opened
from core.extensions import db
from core.files import new_file

NOT_RECORDED = "sealed before the row was recorded, so changes to it cannot be detected (see `flask keys record`)"
Exported = tuple[Summary, Opened | SealingError]
TOLD_AT_ONCE = 100
FORMATS = click.Choice(["json", "fhir"])


@bp.cli.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="How many at most.")
def list_all(form: str, limit: int | None) -> None:
    """List the referrals, urgent ones first, without anything about the patient."""
    if form == "table":
        click.echo(f"{'REFERENCE':<12}  {'RECEIVED':<20}  {'PRIORITY':<8}  {'STATUS':<9}  {'EMAIL':<15}  MARKS")
    for row in services.summaries(limit):
        click.echo(_table_line(row) if form == "table" else json.dumps(_in_the_clear(row)))


@bp.cli.command("show")
@click.argument("reference")
@click.option("--format", "form", type=FORMATS, default="json", show_default=True)
@with_private_key
def show(reference: str, form: str, private_key: str) -> None:
    """Open one referral and print it as JSON or as a FHIR R4 Bundle.

    If the row has changed since it was sealed, a warning goes to stderr and the exit code is 1.
    """
    try:
        row = services.summary(reference)
        said = services.open_referral(row.reference, private_key)
    except services.UnknownReferral as error:
        raise click.ClickException(f"There is no referral {reference}.") from error
    except SealingError as error:
        raise click.ClickException(f"The referral cannot be opened: {error}.") from error
    audit.record(COMMAND_LINE, "referral.opened", row.reference, format=form)
    click.echo(json.dumps(_as(form, row, said), indent=2, ensure_ascii=False))
    if said.differs is None:
        click.echo(f"{row.reference}: {NOT_RECORDED}.", err=True)
    if _warn(row, said):
        raise click.ClickException("Ask the referrer before you act on it.")


@bp.cli.command("export")
@click.option("--format", "form", type=FORMATS, default="json", show_default=True)
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Received on or after this day, in the center's time zone."
)
@click.option("--out", default="-", show_default=True, help="A new file, readable by its owner only; - for stdout.")
@with_private_key
def export(form: str, since: datetime | None, out: str, private_key: str) -> None:
    """Write all referrals in order of arrival, one a line (NDJSON), as JSON or as FHIR R4 transaction Bundles.

    A referral that cannot be opened, or has changed since it was sealed, is named on stderr; the others are written,
    and the exit code is 1.
    """
    start = since and since.replace(tzinfo=ZoneInfo(_clinic().timezone))
    counts: Counter[str] = Counter()
    with new_file(out) as file:
        for some in _told(services.opened(private_key, start), form):
            counts.update(_export(file, form, row, said) for row, said in some)
    click.echo(f"{counts.total() - counts['failed']} referrals exported.", err=True)
    if counts["unrecorded"]:
        click.echo(f"{counts['unrecorded']} of them: {NOT_RECORDED}.", err=True)
    if counts["failed"]:
        click.echo(f"{counts['failed']} referrals could not be opened and are missing.", err=True)
    if counts["changed"]:
        click.echo(f"{counts['changed']} of them have changed since they were sealed.", err=True)
    if counts["failed"] or counts["changed"]:
        raise click.ClickException("Some referrals are missing or have changed; see above.")


def _told(rows: Iterable[Exported], form: str) -> Iterator[list[Exported]]:
    """The rows, some at a time, each with its line in the audit trail before any of them is written."""
    left = iter(rows)
    while some := list(islice(left, TOLD_AT_ONCE)):
        for row, _ in some:
            audit.add(COMMAND_LINE, "referral.exported", row.reference, format=form)
        db.session.commit()
        yield some


def _export(file: IO[str], form: str, row: Summary, said: Opened | SealingError) -> str:
    """failed | changed | unrecorded | as sealed."""
    if isinstance(said, SealingError):
        click.echo(f"{row.reference} cannot be opened: {said}.", err=True)
        return "failed"
    file.write(json.dumps(_as(form, row, said), ensure_ascii=False, separators=(",", ":")) + "\n")
    if _warn(row, said):
        return "changed"
    return "as sealed" if said.differs is not None else "unrecorded"


@bp.cli.command("remind")
def remind() -> None:
    """Mail the clinic and the owner about each referral whose clock has run out, once. Run it every few minutes."""
    email = facts.current().email
    if not email:
        click.echo("content/clinic.toml gives no [referrals] email: only owners are told.", err=True)
    click.echo(f"reminded of {reminders.remind(email)} referrals")


@bp.cli.command("purge-drafts")
def purge_drafts() -> None:
    """Delete expired drafts, which nobody can open anymore."""
    click.echo(f"{drafts.purge()} expired drafts deleted")


def _as(form: str, row: Summary, said: Opened) -> dict[str, Any]:
    """`differs` is null if the referral was sealed before the row was recorded with it."""
    if form == "fhir":
        return bundle(said.data, row.reference, row.received_at, said.warning, State(row.status), row.outcome)
    return {**_in_the_clear(row), **said.data, "differs": said.differs}


def _warn(row: Summary, said: Opened) -> bool:
    if said.warning:
        click.secho(f"{row.reference}: {said.warning}.", fg="red", err=True)
    return bool(said.warning)


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
