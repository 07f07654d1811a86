"""The page of things."""

from __future__ import annotations

from werkzeug.wrappers import Response

from blueprints.skeleton.things import bp
from core import hypermedia
from core.sitemap import listed


@bp.get("")
@listed
def index() -> Response:
    return hypermedia.page("things/index.html")
