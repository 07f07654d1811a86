"""The mailbox: every message in the outbox, as its recipient sees it."""

from __future__ import annotations

from flask import abort
from werkzeug.wrappers import Response

from blueprints.dev import bp
from core.mail import outbox, render
from core.mail.outbox import Message
from core.web import hypermedia, mail_frame


@bp.get("/mailbox")
def mailbox() -> Response:
    messages = [(row, render.parts(row)[0]) for row in outbox.newest()]
    return hypermedia.page("dev/mailbox.html", messages=messages)


@bp.get("/mailbox/<message_id>")
def message(message_id: str) -> Response:
    row = _find(message_id)
    plain, _ = render.parts(row)
    headers = render.as_email(row).items()
    return mail_frame.with_frame(hypermedia.page("dev/message.html", row=row, plain=plain, headers=headers))


@bp.get("/mailbox/<message_id>/html")
def html(message_id: str) -> Response:
    """Only the HTML part of the message."""
    _, rich = render.parts(_find(message_id))
    return mail_frame.of_mail(rich)


def _find(message_id: str) -> Message:
    row = outbox.find(message_id)
    if row is None:
        abort(404)
    return row
