"""Checking passwords, in the same time whatever is known about the address."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from flask import current_app
from flask_security.proxies import _datastore, _security
from flask_security.utils import verify_password

from blueprints.staff.keyring import passwords
from core.extensions import db

if TYPE_CHECKING:
    from blueprints.staff.models import StaffMember

NOBODYS = "staff_hash_of_nobody"


def check(email: str, password: str) -> tuple[StaffMember | None, bool]:
    """Who has this address, if anybody, and whether they may go on: the password is theirs and they are active.

    The hash of nobody's password is compared where there is none, so every answer takes the same time. The database is
    let go meanwhile: on SQLite nobody else could write.
    """
    found = _datastore.find_user(case_insensitive=True, email=email) if email else None
    member = cast("StaffMember | None", found)
    hashed = (member.password if member else None) or _nobodys()
    active = bool(member and member.active and member.password)
    db.session.rollback()
    is_right = verify_password(normalized(password), hashed)
    return member, bool(is_right and active)


def normalized(password: str) -> str:
    """As it is hashed: letters that look the same count as the same."""
    plain: str = _security.password_util.normalize(password)
    return plain


def _nobodys() -> str:
    kept: dict[str, str] = current_app.extensions.setdefault(NOBODYS, {})
    if not kept:
        kept["hash"] = passwords.hashed(secrets.token_urlsafe(16))
    return kept["hash"]
