"""Error pages in the site's look. They need no database, name no value that was typed, and show the crisis line."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, request
from flask_limiter import RateLimitExceeded
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable
from werkzeug.wrappers import Response

from core import hypermedia
from core.extensions import db

log = logging.getLogger("site")

PAGES: dict[int, tuple[str, str]] = {
    400: ("This did not work", "The site could not read that request. Go back, reload the page and try again."),
    404: ("Page not found", "If you typed the address, check it. If you followed a link, the page may have moved."),
    405: ("This address does not do that", "Go back to the page you came from and use its buttons and links."),
    411: ("This did not work", "The request did not say how long it is, so nothing was read."),
    413: ("That is too long", "What you sent is larger than this site takes. Go back, shorten it and send it again."),
    415: ("This did not work", "The request was not sent as a form, so nothing was read."),
    422: ("This did not work", "Something in the form could not be read. Go back and try again."),
    429: ("Please wait a minute", "There were too many tries in a short time. Nothing is lost: go back and try again."),
    500: ("Something went wrong on our side", "It was not your doing, and the fault has been noted. Try again soon."),
    503: ("Not available just now", "The site cannot save anything at this moment. Try again in a few minutes."),
}


FORM_REFUSALS: dict[int, str] = {
    400: "This page was open for too long, or your browser keeps no cookies. Your answers are still here: send again.",
    429: "There were too many tries in a short time. Your answers are still here: wait a minute, then send again.",
    503: "Nothing was saved, because the site cannot save at this moment. Your answers are still here: try again soon.",
}
AnyForm = TypeVar("AnyForm", bound=FlaskForm)


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(DBAPIError, show_database_error)


def show_error(error: HTTPException, fault: BaseException | None = None) -> Response:
    """An answer that htmx leaves alone: the page with what was typed stays as it is."""
    if error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, SecurityError):
        # There is no site of that name to wear the look of, and no address to link to.
        return Response("This site does not answer to that name.\n", 400, mimetype="text/plain")
    known = error.code if error.code in PAGES else (400 if error.code < 500 else 500)
    heading, message = PAGES[known]
    context = {"heading": heading, "message": message, "fault": _told(fault or error)}
    response = hypermedia.page("errors/error.html", error.code, code=error.code, **context)
    response.headers.extend(_protocol_headers(error))
    response.headers["HX-Reswap"] = "none"
    return response


def _told(fault: BaseException) -> str:
    """What went wrong and where, for its developer. Nothing in production, because it may quote what was typed."""
    cause = getattr(fault, "original_exception", None) or fault
    if not current_app.config["SHOW_FAULTS"] or isinstance(cause, HTTPException):
        return ""
    return "".join(traceback.format_exception(cause))


def show_database_error(error: DBAPIError) -> Response:
    note(error)
    return show_error(unavailable(), error)


def with_form(error: HTTPException, show: Callable[[AnyForm], Response], form: AnyForm) -> Response:
    """The form again, filled, with the reason for the refusal above it."""
    form.form_errors = [FORM_REFUSALS[error.code or 400]]
    response = show(form)
    response.headers.extend(_protocol_headers(error))
    return response


def keep_answers(
    bp: Blueprint, endpoint: str, form: Callable[[], FlaskForm], show: Callable[[Any, int], Response]
) -> None:
    """A stale form token, too many tries or a broken database never cost what was typed.

    Where `endpoint` is refused for one of them, `show(form, status)` answers with the form filled.
    """

    @bp.errorhandler(CSRFError)
    @bp.errorhandler(RateLimitExceeded)
    def refuse(error: HTTPException) -> Response:
        if request.endpoint != endpoint:
            return show_error(error)
        return with_form(error, lambda filled: show(filled, error.code or 400), form())

    @bp.errorhandler(DBAPIError)
    def not_saved(error: DBAPIError) -> Response:
        if request.endpoint != endpoint:
            return show_database_error(error)
        note(error)
        return with_form(unavailable(), lambda filled: show(filled, 503), form())


def note(error: DBAPIError) -> None:
    """The kind of the fault, never its text where that may quote what a person typed."""
    db.session.rollback()
    shown = f": {error.orig}" if current_app.config["SHOW_FAULTS"] else ""
    log.error("database error %s%s", type(error.orig).__name__, shown)


def unavailable() -> ServiceUnavailable:
    return ServiceUnavailable(retry_after=60)


def _protocol_headers(error: HTTPException) -> list[tuple[str, str]]:
    """Allow, Retry-After and the like, without the body's own."""
    return [(k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")]
