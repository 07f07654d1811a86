"""Each person's own copy of the clinic's private key: one by their password, one by each of their passkeys.

Nothing here commits: the caller does, also after a copy was opened, because opening may make it anew.
"""

from __future__ import annotations

import os

from flask import current_app
from sqlalchemy import delete, select

from blueprints.staff.keyring import boxes, kdf
from blueprints.staff.models import KeyWrap, StaffMember
from core import clock
from core.audit import Actor, trail
from core.crypto import envelope
from core.extensions import db


def add_password_wrap(member_id: int, password: str, private_key: str) -> None:
    """Replaces the person's earlier copy under a password."""
    cost, salt = _cost(), os.urandom(kdf.SALT_BYTES)
    key = kdf.from_password(password, salt, cost)
    _put(member_id, None, str(cost), salt, key, private_key)


def open_with_password(member_id: int, password: str) -> str | None:
    """The clinic's private key; None if the person has no copy, or if the password is wrong. Both take the same time.

    A copy that carries a key from before a rotation, or was made more cheaply than copies are made now, is made anew.
    """
    row = _find(member_id, None)
    cost, salt = (_cost_of(row), row.salt) if row else (_cost(), b"\0" * kdf.SALT_BYTES)
    key = kdf.from_password(password, salt, cost)
    private_key = boxes.open_box(row, key, _context(row)) if row else None
    if row and private_key and (row.handed_over or cost != _cost()):
        add_password_wrap(member_id, password, private_key)
    return private_key


def add_passkey_wrap(member_id: int, passkey_id: int, prf: bytes, private_key: str) -> None:
    """Replaces the earlier copy under this passkey. Raises ValueError if `prf` has fewer than 32 bytes."""
    salt = os.urandom(kdf.SALT_BYTES)
    _put(member_id, passkey_id, kdf.PASSKEY, salt, kdf.from_passkey(prf, salt), private_key)


def open_with_passkey(passkey_id: int, prf: bytes) -> str | None:
    """The clinic's private key; None if there is no copy under this passkey, or if it does not open."""
    own = select(KeyWrap).where(KeyWrap.passkey_id == passkey_id)
    row = db.session.scalar(own.execution_options(populate_existing=True))
    if row is None or len(prf) < kdf.MIN_PRF_BYTES:
        return None
    private_key = boxes.open_box(row, kdf.from_passkey(prf, row.salt), _context(row))
    if private_key and row.handed_over:
        add_passkey_wrap(row.member_id, passkey_id, prf, private_key)
    return private_key


def forget_password_wrap(member_id: int) -> None:
    """For a password that was set without the key at hand: the copy under the old one is of no use any more."""
    db.session.execute(delete(KeyWrap).where(KeyWrap.member_id == member_id, KeyWrap.passkey_id.is_(None)))


def forget_passkey_wraps(member_id: int) -> None:
    db.session.execute(delete(KeyWrap).where(KeyWrap.member_id == member_id, KeyWrap.passkey_id.is_not(None)))


def forget_all(member_id: int) -> None:
    db.session.execute(delete(KeyWrap).where(KeyWrap.member_id == member_id))


def has_wrap(member_id: int) -> bool:
    return db.session.scalar(select(KeyWrap.id).where(KeyWrap.member_id == member_id).limit(1)) is not None


def _put(member_id: int, passkey_id: int | None, how: str, salt: bytes, key: bytes, private_key: str) -> None:
    # Whoever changes this person's copies at the same time waits, so that one remains.
    member = db.session.scalars(select(StaffMember).where(StaffMember.id == member_id).with_for_update()).one()
    own = KeyWrap.member_id == member_id
    db.session.execute(delete(KeyWrap).where(own, KeyWrap.passkey_id.is_not_distinct_from(passkey_id)))
    key_id = envelope.key_id(envelope.public_key_of(private_key))
    row = KeyWrap(member_id=member_id, passkey_id=passkey_id, kdf=how, salt=salt, key_id=key_id, created_at=clock.now())
    for name, value in boxes.fill(key, private_key, _context(row)).items():
        setattr(row, name, value)
    db.session.add(row)
    trail.add(_themselves(member), "key.wrapped", f"staff:{member_id}", by="passkey" if passkey_id else "password")


def _find(member_id: int, passkey_id: int | None) -> KeyWrap | None:
    own = (KeyWrap.member_id == member_id, KeyWrap.passkey_id.is_not_distinct_from(passkey_id))
    return db.session.scalar(select(KeyWrap).where(*own).limit(1).execution_options(populate_existing=True))


def _context(row: KeyWrap) -> str:
    return (
        f"clinic/staff/wrap/v1/{row.member_id}/{row.passkey_id or 'password'}/{row.kdf}/{row.key_id}/{row.salt.hex()}"
    )


def _themselves(member: StaffMember) -> Actor:
    return Actor(member.name, member.id, member.email)


def _cost() -> kdf.Cost:
    """Tests set a cheap one: no setting of the environment does."""
    cost: kdf.Cost = current_app.config.get("STAFF_KEY_COST", kdf.STRONG)
    return cost


def _cost_of(row: KeyWrap) -> kdf.Cost:
    try:
        return kdf.Cost.parse(row.kdf)
    except ValueError:
        return _cost()
