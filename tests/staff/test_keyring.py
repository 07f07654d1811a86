"""Each person's copy of the clinic's key, and the sessions that carry it."""

from __future__ import annotations

import pytest
from flask import Flask

from blueprints.staff.keyring import members, sessions, wraps
from core.audit.trail import COMMAND_LINE
from core.extensions import db

PASSWORD, OTHER = "correct horse battery", "another horse battery"
PRF = bytes(range(32))


def member(app: Flask, email: str = "m@example.com") -> int:
    return members.add(email, "M", ("manager",), COMMAND_LINE).id


def key(app: Flask) -> str:
    return str(app.config["SEALING_PRIVATE_KEY"])


def wrapped(app: Flask, email: str = "m@example.com", password: str = PASSWORD) -> int:
    who = member(app, email)
    wraps.add_password_wrap(who, password, key(app))
    db.session.commit()
    return who


@pytest.mark.database_decides
def test_a_password_opens_the_copy_of_its_owner_only(app: Flask) -> None:
    with app.app_context():
        one, two = wrapped(app), wrapped(app, "n@example.com", OTHER)
        assert wraps.open_with_password(one, PASSWORD) == key(app)
        assert wraps.open_with_password(two, OTHER) == key(app)
        assert wraps.open_with_password(one, OTHER) is None
        assert wraps.open_with_password(99, PASSWORD) is None


@pytest.mark.database_decides
def test_a_session_is_of_use_once_all_factors_are_done(app: Flask) -> None:
    with app.app_context():
        who = wrapped(app)
        token = sessions.begin(who, key(app))
        assert sessions.use(token, who) is None
        sessions.complete(token, who)
        session = sessions.use(token, who)
        assert session is not None
        assert session.private_key == key(app)
        assert key(app) not in repr(session)
        assert sessions.use(token, who + 1) is None
        assert sessions.use(token + "x", who) is None
        sessions.end(token)
        assert sessions.use(token, who) is None
