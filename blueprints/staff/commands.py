"""`flask staff`: who may sign in at the desk. Its managers do the same on /staff/people."""

from __future__ import annotations

from collections.abc import Sequence

import click
from flask import current_app

from blueprints.staff import bp, roles
from blueprints.staff.keyring import invitations, members, rotation
from blueprints.staff.keyring.members import Member, Refused, UnknownMember
from blueprints.staff.keyring.rotation import NotTheKey
from core import clinic
from core.audit.trail import COMMAND_LINE
from core.crypto.commands import handing_over, with_private_key
from core.extensions import db

HOURS = int(invitations.WITHIN.total_seconds() // 3600)


@bp.cli.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As referrers and colleagues see it.")
@click.option("--role", "chosen", type=click.Choice(list(roles.PERMISSIONS)), multiple=True, required=True)
@with_private_key
def add(email: str, name: str, chosen: tuple[str, ...], private_key: str) -> None:
    """Add somebody and print a link by which they set their password. --role may be repeated.

    The private key is the clinic's. It is encrypted under the link, and then under their password.
    """
    key = _clinic_key(private_key)
    try:
        member = members.enter(email, name, chosen, COMMAND_LINE)
        token = invitations.make(member.id, key, COMMAND_LINE)
        db.session.commit()
    except Refused as error:
        raise click.ClickException(str(error)) from None
    _print_link(member, token)


@bp.cli.command("list")
def list_members() -> None:
    """List who may sign in, what they may do, and when they last signed in."""
    for member in members.all_members():
        if member.active:
            click.echo("\t".join((member.email, member.name, ", ".join(member.roles), _state(member))))


@bp.cli.command("rescue")
@click.argument("email")
@with_private_key
def rescue(email: str, private_key: str) -> None:
    """Print a link by which somebody sets a new password and a new second factor.

    For when no manager can sign in to invite them. The private key is the clinic's, or the offline recovery key: with
    that, the clinic's is taken from the database, where it is sealed.
    """
    member, key = _member(email), _clinic_key(private_key)
    _print_link(member, invitations.invite(member.id, key, COMMAND_LINE, new_factor=True))


@bp.cli.command("remove")
@click.argument("email")
@click.option("--to", "heir", metavar="EMAIL", help="Who takes over their open referrals. Default: nobody yet.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(email: str, heir: str | None, yes: bool) -> None:
    """Let somebody go: their password, second factors, sessions and copies of the key are deleted."""
    member, to = _member(email), _member(heir) if heir else None
    if not yes:
        click.confirm(f"Remove {member.name} ({member.email}) at once?", abort=True)
    try:
        handed_over = members.remove(member.id, to.id if to else None, COMMAND_LINE)
    except Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{member.name} is removed. Open referrals handed over: {handed_over}.")
    click.echo("They had the clinic's key: rotate it now (flask keys rotate, docs/operations.md).")


@handing_over.connect
def hand_over(_sender: object, private_key: str, public_keys: Sequence[str]) -> str:
    """Before `flask keys rotate` rewraps the referrals, people of the staff get the new key."""
    if not private_key:
        people = rotation.without_new_key(public_keys)
        return f"{people} people carry an earlier key: give --new-private-key-file too." if people else ""
    try:
        copies = rotation.hand_over(private_key, public_keys, COMMAND_LINE)
    except NotTheKey as error:
        raise click.ClickException(str(error)) from None
    return f"Handed the new key over to {copies} copies of the old one: people, sessions and invitations."


def _clinic_key(private_key: str) -> str:
    """Kept for the recovery key from now on. The caller commits."""
    public_keys = current_app.config["SEALING_PUBLIC_KEYS"]
    try:
        key = rotation.clinic_key(private_key, public_keys)
        rotation.keep(key, public_keys)
    except NotTheKey as error:
        raise click.ClickException(str(error)) from None
    return key


def _member(email: str) -> Member:
    try:
        return members.by_email(email)
    except UnknownMember:
        raise click.ClickException("Nobody of the staff has this address (flask staff list).") from None


def _print_link(member: Member, token: str) -> None:
    click.echo(f"Give this link to {member.name} ({member.email}), and to nobody else:")
    click.echo(invitations.link(token))
    click.echo(f"It works once, within {HOURS} hours, and is not shown again.")


def _state(member: Member) -> str:
    if not member.has_password:
        return "invited, has no password yet"
    factor = "second factor" if member.second_factor else "no second factor"
    if member.signed_in_at is None:
        return f"never signed in, {factor}"
    return f"last signed in {clinic.current().local(member.signed_in_at):%Y-%m-%d}, {factor}"
