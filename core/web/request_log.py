"""The request log: one line per request, from Flask or the page cache, with method, route pattern, status and
milliseconds. It never holds a URL (which may contain a token), a query string, a form value or a database parameter.
In development, tracebacks are complete. Static files are not logged."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from typing import Any

from flask import Flask, g, has_request_context, request
from werkzeug.wrappers import Response

log = logging.getLogger("site")
FOR_THE_CACHE = "site.for_the_cache"
"""WSGI environment key that marks the page cache's own requests. They are not logged: the visitor's request is."""


class WithoutValues(logging.Formatter):
    """Removes values from tracebacks: the location and the exception class stay, the message goes, because it may quote
    what was typed. An error in a request is identified by the route's pattern, because the URL may hold a token."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and has_request_context():
            record = logging.makeLogRecord(
                {**record.__dict__, "msg": f"fault in {_route()}", "args": (), "exc_text": None}
            )
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return "".join(traceback.format_tb(ei[2])) + str(ei[0].__name__)


def init_app(app: Flask) -> None:
    handler = logging.StreamHandler(sys.stderr)
    kind = logging.Formatter if app.config["SHOW_FAULTS"] else WithoutValues
    handler.setFormatter(kind("%(asctime)s %(levelname)s %(message)s"))
    for name in ("site", app.logger.name):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], app.testing
        logger.setLevel(logging.INFO)
    app.before_request(_start)
    app.after_request(_finish)


def note(method: str, pattern: str, status: int, started: float) -> None:
    """Write the line of one request. `started` is a time.perf_counter() value."""
    log.info("%s %s %s %.0f ms", method, pattern, status, (time.perf_counter() - started) * 1000)


def _start() -> None:
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    if request.endpoint != "static" and FOR_THE_CACHE not in request.environ:
        note(request.method, _pattern(), response.status_code, g.get("started", time.perf_counter()))
    return response


def _route() -> str:
    return f"{request.method} {_pattern()}"


def _pattern() -> str:
    return request.url_rule.rule if request.url_rule else "(no route)"
