"""The browser stores a draft's token in two halves: one in its own cookie, one in the signed session cookie.

One half alone opens nothing, so an attacker cannot plant a token in someone else's browser and then read what is typed
there. The site never adopts a token that a browser sends: if it opens no draft, a new token replaces it (drafts.save).
In production both cookies have the `__Host-` prefix, so no other host and no page without TLS can set them.
"""

from __future__ import annotations

import re

from flask import current_app, request, session
from werkzeug.wrappers import Response

from blueprints.referrals import drafts
from core.extensions import client_network
from core.rate_limits import keyed_hash

NAME = "referral_draft"
HALF = 43
_HALF = re.compile(rf"[A-Za-z0-9_-]{{{HALF}}}")


def read() -> str | None:
    """The token, or None unless the browser sends both halves."""
    halves = (request.cookies.get(_cookie(), ""), str(session.get(NAME, "")))
    return "".join(halves) if all(map(_HALF.fullmatch, halves)) else None


def is_there() -> bool:
    """Whether the browser sends a draft cookie, even if it opens no draft."""
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
    """Keyed hash of the client's network (32 hex digits), used to count drafts per network.

    Without ADDRESS_HASH_KEY, the hash cannot be matched to an address.
    """
    return keyed_hash("draft", client_network())[:32]


def _cookie() -> str:
    return f"__Host-{NAME}" if _is_secure() else NAME


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
