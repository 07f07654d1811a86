"""Who may use a feature. Each blueprint says so itself, in its `__init__.py`; the site does not start with one that
does not. A rule is a mark and its guard in one, so that what is declared is what is enforced."""

from __future__ import annotations

from flask import Flask
from flask.sansio.blueprints import Blueprint

from core import security

ANYBODY = "anybody"
DEVELOPMENT = "development only"


class NoAccessRule(RuntimeError):
    """A feature does not say who may use it."""


def anybody(bp: Blueprint) -> None:
    bp.access = ANYBODY  # type: ignore[attr-defined]


def development_only(bp: Blueprint) -> None:
    """In production every address of the feature is 404."""
    bp.access = DEVELOPMENT  # type: ignore[attr-defined]
    bp.before_request(security.require_development)


def check(app: Flask) -> None:
    """Raises NoAccessRule. What core serves itself (files, health) is open to anybody."""
    for name, bp in app.blueprints.items():
        if rule_of(bp) is None:
            place = bp.import_name.replace(".", "/")
            raise NoAccessRule(
                f"The feature “{name}” does not say who may use it. Add access.anybody(bp) below bp = Blueprint(…) "
                f"in {place}/__init__.py, or another rule of core/access.py."
            )


def rule_of(bp: Blueprint) -> str | None:
    rule: str | None = getattr(bp, "access", None)
    return rule
