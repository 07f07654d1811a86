"""The mailbox: every message in the outbox, as its recipient sees it."""

from __future__ import annotations

from flask import abort
from werkzeug.wrappers import Response

from blueprints.dev import bp
from core.mail import outbox, render
from core.mail.outbox import Message
from core.web import hypermedia
from core.web.security import CONTENT_SECURITY_POLICY

# Mail has inline styles, and its links open in a new window.
OF_A_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@bp.get("/mailbox")
def mailbox() -> Response:
    messages = [(row, render.parts(row)[0]) for row in outbox.newest()]
    return hypermedia.page("dev/mailbox.html", messages=messages)


@bp.get("/mailbox/<message_id>")
def message(message_id: str) -> Response:
    row = _find(message_id)
    plain, _ = render.parts(row)
    response = hypermedia.page("dev/message.html", row=row, plain=plain, headers=render.as_email(row).items())
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return response


@bp.get("/mailbox/<message_id>/html")
def html(message_id: str) -> Response:
    """Only the HTML part of the message."""
    _, rich = render.parts(_find(message_id))
    response = Response(rich.replace("<head>", '<head><base target="_blank">', 1), mimetype="text/html")
    response.headers["Content-Security-Policy"] = OF_A_MAIL
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _find(message_id: str) -> Message:
    row = outbox.find(message_id)
    if row is None:
        abort(404)
    return row
