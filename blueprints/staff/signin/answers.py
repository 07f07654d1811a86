"""The answers to whoever is not signed in, or whose session holds no key. What was typed is never lost by them."""

from __future__ import annotations

import re

from flask import current_app, request, session, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from blueprints.staff.signin import browser, pages
from core.web import errors, hypermedia

NOT_KEPT = ("csrf_token", "password", "code", "credential", "prf")
"""Fields whose names contain one of these are never sent back to the browser."""
OWN = re.compile(r"/staff(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
BOUNCED = "staff_bounced"

SIGNED_OUT = (
    "You are signed out",
    "What you typed is kept in this page and was not saved. Sign in again in another tab, then come back to this one "
    "and send it.",
)
LOCKED = (
    "The key is locked",
    "What you typed is kept in this page and was not saved. Unlock the key in another tab, then come back to this one "
    "and send it.",
)
STALE = ("Please send that once more", "You have signed out or in since this page was opened. What you typed is here.")


def nobody() -> Response:
    """To a request of somebody who is not signed in."""
    if comes_from_elsewhere():
        return _arrive()
    if browser.is_setting_up():
        return hypermedia.go_to(url_for("staff.second_factor"))
    if request.method in ("GET", "HEAD") or request.blueprint == "security":
        return hypermedia.go_to(url_for("security.login", next=_own_address()))
    return _keep(SIGNED_OUT, 401, url_for("security.login"), "Sign in in another tab")


def locked() -> Response:
    """To somebody who is signed in, but whose session holds no private key."""
    if request.method in ("GET", "HEAD"):
        return hypermedia.go_to(url_for("staff.unlock", next=_own_address()))
    return _keep(LOCKED, 401, url_for("staff.unlock"), "Unlock the key in another tab")


def stale(error: CSRFError) -> Response:
    """To a form whose token is of an earlier session."""
    from blueprints.staff import access

    if request.blueprint == "security":
        return hypermedia.go_to(url_for("security.login"))
    if access.signed_in() is None:
        return nobody()
    if request.endpoint in current_app.extensions.get("kept_answers", {}):
        return errors.refuse(error)
    return _keep(STALE, 400)


def comes_from_elsewhere() -> bool:
    """Whether a link of another site led here, such as one in a mail: then browsers leave the cookie of the key out,
    because it is SameSite=Strict, though somebody may be signed in. Browsers that do not say where a request comes from
    are asked once."""
    if request.method != "GET" or "_user_id" not in session or browser.token():
        return False
    site = request.headers.get("Sec-Fetch-Site")
    return site == "cross-site" if site else BOUNCED not in session


def _arrive() -> Response:
    """A page that loads the same address again, this time from our own site."""
    if "Sec-Fetch-Site" not in request.headers:
        session[BOUNCED] = True
    return pages.show("staff/signin/arrive.html", address=_own_address())


def is_own(address: str) -> bool:
    """Whether it is an address of the desk on this site, and nothing else that a browser might make of it."""
    return bool(OWN.fullmatch(address.partition("?")[0].partition("#")[0]))


def next_address() -> str:
    """Where to go on afterwards, as the address of this page says; "" if it says nothing, or leads elsewhere."""
    given = request.args.get("next", "")
    return given if is_own(given) else ""


def _own_address() -> str:
    return request.full_path.removesuffix("?")


def _keep(words: tuple[str, str], status: int, way: str = "", way_words: str = "") -> Response:
    kept = [(name, value) for name, value in request.form.items(multi=True) if not _is_secret(name)]
    heading, message = words
    context = {"heading": heading, "message": message, "kept": kept, "way": way, "way_words": way_words}
    response = pages.show("staff/signin/kept.html", status, **context)
    response.headers["HX-Reswap"] = "none"
    return response


def _is_secret(name: str) -> bool:
    return any(secret in name for secret in NOT_KEPT)
