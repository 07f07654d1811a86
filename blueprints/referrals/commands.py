"""`flask referrals list` and `flask referrals show KTC-…`, for whoever holds the private key."""

from __future__ import annotations

import json

import click
from flask import current_app

from blueprints.referrals import bp, services
from core.sealing import SealingError


@bp.cli.command("list")
def list_all() -> None:
    """List the referrals, urgent ones first, with nothing of the patient."""
    for row in services.all_referrals():
        click.echo(f"{row.reference}  {row.received_at:%Y-%m-%d %H:%M} UTC  {row.priority:<8} {row.status}")


@bp.cli.command("show")
@click.argument("reference")
def show(reference: str) -> None:
    """Open one referral with SEALING_PRIVATE_KEY and print it as JSON."""
    private_key = current_app.config["SEALING_PRIVATE_KEY"]
    if not private_key:
        raise click.ClickException("Set SEALING_PRIVATE_KEY (with SITE_PARTS=staff in production) to open referrals.")
    try:
        click.echo(json.dumps(services.open_referral(reference, private_key), indent=2, ensure_ascii=False))
    except services.UnknownReferral as error:
        raise click.ClickException(f"There is no referral {reference}.") from error
    except SealingError as error:
        raise click.ClickException(f"The referral cannot be opened: {error}.") from error
