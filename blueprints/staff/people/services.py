"""What managers do with people, each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from blueprints.staff.keyring import emails, invitations, members
from blueprints.staff.keyring.members import Member
from core.audit import Actor
from core.extensions import db


class Link(NamedTuple):
    """An invitation, to be shown once."""

    member: Member
    url: str


def add(email: str, name: str, roles: Iterable[str], private_key: str, actor: Actor, *, notify: bool) -> Link:
    """Somebody new, with their invitation. Raises EmailTaken, Refused."""
    return _invite(members.enter(email, name, roles, actor), private_key, actor, notify, new_factor=False)


def invite(member_id: int, private_key: str, actor: Actor, *, notify: bool, new_factor: bool) -> Link:
    """A new invitation for somebody who is of the staff. Raises UnknownMember."""
    return _invite(members.find(member_id), private_key, actor, notify, new_factor)


def _invite(member: Member, private_key: str, actor: Actor, notify: bool, new_factor: bool) -> Link:
    token = invitations.make(member.id, private_key, actor, new_factor=new_factor)
    if notify:
        emails.invited(member.email, actor.name)
    db.session.commit()
    return Link(member, invitations.link(token))
