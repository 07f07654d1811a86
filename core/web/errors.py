"""Error pages in the site's design. They work without the database, never repeat what was typed, and show the crisis
line."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, request
from flask_limiter import RateLimitExceeded
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError, ServiceUnavailable
from werkzeug.wrappers import Response

from core import database
from core.database import UNAVAILABLE
from core.extensions import db
from core.web import hypermedia

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
    413: "That is too long to be saved. Your answers are still here: shorten them, then send again.",
    429: "There were too many tries in a short time. Your answers are still here: wait a minute, then send again.",
    503: (
        "The site cannot save at this moment, so this may not be saved. Your answers are still here: try again soon. "
        "What is sent twice is kept once."
    ),
}
AnyForm = TypeVar("AnyForm", bound=FlaskForm)


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, refuse)
    for kind in UNAVAILABLE:
        app.register_error_handler(kind, show_database_error)
    app.after_request(end_transaction)


def refuse(error: HTTPException, fault: Exception | None = None) -> Response:
    """Answers a request that failed. An expired CSRF token, a rate limit or a database outage must not cost the visitor
    what they typed: forms registered with `preserve_input_on_error` are shown again, filled in."""
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, UNAVAILABLE):
        # The database became unavailable while another error page was being rendered.
        return show_database_error(cause)
    registered = current_app.extensions.get("kept_answers", {}).get(request.endpoint)
    if registered is None or not _can_refill(error):
        return show_error(error, fault)
    form, show = registered
    return with_form(error, lambda filled: show(filled, error.code or 400), form())


def _can_refill(error: HTTPException) -> bool:
    """Whether the form was read and the error is not about its answers, so that it can be shown again filled in."""
    if isinstance(error, RequestEntityTooLarge):
        return (request.content_length or 0) <= (request.max_content_length or 0)
    return isinstance(error, CSRFError | RateLimitExceeded | DatabaseUnavailable)


def show_error(error: HTTPException, fault: BaseException | None = None) -> Response:
    """The error page. `HX-Reswap: none` keeps htmx from swapping it in, so the page with what was typed stays."""
    if error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, SecurityError):
        # The Host header is not trusted, so no links can be built for a designed page.
        return Response("This site does not answer to that name.\n", 400, mimetype="text/plain")
    known = error.code if error.code in PAGES else (400 if error.code < 500 else 500)
    heading, message = getattr(error, "words", PAGES[known])
    again = _posted_again() if isinstance(error, DatabaseUnavailable) else None
    context = {"heading": heading, "message": message, "again": again, "fault": _traceback(fault or error)}
    response = hypermedia.page("errors/error.html", error.code, code=error.code, **context)
    response.headers.extend(_protocol_headers(error))
    response.headers["HX-Reswap"] = "none"
    return response


def _traceback(fault: BaseException) -> str:
    """The traceback, for developers. Empty in production, because it may quote what a person typed."""
    cause = getattr(fault, "original_exception", None) or fault
    if not current_app.config["SHOW_FAULTS"] or isinstance(cause, HTTPException):
        return ""
    return "".join(traceback.format_exception(cause))


def show_database_error(error: Exception) -> Response:
    note(error)
    return refuse(DatabaseUnavailable(retry_after=60), error)


class DatabaseUnavailable(ServiceUnavailable):
    """The database is down. If it failed during a commit, nobody knows whether the data was saved."""


def end_transaction(response: Response) -> Response:
    """Ends a read-only transaction here rather than at teardown: if the connection was lost meanwhile, the visitor gets
    our error page. At teardown only the WSGI server could answer."""
    try:
        if db.session.registry.has():
            db.session.rollback()
    except UNAVAILABLE as error:
        return current_app.make_response(current_app.handle_user_exception(error))
    return response


def with_form(error: HTTPException, show: Callable[[AnyForm], Response], form: AnyForm) -> Response:
    """The form again, filled in, with the reason it was refused at the top."""
    form.form_errors = [FORM_REFUSALS[error.code or 400]]
    response = show(form)
    response.headers.extend(_protocol_headers(error))
    return response


def preserve_input_on_error(
    bp: Blueprint, endpoint: str, form: Callable[[], FlaskForm], show: Callable[[Any, int], Response]
) -> None:
    """When a request to `endpoint` fails for a reason that is not in the answers (see `_can_refill`), respond with
    `show(form(), status)`: the form filled in. `endpoint` is the full name, such as "referrals.review"."""
    bp.record(lambda state: state.app.extensions.setdefault("kept_answers", {}).update({endpoint: (form, show)}))


def note(error: Exception) -> None:
    """Rolls back and logs the kind of database error. Its text is logged in development only: it may quote what was
    typed."""
    try:
        db.session.rollback()
    except UNAVAILABLE:
        db.session().invalidate()
    shown = f": {getattr(error, 'orig', error)}" if current_app.config["SHOW_FAULTS"] else ""
    log.error("database error %s%s", database.kind_of(error), shown)


def _posted_again() -> list[tuple[str, str]] | None:
    """The fields that a "try again" button must resend, or None if the request was not a POST."""
    if request.method != "POST":
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    # One-click unsubscribe from a mail program: its body is never read.
    return [] if getattr(view, "open_to_other_sites", False) else list(request.form.items(multi=True))


def _protocol_headers(error: HTTPException) -> list[tuple[str, str]]:
    """Headers such as Allow and Retry-After, without those that describe the body."""
    return [(k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")]
