"""The people of the staff: adding them, changing what they may do, and letting them go."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from blueprints.referrals.desk import services as desk
from blueprints.staff import roles as staff_roles
from blueprints.staff.keyring import sessions, wraps
from blueprints.staff.models import Invitation, Passkey, StaffMember
from core import clock
from core.audit import Actor, trail
from core.extensions import db
from core.forms.validators import is_email, normalized_email


@dataclass(frozen=True)
class Member:
    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    active: bool
    """False: they left. Their name stays, for what they did."""
    signed_in_at: datetime | None = None
    second_factor: bool = False
    has_password: bool = False
    """False: they were invited, and have not come yet."""


class Refused(Exception):
    """What was asked for is against the rules. The text says why, for people."""


class EmailTaken(Refused):
    """Somebody of the staff has this address."""


class UnknownMember(LookupError):
    """Nobody has this id or address, or they left."""


def add(email: str, name: str, roles: Iterable[str], actor: Actor) -> Member:
    """Somebody new, who has no password and no key yet: invite them. Commits. Raises EmailTaken, Refused.

    Whoever left and comes back gets their name in the history back, and nothing else."""
    member = enter(email, name, roles, actor)
    db.session.commit()
    return member


def enter(email: str, name: str, roles: Iterable[str], actor: Actor) -> Member:
    """As add does, in the caller's transaction."""
    granted = _known(roles)
    if not is_email(email.strip()):
        raise Refused("That is no email address.")
    row = db.session.scalar(select(StaffMember).where(StaffMember.email == _address(email)).with_for_update())
    if row is not None and row.active:
        raise EmailTaken(f"{row.email} is of the staff already.")
    if row is None:
        row = StaffMember(email=_address(email), created_at=clock.now(), fs_uniquifier=uuid.uuid4().hex)
        db.session.add(row)
    row.name, row.role_names, row.active = name.strip(), granted, True
    _write(row)
    trail.add(actor, "staff.added", f"staff:{row.id}", email=row.email, roles=granted)
    return _member(row)


def _write(row: StaffMember) -> None:
    email = row.email
    try:
        db.session.flush()
    except IntegrityError:
        # Another manager added the same address at the same time.
        db.session.rollback()
        raise EmailTaken(f"{email} is of the staff already.") from None


def change_roles(member_id: int, roles: Iterable[str], actor: Actor) -> None:
    """Commits. Ends the person's sessions. Raises UnknownMember, Refused: a site needs a manager."""
    granted, row = _known(roles), _locked(member_id)
    before = list(row.role_names)
    if granted == before:
        db.session.rollback()
        return
    if staff_roles.MANAGER not in granted:
        _refuse_last_manager(row)
    row.role_names = granted
    end_sessions(row)
    trail.add(actor, "staff.roles_changed", f"staff:{row.id}", before=before, after=granted)
    db.session.commit()


def remove(member_id: int, heir_id: int | None, actor: Actor) -> int:
    """Let somebody go: in one transaction their copies of the key, sessions, passkeys and invitations are deleted, and
    their open referrals handed over to the heir, or to nobody yet. Returns how many those are.

    They keep what they know: rotate the clinic's key now. Raises UnknownMember, Refused: nobody removes themselves, and
    a site needs a manager.
    """
    row = _locked(member_id)
    if actor.id == member_id:
        db.session.rollback()
        raise Refused("Nobody removes themselves. Ask another manager.")
    _refuse_last_manager(row)
    heir = _active(db.session.get(StaffMember, heir_id)) if heir_id is not None else None
    to = Actor(heir.name, heir.id, heir.email) if heir else None
    _forget(row)
    trail.add(actor, "staff.removed", f"staff:{row.id}", email=row.email, to=f"staff:{heir.id}" if heir else "")
    # Last, because it commits: all of it or none.
    return desk.hand_over_all(member_id, to, actor)


def all_members() -> list[Member]:
    """By name; whoever left comes last."""
    rows = db.session.scalars(select(StaffMember).order_by(StaffMember.active.desc(), StaffMember.name, StaffMember.id))
    return [_member(row) for row in rows]


def find(member_id: int) -> Member:
    """Raises UnknownMember."""
    return _member(_active(db.session.get(StaffMember, member_id)))


def by_email(email: str) -> Member:
    """Raises UnknownMember."""
    return _member(_active(db.session.scalar(select(StaffMember).where(StaffMember.email == _address(email)))))


def end_sessions(row: StaffMember) -> None:
    """Everywhere, in the caller's transaction: also those of Flask-Security, which know a person by `fs_uniquifier`."""
    row.fs_uniquifier = uuid.uuid4().hex
    sessions.forget_all(row.id)


def _forget(row: StaffMember) -> None:
    end_sessions(row)
    forget_second_factor(row)
    wraps.forget_all(row.id)
    db.session.execute(delete(Invitation).where(Invitation.member_id == row.id))
    row.active, row.password, row.fs_webauthn_user_handle, row.role_names = False, None, None, []


def forget_second_factor(row: StaffMember) -> None:
    """It is set up anew at the next sign-in. In the caller's transaction."""
    wraps.forget_passkey_wraps(row.id)
    db.session.execute(delete(Passkey).where(Passkey.user_id == row.id))
    db.session.expire(row, ["webauthn"])
    row.tf_totp_secret = row.tf_primary_method = row.tf_last_counter = row.mf_recovery_codes = None


def _locked(member_id: int) -> StaffMember:
    """Everybody is locked: two managers who act at once must not leave the site without one."""
    rows = db.session.scalars(
        select(StaffMember).order_by(StaffMember.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    return _active(next((row for row in rows if row.id == member_id), None))


def _refuse_last_manager(row: StaffMember) -> None:
    managers = db.session.scalars(select(StaffMember).where(StaffMember.active.is_(True))).all()
    if not any(staff_roles.MANAGER in other.role_names for other in managers if other.id != row.id):
        db.session.rollback()
        raise Refused("The site needs a manager, and there is no other. Make somebody else one first.")


def _active(row: StaffMember | None) -> StaffMember:
    if row is None or not row.active:
        raise UnknownMember
    return row


def _known(roles: Iterable[str]) -> list[str]:
    """In the order of the table. Raises Refused."""
    wanted = set(roles)
    if not wanted or not wanted <= staff_roles.PERMISSIONS.keys():
        raise Refused(f"A role is one of {', '.join(staff_roles.PERMISSIONS)}, and everybody has at least one.")
    return [role for role in staff_roles.PERMISSIONS if role in wanted]


def _address(email: str) -> str:
    return normalized_email(email.strip()) or email.strip().casefold()


def _member(row: StaffMember) -> Member:
    return Member(
        row.id,
        row.name,
        row.email,
        tuple(row.role_names),
        row.active,
        row.signed_in_at,
        row.tf_primary_method is not None or bool(row.webauthn),
        row.password is not None,
    )
