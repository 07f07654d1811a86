"""The mailbox: every message the site would have sent, as its reader sees it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from blueprints.dev import bp
from core import hypermedia, outbox


@bp.get("/mailbox")
def mailbox() -> Response:
    return hypermedia.page("dev/mailbox.html", messages=outbox.newest())
