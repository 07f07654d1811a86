"""The page cache: pages and static files that are the same for every visitor are rendered and compressed once, then
served from memory by WSGI middleware in front of Flask. A response that sets a cookie or is not a 200 is never cached,
and the log says so. The cache is off in development, so that edits show on reload."""

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

# In order of preference. Each page is compressed only once, so the highest levels are affordable.
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "zstd": lambda body: zstd.compress(body, 19),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
    "identity": bytes,
}
# Headers that describe the body. A 304 response has no body, so it leaves them out.
OF_THE_BODY = ("Content-Encoding", "Content-Length", "Content-Type", "Content-Disposition", "Last-Modified")


def cached(view: Callable[..., BaseResponse]) -> Callable[..., BaseResponse]:
    """Marks a view whose response does not depend on the visitor: in production it is rendered once."""
    view.cached = True  # type: ignore[attr-defined]
    return view


def cached_public(view: Callable[..., BaseResponse]) -> Callable[..., BaseResponse]:
    """Like `cached`, and browsers may store the response as long as they revalidate it (ETag) before each use."""

    @cached
    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> BaseResponse:
        response = view(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
        response.add_etag()
        return response.make_conditional(request)

    return marked


def init_app(app: Flask) -> None:
    """Call this last: only the routes and files that exist by now can be cached."""
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
        """Path and query → endpoint, of everything that may be cached. A request is only looked up here, so visitors
        cannot make the cache grow."""
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
            return self.app(environ, _no_store(start_response))
        copy = copies[_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""), tuple(copies))]
        asked = environ.get("HTTP_IF_NONE_MATCH")
        changed = not (asked and _matches(asked, copy.etag))
        if self.endpoints[address] != "static":
            request_log.note(environ["REQUEST_METHOD"], address, 200 if changed else 304, started)
        start_response(*(("200 OK", copy.headers) if changed else ("304 Not Modified", copy.unchanged)))
        return [copy.body] if changed and environ["REQUEST_METHOD"] == "GET" else []

    def _address(self, environ: WSGIEnvironment) -> str | None:
        """The request's path and query if the cache may answer it; None if Flask has to."""
        address: str = environ["PATH_INFO"]
        if query := environ.get("QUERY_STRING"):
            address += f"?{query}"
        if address not in self.endpoints or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        return address if self.is_trusted(environ.get("HTTP_HOST", "")) else None

    def _make(self, address: str) -> dict[str, Copy] | None:
        """Renders the page from a request of its own, without the visitor's cookies, language, IP address or host."""
        environ = {**create_environ(address, self.site_url), request_log.FOR_THE_CACHE: True}
        response = BaseResponse.from_app(self.app, environ, buffered=True)
        if reason := _why_not_cached(response):
            request_log.log.error("%s (%s) is not kept in the page cache: %s", self.endpoints[address], address, reason)
            return None
        body = response.get_data()
        made = {name: encode(body) for name, encode in ENCODINGS.items()}
        tag = hashlib.sha256(body).hexdigest()[:20]
        copies = {
            name: _encoded(response, tag, name, data) for name, data in made.items() if _is_smaller(name, data, body)
        }
        self.copies[address] = copies
        return copies


def _marked(app: Flask) -> Iterable[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        cached = getattr(app.view_functions[rule.endpoint], "cached", False)
        if cached and not rule.arguments - set(rule.defaults or ()) and is_served(app, rule.endpoint):
            yield rule.rule, rule.endpoint


def _why_not_cached(response: BaseResponse) -> str | None:
    """Why this response must not be served to other visitors: it may contain something private. None if it is safe."""
    if response.status_code != HTTPStatus.OK:
        return f"the status is {response.status_code}"
    if "Set-Cookie" in response.headers:
        return "it sets a cookie"
    return "it depends on a cookie" if "cookie" in response.vary else None


def _no_store(start_response: StartResponse) -> StartResponse:
    """What the cache must not store, browsers and proxies must not store either."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        others = [pair for pair in headers if pair[0].lower() != "cache-control"]
        return start_response(status, [*others, ("Cache-Control", "no-store")], exc_info)

    return start


def _is_smaller(encoding: str, data: bytes, body: bytes) -> bool:
    """Fonts and images are already compressed; compressing them again saves nothing."""
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
