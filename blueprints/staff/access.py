"""Which permission each address of the desk needs, and who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, abort, current_app, g, request
from flask_login import logout_user
from flask_security import current_user
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from blueprints.staff import roles
from blueprints.staff.keyring import sessions
from blueprints.staff.signin import answers, browser
from core.audit import Actor
from core.clients import network

View = TypeVar("View", bound=Callable[..., Any])
ANYBODY = "anybody"
"""For the pages by which people sign in."""
SETTING_UP = "anybody whose password was right"
"""For the pages by which they set up the second factor, which they may need before they are signed in."""
SIGNED_IN = "anybody who is signed in"
DECLARED = frozenset({ANYBODY, SETTING_UP, SIGNED_IN})


class NoPermissionRule(RuntimeError):
    """An address of the desk does not declare which permission it needs."""


@dataclass(frozen=True)
class Person:
    """Who is signed in, with all factors done."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]

    @property
    def permissions(self) -> frozenset[str]:
        return roles.allowed(self.roles)

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def actor(self) -> Actor:
        return Actor(self.name, self.id, self.email, network(request.remote_addr or ""))


class KeyLocked(Exception):
    """Somebody is signed in whose session holds no private key. The answer is the page that asks for the password."""


def requires(permission: str) -> Callable[[View], View]:
    """Declares what a view needs. Put it below the route's decorator. The address is refused to everybody else."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def background(view: View) -> View:
    """Marks a view that a page asks by itself, such as who else looks at it. Asking does not keep people signed in."""
    view.background = True  # type: ignore[attr-defined]
    return view


def guard(bp: Blueprint) -> None:
    bp.before_request(check)


def needs(endpoint: str) -> str:
    """The permission that the endpoint's view declares. Raises NoPermissionRule."""
    needed: str | None = getattr(current_app.view_functions.get(endpoint), "permission", None)
    if needed is None:
        raise NoPermissionRule(endpoint)
    return needed


def check() -> Response | None:
    """Before every request for the desk: the answer to those who may not use the address."""
    needed = needs(request.endpoint or "")
    person = signed_in()
    if needed == ANYBODY or (person is None and needed == SETTING_UP and browser.is_setting_up()):
        return None
    if person is None:
        return answers.nobody()
    if needed not in DECLARED and not person.may(needed):
        abort(403)
    return None


def signed_in() -> Person | None:
    """Who is signed in: Flask-Security knows the browser, and the session of the key is complete and not over."""
    if "staff_person" not in g:
        g.staff_person = _find()
    found: Person | None = g.staff_person
    return found


def current() -> Person:
    """Who is signed in. On every page that declares a permission somebody is."""
    person = signed_in()
    if person is None:
        raise Unauthorized
    return person


def private_key() -> str:
    """The clinic's private key, as the session of whoever is signed in holds it. Raises KeyLocked."""
    key = _session().private_key
    if key is None:
        raise KeyLocked
    return key


def has_key() -> bool:
    """Whether the session holds the private key."""
    return signed_in() is not None and _session().private_key is not None


def expires_at() -> datetime:
    """When the session of whoever is signed in ends, if nothing is done until then."""
    return _session().expires_at


def _session() -> sessions.Session:
    current()
    session: sessions.Session = g.staff_session
    return session


def _find() -> Person | None:
    if not current_user.is_authenticated:
        return None
    row = current_user._get_current_object()
    found = Person(row.id, row.name, row.email, tuple(row.role_names))
    token = browser.token()
    is_background = hasattr(current_app.view_functions.get(request.endpoint or ""), "background")
    session = sessions.use(token, found.id, note=not is_background) if token else None
    if session is not None:
        g.staff_session = session
        return found
    if not browser.is_setting_up() and not answers.comes_from_elsewhere():
        # Their time is over. The token of forms stays as it is, so that what is open in another tab can still be sent
        # after they have signed in again.
        logout_user()
    return None
