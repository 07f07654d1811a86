"""Who may use a feature, and in which part of the site (SITE_PARTS) it is served. Each blueprint declares both in its
`__init__.py`; the site does not start if one does not. The declaration is enforced here for every URL and method of the
feature. A feature's commands run in every part."""

from __future__ import annotations

from flask import Flask, abort, current_app, request
from flask.sansio.blueprints import Blueprint
from werkzeug.exceptions import MethodNotAllowed

from core.config import Settings

EVERYONE = "everyone"
DEVELOPMENT = "development only"
PUBLIC = "public"
STAFF = "staff"
PARTS = frozenset({PUBLIC, STAFF})


class NoAccessRule(RuntimeError):
    """A feature does not declare who may use it, or where it is served."""


def public(bp: Blueprint, *parts: str) -> None:
    """Open to everyone in processes that run one of the `parts`; in other processes every URL is a 404."""
    bp.access, bp.parts = EVERYONE, frozenset(parts)  # type: ignore[attr-defined]


def development_only(bp: Blueprint) -> None:
    """In production every URL of the feature is a 404."""
    bp.access, bp.parts = DEVELOPMENT, PARTS  # type: ignore[attr-defined]


def init_app(app: Flask) -> None:
    app.before_request(require_served)
    app.jinja_env.globals["is_served"] = lambda endpoint: is_served(app, endpoint)


def check(app: Flask) -> None:
    """Raises NoAccessRule if a blueprint lacks its declaration. What core serves itself (static files, health checks)
    is open to everyone, in every part."""
    for name, bp in app.blueprints.items():
        if rule_of(bp) is None or not parts_of(bp) or not parts_of(bp) <= PARTS:
            place = bp.import_name.replace(".", "/")
            raise NoAccessRule(
                f"The feature “{name}” does not say who may use it. Add access.public(bp) below bp = Blueprint(…) "
                f"in {place}/__init__.py, with its parts, as in access.public(bp, access.PUBLIC), or another rule of "
                f"core/web/access.py."
            )


def rule_of(bp: Blueprint) -> str | None:
    rule: str | None = getattr(bp, "access", None)
    return rule


def parts_of(bp: Blueprint) -> frozenset[str]:
    parts: frozenset[str] = getattr(bp, "parts", frozenset())
    return parts


def is_served(app: Flask, endpoint: str) -> bool:
    """Whether this process serves the endpoint. Templates check before they link to another feature."""
    bp = app.blueprints.get(endpoint.rpartition(".")[0])
    if bp is None:
        return True
    settings: Settings = app.config["SETTINGS"]
    allowed = rule_of(bp) != DEVELOPMENT or not settings.production
    return allowed and not parts_of(bp).isdisjoint(settings.site_parts.split(","))


def require_served() -> None:
    if not is_served(current_app, _endpoint()):
        abort(404)


def _endpoint() -> str:
    """The endpoint that the URL belongs to, even if it does not accept the request's method."""
    refused = request.routing_exception
    if isinstance(refused, MethodNotAllowed) and refused.valid_methods:
        adapter = current_app.create_url_adapter(request)
        return str(adapter.match(method=next(iter(refused.valid_methods)))[0]) if adapter else ""
    return request.endpoint or ""
