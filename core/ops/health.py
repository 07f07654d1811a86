"""Health checks for monitoring: /healthz reports that the process responds, /readyz that its dependencies do too.

A feature with a dependency of its own registers a check, which raises any exception if the dependency fails:

    @health.check("the clinic's calendar")
    def calendar_answers() -> None: ...
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
    """Register a function that each request to /readyz runs."""

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
    """503 if a check fails. The body names the check; the log also has the kind of error."""
    missing = [name for name, function in CHECKS.items() if not _answers(name, function)]
    if missing:
        return Response(f"not ready: {', '.join(missing)}\n", 503, {"Retry-After": "60"}, "text/plain")
    return Response("ready\n", mimetype="text/plain")


def _answers(name: str, function: Check) -> bool:
    try:
        function()
    except Exception as error:
        # A check may raise anything: that is how it reports a failure.
        log.error("not ready: %s (%s)", name, type(error).__name__)
        return False
    return True


@check("database")
def database_answers() -> None:
    db.session.execute(text("SELECT 1"))
