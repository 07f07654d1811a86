"""Static files: an address changes with the file's content, so a browser may keep it for ever."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response

FOREVER = "public, max-age=31536000, immutable"
CHECK_AGAIN = "public, no-cache"
VERSIONED_FOLDERS = ("/static/vendor/", "/static/fonts/")


def init_app(app: Flask) -> None:
    static = Path(app.static_folder or "static")
    fingerprint = lru_cache(maxsize=None)(_fingerprint) if app.config["PRODUCTION"] else _fingerprint

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = fingerprint(static / values["filename"])

    app.after_request(_cache_static)


def _fingerprint(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else None


def _cache_static(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code in (200, 206, 304):
        versioned = "v" in request.args or request.path.startswith(VERSIONED_FOLDERS)
        response.headers["Cache-Control"] = FOREVER if versioned else CHECK_AGAIN
    return response
