"""Security headers of every response, and the checks that every request must pass before a feature sees it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response

from core.web import request_bodies

MAX_BODY = 64 * 1024
MAX_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
READING = ("GET", "HEAD", "OPTIONS")
View = TypeVar("View", bound=Callable[..., Any])

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer, Flask-WTF would reject every form over HTTPS.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def init_app(app: Flask) -> None:
    app.before_request(check_address)
    app.before_request(check_method)
    app.before_request(check_origin)
    app.before_request(check_body)
    app.after_request(add_headers)


def check_address() -> None:
    """PostgreSQL text cannot contain NUL, so a URL with one is a 404."""
    if "\0" in request.path:
        abort(404)


def check_method() -> None:
    """An unknown URL is a 404 and a wrong method a 405, before the body is looked at."""
    if request.routing_exception is not None:
        raise request.routing_exception


def check_body() -> None:
    """Accept only complete, small, URL-encoded forms; Flask would present anything else as an empty form."""
    if request.method in READING or _is_open_to_other_sites():
        return
    if request.content_length is None:
        raise LengthRequired
    request.max_content_length = getattr(_view(), "read_up_to", MAX_BODY)
    if request.content_length > request.max_content_length:
        raise RequestEntityTooLarge
    if request.content_length and (request.mimetype != FORM or request.content_encoding):
        raise UnsupportedMediaType
    if len(_read_body(request.content_length)) != request.content_length:
        raise BadRequest
    if request.content_length > MAX_BODY or sum(1 for _ in request.form.items(multi=True)) > MAX_FIELDS:
        raise RequestEntityTooLarge


def _read_body(length: int) -> bytes:
    # Code that accesses request.form after this one fails, such as the error page, must not wait for the body again.
    stream, request.environ["wsgi.input"] = request.environ["wsgi.input"], io.BytesIO()
    settings = current_app.config["SETTINGS"]
    body = request_bodies.read(stream, length, settings.form_turn_within)
    request.environ["wsgi.input"] = io.BytesIO(body)
    return body


def check_origin() -> None:
    """Reject a form sent from another site. Requests without these headers pass, because some proxies strip them:
    every view that changes data also requires a CSRF token."""
    if request.method in READING or _is_open_to_other_sites():
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignOrigin
        return
    for header in ("Origin", "Referer"):
        value = request.headers.get(header)
        if value is not None:
            if not _is_own(value):
                raise ForeignOrigin
            return


class ForeignOrigin(BadRequest):
    description = "The form came from another site."


def open_to_other_sites(view: object) -> object:
    """Mark a view that mail programs may POST to (RFC 8058) with any body. It must not read the body."""
    view.open_to_other_sites = True  # type: ignore[attr-defined]
    return view


def _is_open_to_other_sites() -> bool:
    return bool(getattr(_view(), "open_to_other_sites", False))


def read_up_to(size: int) -> Callable[[View], View]:
    """Mark a view whose forms are read up to `size` bytes. Bodies longer than MAX_BODY are still rejected (413), but
    the answers have been read by then and can be shown again."""

    def mark(view: View) -> View:
        view.read_up_to = size  # type: ignore[attr-defined]
        return view

    return mark


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _is_own(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    own = {urlsplit(request.host_url).netloc, urlsplit(current_app.config["SITE_URL"]).netloc}
    return parts.scheme in ("http", "https") and parts.netloc in own - {""}


def add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    response.headers.setdefault("Cache-Control", "no-store")
    response.vary.add("HX-Request")
    return response
