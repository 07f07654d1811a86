"""Static files. Their URLs carry a hash of the content (`?v=`), so browsers may cache them forever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

FOREVER = "public, max-age=31536000, immutable"
CHECK_AGAIN = "public, no-cache"
VERSIONED_FOLDERS = ("/static/vendor/", "/static/fonts/")
STYLE_SHEET = "css/site.css"
IMPORT = re.compile(r'@import url\("(\w+\.css)"\) layer\((\w+)\);')


def init_app(app: Flask) -> None:
    static = Path(app.static_folder or "static")
    version = lru_cache(maxsize=None)(_version) if app.config["PRODUCTION"] else _version

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = version(static / values["filename"])

    @app.get(f"{app.static_url_path}/{STYLE_SHEET}")
    def style_sheet() -> Response:
        return Response(_content(static / STYLE_SHEET), mimetype="text/css")

    app.after_request(_cache_static)


def addresses(app: Flask) -> Iterator[str]:
    """Every static file's URL, once without and once with its version."""
    folder = Path(app.static_folder or "static")
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        plain = f"{app.static_url_path}/{file.relative_to(folder).as_posix()}"
        yield from (plain, f"{plain}?v={_version(file)}")


def _content(file: Path) -> bytes:
    """A file's content. The style sheet's imports are inlined, so that a page waits for one file, not nine."""
    if not file.as_posix().endswith(STYLE_SHEET):
        return file.read_bytes()
    return IMPORT.sub(
        lambda layer: f"@layer {layer[2]} {{\n{(file.parent / layer[1]).read_text()}}}", file.read_text()
    ).encode()


def _version(path: Path) -> str | None:
    return hashlib.sha256(_content(path)).hexdigest()[:10] if path.is_file() else None


def _cache_static(response: BaseResponse) -> BaseResponse:
    if request.endpoint in ("static", "style_sheet") and response.status_code in (200, 206, 304):
        versioned = "v" in request.args or request.path.startswith(VERSIONED_FOLDERS)
        response.headers["Cache-Control"] = FOREVER if versioned else CHECK_AGAIN
    return response
