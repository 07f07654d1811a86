"""For those who watch the site: /healthz says that the process answers, /readyz that what it needs does.

A feature that needs something more says so itself:

    @health.check("the clinic's calendar")
    def calendar_answers() -> None:
        '''Raises whatever it raises when it does not.'''
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response
from sqlalchemy import text

from core.extensions import db, limiter

Check = Callable[[], object]
CHECKS: dict[str, Check] = {}
log = logging.getLogger("site")


def check(name: str) -> Callable[[Check], Check]:
    """/readyz runs the function each time it is asked."""

    def register(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return register


def init_app(app: Flask) -> None:
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    limiter.exempt(healthz)


def healthz() -> Response:
    return Response("ok\n", mimetype="text/plain")


def readyz() -> Response:
    """503 where something does not answer; its name is in the body, and the kind of its error in the log."""
    missing = [name for name, function in CHECKS.items() if not _answers(name, function)]
    if missing:
        return Response(f"not ready: {', '.join(missing)}\n", 503, {"Retry-After": "60"}, "text/plain")
    return Response("ready\n", mimetype="text/plain")


def _answers(name: str, function: Check) -> bool:
    try:
        function()
    except Exception as error:
        # Whatever a feature's check raises: that is what it is asked for.
        log.error("not ready: %s (%s)", name, type(error).__name__)
        return False
    return True


@check("database")
def database_answers() -> None:
    db.session.execute(text("SELECT 1"))
