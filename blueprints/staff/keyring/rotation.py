"""Which private key is the clinic's, and what follows when it is changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from blueprints.staff.keyring import boxes
from blueprints.staff.models import ClinicKey, KeyWrap
from core.audit import Actor, trail
from core.crypto import envelope, models
from core.crypto.envelope import SealingError
from core.extensions import db


class NotTheKey(Exception):
    """The clinic's private key cannot be had from the key that was given. The text says why, for people."""


def clinic_key(given: str, public_keys: Sequence[str]) -> str:
    """The private key that staff get, from itself or from the offline recovery key. Raises NotTheKey.

    The recovery key opens referrals too, but it is nobody's key for every day: it is printed and locked away.
    """
    own = envelope.key_id(envelope.public_key_of(given))
    ids = [envelope.key_id(key) for key in public_keys]
    if own == ids[0]:
        return given
    if own not in ids:
        raise NotTheKey(f"This is key {own}. The site's keys are {' and '.join(ids)} (SEALING_PUBLIC_KEYS).")
    kept = _kept(ids[0], given)
    if kept is None:
        raise NotTheKey(
            f"This is the recovery key, and the clinic's own key, {ids[0]}, was not kept for it yet: that happens when "
            "the first person is added. Give the clinic's private key."
        )
    return kept


def keep(private_key: str, public_keys: Sequence[str]) -> None:
    """Seal the clinic's private key for the recovery key, once. The caller commits. Raises NotTheKey."""
    key_id = envelope.key_id(envelope.public_key_of(private_key))
    if key_id != envelope.key_id(public_keys[0]):
        raise NotTheKey(f"Key {key_id} is not the clinic's: that is the first of SEALING_PUBLIC_KEYS.")
    if db.session.scalar(select(ClinicKey.id).where(ClinicKey.public_id == key_id)) is None:
        row = ClinicKey(public_id=key_id)
        row.seal({"private_key": private_key}, public_keys)
        db.session.add(row)
        db.session.flush()


def hand_over(private_key: str, public_keys: Sequence[str], actor: Actor) -> int:
    """Give the clinic's new private key to everybody who carries the old one. Commits. Raises NotTheKey.

    Returns the number of copies: each opens only with what opened it before, and from now on gives the new key.
    """
    keep(private_key, public_keys)
    copies = boxes.hand_over(private_key)
    key_id = envelope.key_id(public_keys[0])
    trail.add(actor, "key.handed_over", f"key:{key_id}", copies=copies)
    db.session.commit()
    return copies


def without_new_key(public_keys: Sequence[str]) -> int:
    """How many people carry no copy of the clinic's key as it is now, but one of an earlier key."""
    old = (KeyWrap.key_id != envelope.key_id(public_keys[0]), KeyWrap.handed_over.is_(None))
    return db.session.scalar(select(func.count(KeyWrap.member_id.distinct())).where(*old)) or 0


def _kept(key_id: str, recovery_key: str) -> str | None:
    try:
        found = models.find(ClinicKey, key_id, recovery_key)
    except SealingError as error:
        raise NotTheKey(f"The clinic's key was kept, but does not open: {error}.") from error
    return str(found.data["private_key"]) if found else None
