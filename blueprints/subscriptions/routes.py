"""The subscribe form of every footer, its own page, and the links in the mail."""

from __future__ import annotations

from flask import abort, request, url_for
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from blueprints.subscriptions import bp, forms, services
from blueprints.subscriptions.forms import SubscribeForm
from core import errors, hypermedia, security
from core.extensions import csrf, limiter
from core.pages import made_once

bp.app_context_processor(forms.blank)


@bp.get("")
@made_once
def ask() -> Response:
    return _page(SubscribeForm(formdata=None))


@bp.post("")
@csrf.exempt
@limiter.limit("30/minute;300/day")
def subscribe() -> Response:
    form = SubscribeForm()
    if not form.validate():
        return _page(form, 422)
    if not form.is_from_a_robot:
        services.subscribe(form.email.data)
    return hypermedia.done("subscriptions/_thanks.html", url_for("subscriptions.thanks"))


@bp.post("/check/<field>")
@csrf.exempt
@limiter.limit("120/minute")
def check_field(field: str) -> Response:
    if field != "email":
        abort(404)
    return hypermedia.checked(SubscribeForm(), field)


@bp.get("/thanks")
@made_once
def thanks() -> Response:
    return hypermedia.page("subscriptions/thanks.html")


@bp.get("/confirm/<token>")
def ask_to_confirm(token: str) -> Response:
    """Only a button: mail scanners follow links."""
    return hypermedia.page("subscriptions/confirm.html", token=token)


@bp.post("/confirm/<token>")
@csrf.exempt
@limiter.limit("30/minute")
def confirm(token: str) -> Response:
    services.confirm(token)
    return hypermedia.page("subscriptions/confirmed.html")


@bp.get("/leave/<token>")
def ask_to_leave(token: str) -> Response:
    return hypermedia.page("subscriptions/leave.html", token=token)


@bp.post("/leave/<token>")
@csrf.exempt
@security.open_to_other_sites
@limiter.limit("30/minute")
def leave(token: str) -> Response:
    services.leave(token)
    return hypermedia.page("subscriptions/left.html")


@bp.errorhandler(services.LinkExpired)
def show_expired(_error: services.LinkExpired) -> Response:
    return hypermedia.page("subscriptions/expired.html", 404)


@bp.errorhandler(RateLimitExceeded)
def show_again(error: HTTPException) -> Response:
    if request.endpoint != "subscriptions.subscribe":
        return errors.show_error(error)
    return errors.with_form(error, lambda form: _page(form, error.code or 400), SubscribeForm())


@bp.errorhandler(DBAPIError)
def show_unsaved(error: DBAPIError) -> Response:
    errors.note(error)
    if request.endpoint != "subscriptions.subscribe":
        return errors.show_error(errors.unavailable())
    return errors.with_form(errors.unavailable(), lambda form: _page(form, 503), SubscribeForm())


def _page(form: SubscribeForm, status: int = 200) -> Response:
    return hypermedia.page("subscriptions/subscribe.html", status, subscribe_form=form)
