"""For those who watch the site: /healthz says that the process answers, /readyz that the database does."""

from __future__ import annotations

from flask import Flask, Response
from sqlalchemy import text

from core.extensions import db, limiter


def init_app(app: Flask) -> None:
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    limiter.exempt(healthz)


def healthz() -> Response:
    return Response("ok\n", mimetype="text/plain")


def readyz() -> Response:
    """503 where the database does not answer."""
    db.session.execute(text("SELECT 1"))
    return Response("ready\n", mimetype="text/plain")
