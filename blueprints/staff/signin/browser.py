"""What the browser of a member of staff carries: the token that opens the key, in a cookie of its own, and a mark by
which a browser is known that has signed in before. Nothing is kept in the browser's storage."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import after_this_request, current_app, g, request, session
from flask_security import current_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from blueprints.staff.keyring import sessions
from core.rate_limits import keyed_hash

PATH = "/staff"
KNOWN = "staff_known"
KNOWN_FOR = 365 * 24 * 3600
"""Seconds."""
PEOPLE_AT_ONE_BROWSER = 6
SETTING_UP = "staff_setting_up"
NEXT = "staff_next"
SETTING_UP_WITHIN = 30 * 60
"""Seconds."""


def token() -> str:
    """The token of the session's key; "" if the browser sent none."""
    given: str = g.get("staff_token", request.cookies.get(sessions.COOKIE, ""))
    return given


def carry(token: str) -> None:
    """Give the browser this token, with the answer to this request."""
    g.staff_token = token
    _set_cookie(sessions.COOKIE, token, samesite="Strict")


def drop() -> None:
    """Take the token from the browser again."""
    g.staff_token = ""
    end_setting_up()

    @after_this_request
    def delete(response: Response) -> Response:
        response.delete_cookie(sessions.COOKIE, PATH, secure=_secure(), httponly=True, samesite="Strict")
        return response


def start_setting_up() -> None:
    """The password was right, and a second factor has to be set up before anything else."""
    session[SETTING_UP] = int(time.time())


def end_setting_up() -> None:
    session.pop(SETTING_UP, None)


def lead_to(address: str) -> None:
    """Where to go on when all factors are done; "": to the desk's first page."""
    session.pop(NEXT, None)
    if address:
        session[NEXT] = address


def led_to() -> str:
    """Where to go on now, once; "" if to nowhere in particular."""
    address: str = session.pop(NEXT, "")
    return address


def is_setting_up() -> bool:
    since = session.get(SETTING_UP)
    started = isinstance(since, int) and time.time() - since < SETTING_UP_WITHIN
    return started and bool(token()) and current_user.is_authenticated


def remember(email: str) -> None:
    """Know this browser again when the same person signs in, so that strangers who try their address elsewhere do not
    make them wait (throttle.py)."""
    own = keyed_hash("known browser", email.lower())
    others = {name: mark for name, mark in _known().items() if name != own}
    marks = dict([*others.items(), (own, secrets.token_urlsafe(9))][-PEOPLE_AT_ONE_BROWSER:])
    _set_cookie(KNOWN, _signer().dumps(marks), samesite="Lax", max_age=KNOWN_FOR)


def mark_of(email: str) -> str:
    """The mark of this browser for that person; "" for a browser in which they have never signed in."""
    return _known().get(keyed_hash("known browser", email.lower()), "")


def mark() -> str:
    """Of this browser, whoever signed in here first; "" if nobody ever has."""
    return next(iter(_known().values()), "")


def _known() -> dict[str, str]:
    try:
        marks = _signer().loads(request.cookies.get(KNOWN, ""))
    except BadSignature:
        return {}
    return marks if isinstance(marks, dict) else {}


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["ADDRESS_HASH_KEY"], salt="staff known browser")


def _set_cookie(name: str, value: str, **options: Any) -> None:
    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(name, value, path=PATH, secure=_secure(), httponly=True, **options)
        return response


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
