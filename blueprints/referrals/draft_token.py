"""A draft's token lies in the browser in two halves: one in a cookie of its own, one in the signed session.

A half alone opens nothing, so nobody can plant a token in somebody else's browser and read what is typed there. The
site never takes a token over from a browser: one that opens nothing is replaced by a new one (drafts.save). In
production both cookies are `__Host-`: no other host, and no page without TLS, can set them.
"""

from __future__ import annotations

import re

from flask import current_app, request, session
from werkzeug.wrappers import Response

from blueprints.referrals import drafts
from core.crypto import envelope
from core.extensions import client_network

NAME = "referral_draft"
HALF = 43
_HALF = re.compile(rf"[A-Za-z0-9_-]{{{HALF}}}")


def read() -> str | None:
    """The token, if the browser brings both halves."""
    halves = (request.cookies.get(_cookie(), ""), str(session.get(NAME, "")))
    return "".join(halves) if all(map(_HALF.fullmatch, halves)) else None


def is_there() -> bool:
    """The browser brings a cookie of a draft, whether it opens one or not."""
    return _cookie() in request.cookies


def write(response: Response, token: str) -> Response:
    session[NAME], session.permanent = token[HALF:], True
    response.set_cookie(
        _cookie(), token[:HALF], max_age=drafts.LIFETIME, secure=_is_secure(), httponly=True, samesite="Lax"
    )
    return response


def clear(response: Response) -> Response:
    session.pop(NAME, None)
    response.delete_cookie(_cookie(), secure=_is_secure(), httponly=True, samesite="Lax")
    return response


def network() -> str:
    """The client's network as drafts are counted by it: without the site's secret key nobody can read it back."""
    secret = current_app.config["SECRET_KEY"]
    return envelope.derive(secret, f"clinic/draft/v1/network/{client_network()}").hex()[:32]


def _cookie() -> str:
    return f"__Host-{NAME}" if _is_secure() else NAME


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
