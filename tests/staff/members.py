"""People of the staff, for tests."""

from __future__ import annotations

from flask import Flask

from blueprints.staff.keyring import members, sessions, wraps
from core.audit.trail import COMMAND_LINE
from core.extensions import db

PASSWORD, OTHER = "correct horse battery", "another horse battery"
PRF = bytes(range(32))


def key_of(app: Flask) -> str:
    """The clinic's private key."""
    return str(app.config["SEALING_PRIVATE_KEY"])


def member(email: str = "m@example.com", *roles: str) -> int:
    """Without a password and a copy of the key. Their id."""
    return members.add(email, email.partition("@")[0].title(), roles or ("manager",), COMMAND_LINE).id


def wrapped(app: Flask, email: str = "m@example.com", password: str = PASSWORD) -> int:
    """Somebody with a copy of the key under their password."""
    who = member(email)
    wraps.add_password_wrap(who, password, key_of(app))
    db.session.commit()
    return who


def signed_in(app: Flask, who: int) -> str:
    """The token of a session with all factors done."""
    token = sessions.begin(who, key_of(app))
    sessions.complete(token, who)
    return token
