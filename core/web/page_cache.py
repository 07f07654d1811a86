"""Pages and files that are the same for everybody: made once, compressed once, and from then on answered from
memory before Flask is asked. What sets a cookie or is no page is refused, and the log says so. Only in production: in
development a saved page shows on reload."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import brotli
from flask import Flask, request
from werkzeug.datastructures import Accept, Headers
from werkzeug.exceptions import SecurityError
from werkzeug.http import parse_accept_header, parse_etags
from werkzeug.sansio.utils import get_host
from werkzeug.test import create_environ
from werkzeug.wrappers import Response as BaseResponse

from core.web import request_log, static_files
from core.web.access import is_served

try:
    from compression import zstd as zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from backports import zstd as zstd

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# The best first. Each is used once a page, so it may take its time.
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "zstd": lambda body: zstd.compress(body, 19),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
    "identity": bytes,
}
# Headers of one encoding of a page, which the answer 304 leaves out too.
OF_THE_BODY = ("Content-Encoding", "Content-Length", "Content-Type", "Content-Disposition", "Last-Modified")


def cached(view: Callable[..., BaseResponse]) -> Callable[..., BaseResponse]:
    """Marks a view that sees nothing of its visitor: in production its answer is made once."""
    view.cached = True  # type: ignore[attr-defined]
    return view


def cached_public(view: Callable[..., BaseResponse]) -> Callable[..., BaseResponse]:
    """Made once, and browsers may keep the answer and ask whether it changed."""

    @cached
    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> BaseResponse:
        response = view(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
        response.add_etag()
        return response.make_conditional(request)

    return marked


def init_app(app: Flask) -> None:
    """Call it last: only what is there by now is answered from memory."""
    if app.config["PRODUCTION"]:
        app.wsgi_app = PageCache(app)  # type: ignore[method-assign]


@dataclass(frozen=True)
class Copy:
    """One page in one encoding."""

    etag: str
    body: bytes
    headers: list[tuple[str, str]]
    unchanged: list[tuple[str, str]]
    """The headers of a 304."""


class PageCache:
    """WSGI middleware that answers, from memory, the addresses whose responses are the same for everyone."""

    def __init__(self, app: Flask) -> None:
        self.app: WSGIApplication = app.wsgi_app
        self.site_url: str = app.config["SITE_URL"]
        self.endpoints = {**dict.fromkeys(static_files.addresses(app), "static"), **dict(_marked(app))}
        """By address: what is asked for is only ever compared with these."""
        self.copies: dict[str, dict[str, Copy]] = {}
        hosts = app.config["TRUSTED_HOSTS"]
        self.is_trusted = lru_cache(maxsize=256)(lambda host: _is_trusted(host, hosts))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        address = self._address(environ)
        if address is None:
            return self.app(environ, start_response)
        copies = self.copies.get(address) or self._make(address)
        if copies is None:
            return self.app(environ, _not_kept(start_response))
        copy = copies[_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""), tuple(copies))]
        asked = environ.get("HTTP_IF_NONE_MATCH")
        changed = not (asked and _matches(asked, copy.etag))
        if self.endpoints[address] != "static":
            request_log.note(environ["REQUEST_METHOD"], address, 200 if changed else 304, started)
        start_response(*(("200 OK", copy.headers) if changed else ("304 Not Modified", copy.unchanged)))
        return [copy.body] if changed and environ["REQUEST_METHOD"] == "GET" else []

    def _address(self, environ: WSGIEnvironment) -> str | None:
        """One that is answered from memory, or None where Flask has to answer."""
        address: str = environ["PATH_INFO"]
        if query := environ.get("QUERY_STRING"):
            address += f"?{query}"
        if address not in self.endpoints or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        return address if self.is_trusted(environ.get("HTTP_HOST", "")) else None

    def _make(self, address: str) -> dict[str, Copy] | None:
        """Renders the page with nothing of the visitor: no cookie, language, IP address or host name."""
        environ = {**create_environ(address, self.site_url), request_log.FOR_THE_CACHE: True}
        response = BaseResponse.from_app(self.app, environ, buffered=True)
        if reason := _not_for_everybody(response):
            request_log.log.error("%s (%s) is not kept in the page cache: %s", self.endpoints[address], address, reason)
            return None
        body = response.get_data()
        made = {name: encode(body) for name, encode in ENCODINGS.items()}
        tag = hashlib.sha256(body).hexdigest()[:20]
        copies = {
            name: _encoded(response, tag, name, data) for name, data in made.items() if _is_worth_it(name, data, body)
        }
        self.copies[address] = copies
        return copies


def _marked(app: Flask) -> Iterable[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        cached = getattr(app.view_functions[rule.endpoint], "cached", False)
        if cached and not rule.arguments - set(rule.defaults or ()) and is_served(app, rule.endpoint):
            yield rule.rule, rule.endpoint


def _not_for_everybody(response: BaseResponse) -> str | None:
    """Why everybody else must not get this answer: it may hold what is one visitor's."""
    if response.status_code != HTTPStatus.OK:
        return f"the answer is {response.status_code}"
    if "Set-Cookie" in response.headers:
        return "it sets a cookie"
    return "it depends on a cookie" if "cookie" in response.vary else None


def _not_kept(start_response: StartResponse) -> StartResponse:
    """Nor may a browser or a proxy keep what the cache does not."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        others = [pair for pair in headers if pair[0].lower() != "cache-control"]
        return start_response(status, [*others, ("Cache-Control", "no-store")], exc_info)

    return start


def _is_worth_it(encoding: str, data: bytes, body: bytes) -> bool:
    """Fonts and pictures are compressed already."""
    return encoding == "identity" or len(data) < 0.9 * len(body)


def _encoded(response: BaseResponse, tag: str, encoding: str, body: bytes) -> Copy:
    etag = f'"{tag}-{encoding}"'
    headers = Headers([pair for pair in response.headers.items() if pair[0] not in ("Content-Length", "Vary")])
    headers["ETag"] = etag
    headers["Vary"] = "Accept-Encoding, HX-Request"
    unchanged = [pair for pair in headers.items() if pair[0] not in OF_THE_BODY]
    headers["Content-Length"] = str(len(body))
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    return Copy(etag, body, list(headers.items()), unchanged)


def _is_trusted(host: str, trusted: list[str] | None) -> bool:
    try:
        return bool(get_host("http", host, trusted_hosts=trusted))
    except SecurityError:
        return False


@lru_cache(maxsize=256)
def _encoding(accepted: str, offered: tuple[str, ...]) -> str:
    return parse_accept_header(accepted, Accept).best_match(offered) or "identity"


def _matches(asked: str, etag: str) -> bool:
    return asked == etag or parse_etags(asked).contains_weak(etag.strip('"'))
