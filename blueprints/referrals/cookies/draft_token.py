"""The browser stores the token of its drafts in two halves: one in a cookie of its own, one in the signed session.

One half alone opens nothing, so an attacker cannot plant a token in someone else's browser and then read what is typed
there. The site never adopts a half that a browser sends: the session also holds a hash of the other half, and if the
two are not a pair that the site made, a new token replaces them. In production both cookies have the `__Host-` prefix,
so no other host and no page without TLS can set them.

A browser gets its token with the first form that it opens, before anything is saved: two first saves at once then have
the same token.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from flask import current_app, g, request, session
from werkzeug.wrappers import Response

from blueprints.referrals import drafts
from core.extensions import client_network
from core.rate_limits import keyed_hash

NAME = "referral_draft"
PAIR = "referral_draft_pair"
HALF = 43
_HALF = re.compile(rf"[A-Za-z0-9_-]{{{HALF}}}")


def read() -> str | None:
    """The token, or None unless the browser sends both halves, and they are a pair."""
    halves = (request.cookies.get(cookie(NAME), ""), str(session.get(NAME, "")))
    is_pair = session.get(PAIR, _hash(halves[0])) == _hash(halves[0])  # Sessions from before have no hash.
    return "".join(halves) if is_pair and all(map(_HALF.fullmatch, halves)) else None


def current() -> str:
    """The browser's token, or the new one that it gets with this response."""
    if "draft_token" not in g:
        g.draft_token = read() or secrets.token_urlsafe(2 * 32)
    token: str = g.draft_token
    return token


def is_broken() -> bool:
    """Whether the browser sends a draft cookie that is no use, so that drafts saved earlier cannot be opened."""
    return cookie(NAME) in request.cookies and read() is None


def write(response: Response) -> Response:
    """Give the browser its token, or renew it."""
    token = current()
    session[NAME], session[PAIR], session.permanent = token[HALF:], _hash(token[:HALF]), True
    return set_cookie(response, NAME, token[:HALF], int(drafts.LIFETIME.total_seconds()))


def network() -> str:
    """Keyed hash of the client's network (32 hex digits), used to count drafts per network.

    Without ADDRESS_HASH_KEY, the hash cannot be matched to an address.
    """
    return keyed_hash("draft", client_network())[:32]


def cookie(name: str) -> str:
    """The full name of a cookie."""
    return f"__Host-{name}" if _is_secure() else name


def set_cookie(response: Response, name: str, value: str, max_age: int | None) -> Response:
    """Set a cookie that no script reads, for `max_age` seconds; None: until the browser is closed; 0: delete it."""
    options = {"secure": _is_secure(), "httponly": True, "samesite": "Lax"}
    response.set_cookie(cookie(name), value, max_age=max_age, **options)  # type: ignore[arg-type]
    return response


def _hash(half: str) -> str:
    return hashlib.sha256(half.encode()).hexdigest()[:32]


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
