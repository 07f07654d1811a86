"""Which permission each address of the desk needs, and who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, abort, current_app, request

from blueprints.staff import roles
from core.audit import Actor
from core.clients import network

View = TypeVar("View", bound=Callable[..., Any])
ANYBODY = "anybody"
"""For the pages by which people sign in."""
SIGNED_IN = "anybody who is signed in"


class NoPermissionRule(RuntimeError):
    """An address of the desk does not declare which permission it needs."""


@dataclass(frozen=True)
class Person:
    """Who is signed in, with all factors done."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]

    def may(self, permission: str) -> bool:
        return permission in roles.allowed(self.roles)

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


def guard(bp: Blueprint) -> None:
    bp.before_request(_check)


def _check() -> None:
    needed = getattr(current_app.view_functions.get(request.endpoint or ""), "permission", None)
    if needed is None:
        raise NoPermissionRule(request.endpoint)
    if needed not in (ANYBODY, SIGNED_IN) and not current().may(needed):
        abort(403)


def current() -> Person:
    """STAND-IN until sign-in is built: a person with every role."""
    return Person(1, "Test Manager", "manager@example.com", tuple(roles.PERMISSIONS))


def private_key() -> str:
    """The clinic's private key, as the session of whoever is signed in holds it. Raises KeyLocked.

    STAND-IN until sign-in is built: the development key."""
    key: str = current_app.config["SEALING_PRIVATE_KEY"]
    return key
