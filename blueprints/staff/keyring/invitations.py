"""Links by which somebody sets a password and gets the clinic's key: the first time, or after they forgot it.

The key lies in the invitation's row, encrypted under a token of 256 random bits that only the link holds. The link is
shown once, to whoever makes it; a mail tells the person that there is one, and does not contain it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select

from blueprints.staff.keyring import boxes, members, passwords, wraps
from blueprints.staff.models import Invitation, StaffMember
from core import clock
from core.audit import Actor, trail
from core.crypto import envelope
from core.extensions import db
from core.web import urls

WITHIN = timedelta(hours=72)


class UnknownInvitation(LookupError):
    """The link was used, is older than 72 hours, was replaced by a newer one, or never was one."""


@dataclass(frozen=True)
class Invited:
    member_id: int
    name: str
    email: str
    again: bool
    """Whether they had a password before."""
    expires_at: datetime


def invite(member_id: int, private_key: str | None, actor: Actor, *, new_factor: bool = False) -> str:
    """Make a link for this person; earlier ones end. Commits. Returns its token. Raises UnknownMember.

    `new_factor`: whether they set up their second factor anew, because they lost it.
    """
    token = make(member_id, private_key, actor, new_factor=new_factor)
    db.session.commit()
    return token


def make(member_id: int, private_key: str | None, actor: Actor, *, new_factor: bool = False) -> str:
    """As invite does, in the caller's transaction."""
    members.find(member_id)
    token, now = secrets.token_urlsafe(32), clock.now()
    db.session.execute(delete(Invitation).where((Invitation.member_id == member_id) | (Invitation.expires_at <= now)))
    row = Invitation(member_id=member_id, token_hash=_hash(token), invited_by=actor.id, new_factor=new_factor)
    row.created_at, row.expires_at = now, now + WITHIN
    for name, value in boxes.fill(_sealing_key(token), private_key, _context(token, member_id)).items():
        setattr(row, name, value)
    db.session.add(row)
    trail.add(actor, "staff.invited", f"staff:{member_id}", with_key=private_key is not None, new_factor=new_factor)
    return token


def link(token: str) -> str:
    """The token comes after the #, which browsers keep to themselves: it is in no log of a server or proxy."""
    return urls.link(f"/staff/invitation#{token}")


def look(token: str) -> Invited:
    """What the link is good for. Changes nothing, because mail scanners follow links. Raises UnknownInvitation."""
    row, member = _find(token)
    return Invited(member.id, member.name, member.email, member.password is not None, row.expires_at)


def accept(token: str, name: str, password: str, place: str = "") -> int:
    """Set the person's name and password and give them the key. Works once, also when two try at the same time.
    Commits. Returns the person's id. Raises UnknownInvitation."""
    row, member = _find(token)
    private_key = boxes.open_box(row, _sealing_key(token), _context(token, member.id))
    new_factor = row.new_factor
    used = db.session.execute(delete(Invitation).where(Invitation.id == row.id, Invitation.token_hash == _hash(token)))
    if cast(CursorResult[Any], used).rowcount != 1:
        db.session.rollback()
        raise UnknownInvitation
    member.name, member.password = name.strip(), passwords.hashed(password)
    members.end_sessions(member)
    if new_factor:
        members.forget_second_factor(member)
    _wrap(member, password, private_key)
    actor = Actor(member.name, member.id, member.email, place)
    trail.add(actor, "staff.invitation_accepted", f"staff:{member.id}", new_factor=new_factor)
    db.session.commit()
    return member.id


def _wrap(member: StaffMember, password: str, private_key: str | None) -> None:
    if private_key is None:
        wraps.forget_password_wrap(member.id)
    else:
        wraps.add_password_wrap(member.id, password, private_key)


def _find(token: str) -> tuple[Invitation, StaffMember]:
    usable = select(Invitation, StaffMember).join(StaffMember, StaffMember.id == Invitation.member_id)
    valid = (Invitation.token_hash == _hash(token), Invitation.expires_at > clock.now(), StaffMember.active.is_(True))
    found = db.session.execute(usable.where(*valid).execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise UnknownInvitation
    return found[0], found[1]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _sealing_key(token: str) -> bytes:
    return envelope.derive(token, "clinic/staff/invitation/v1/key")


def _context(token: str, member_id: int) -> str:
    return f"clinic/staff/invitation/v1/{member_id}/{_hash(token)}"
