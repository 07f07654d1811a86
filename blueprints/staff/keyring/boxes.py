"""A box is a row that carries the clinic's private key, encrypted under a key that is not in the database.

Inside is a private key of the row's own too, whose public key stands in the row. After a rotation the clinic's new key
is sealed for the public key of each row that is still there. So nobody has to be invited again, and whoever left, and
kept a copy of their row and their password, never gets the new key: it was not sealed for their row.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from blueprints.staff.models import Invitation, KeyBox, KeyWrap, StaffSession
from core.crypto import envelope
from core.crypto.envelope import Envelope, SealingError
from core.extensions import db

HANDED_OVER = "clinic/staff/handed-over/v1"
TABLES: tuple[type[Any], ...] = (KeyWrap, StaffSession, Invitation)
EMPTY: Mapping[str, Any] = {"blob": None, "public_key": None, "handed_over": None}


def fill(key: bytes, private_key: str | None, context: str) -> Mapping[str, Any]:
    """The columns of a box that carries `private_key` under `key`, 32 bytes. The context binds it to its row."""
    if private_key is None:
        return EMPTY
    own = envelope.new_key_pair()
    blob = envelope.encrypt(key, {"clinic": private_key, "own": own.private}, context)
    return {"blob": blob, "public_key": own.public, "handed_over": None}


def open_box(box: KeyBox, key: bytes, context: str) -> str | None:
    """The clinic's private key; None if the box carries none, or if it does not open with `key` in this context."""
    if box.blob is None:
        return None
    try:
        inside = envelope.decrypt(key, box.blob, context)
        return _handed_over(box, inside["own"]) if box.handed_over else str(inside["clinic"])
    except (SealingError, KeyError, ValueError, TypeError):
        return None


def hand_over(private_key: str) -> int:
    """Seal the clinic's new private key for every box. Returns how many there are. The caller commits."""
    found = 0
    for table in TABLES:
        boxes = select(table.id, table.public_key).where(table.public_key.is_not(None)).with_for_update()
        for row, public_key in db.session.execute(boxes).all():
            sealed = _sealed(private_key, public_key)
            db.session.execute(update(table).where(table.id == row).values(handed_over=sealed))
            found += 1
    return found


def _sealed(private_key: str, public_key: str) -> dict[str, Any]:
    made = envelope.seal({"clinic": private_key}, [public_key], HANDED_OVER)
    return {"blob": base64.b64encode(made.blob).decode(), "wraps": made.wraps}


def _handed_over(box: KeyBox, own: str) -> str:
    sealed = box.handed_over or {}
    made = Envelope(base64.b64decode(sealed["blob"], validate=True), sealed["wraps"])
    return str(envelope.open_envelope(made, own, HANDED_OVER)["clinic"])
