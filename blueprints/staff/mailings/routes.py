"""Newsletters: read one, mail it to oneself, send it, watch it, stop it."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, current_app, request, url_for
from werkzeug.wrappers import Response

from blueprints.newsletters import sendings, services, shelf
from blueprints.newsletters.sendings import Sending, State
from blueprints.staff import bp, roles
from blueprints.staff.access import background, current, requires
from blueprints.staff.mailings import letters
from blueprints.staff.mailings.forms import Act, SendForm
from blueprints.staff.mailings.letters import Letter
from blueprints.staff.mailings.lists import checked
from core.extensions import limiter
from core.web import errors, hypermedia, mail_frame

CHANGED = "It was sent before with other words. Put a correction into an issue of its own."
NOT_SENDING = "It is not being sent, so there was nothing to stop."
NOTICES = {"tested": "A copy is on its way to you. Its link to unsubscribe does not work."}


@bp.get("/newsletters")
@requires(roles.WRITE_NEWS)
def newsletters() -> Response:
    return hypermedia.page("staff/mailings/newsletters.html", lines=letters.lines(shelf.of_the_site()))


@bp.get("/newsletters/<name>")
@requires(roles.WRITE_NEWS)
def newsletter(name: str) -> Response:
    return _page(name)


@bp.get("/newsletters/<name>/html")
@requires(roles.WRITE_NEWS)
def newsletter_html(name: str) -> Response:
    """Only the HTML part of the mail."""
    return mail_frame.of_mail(_letter(name).html)


@bp.post("/newsletters/<name>/test")
@requires(roles.WRITE_NEWS)
@limiter.limit("10/minute")
def test_newsletter(name: str) -> Response:
    letter, me = _letter(name), current()
    if letter.issue is None:
        return _page(name, 409)
    services.put_test(letter.issue, me.email, me.actor)
    return hypermedia.go_to(url_for("staff.newsletter", name=name, done="tested"))


@bp.post("/newsletters/<name>/send")
@requires(roles.SEND_NEWS)
@limiter.limit("30/minute")
def send_newsletter(name: str) -> Response:
    """Start it, or continue it after a stop."""
    letter, form = _letter(name), SendForm()
    if letter.issue is None or letter.obstacles:
        form.form_errors = ["It cannot be sent yet."]
        return _page(name, 422, form)
    if not form.validate():
        return _page(name, 422, form)
    try:
        broadcast_id = services.begin(letter.issue, actor=current().actor, expected=form.number)
    except services.WrongNumber as error:
        form.refuse(error.readers)
        return _page(name, 422, form)
    except services.ChangedSince:
        form.form_errors = [CHANGED]
        return _page(name, 422, form)
    services.queue_first(broadcast_id)
    return hypermedia.go_to(url_for("staff.newsletter", name=name))


@bp.post("/newsletters/send/check/<field>")
@requires(roles.SEND_NEWS)
@limiter.limit("120/minute")
def check_send(field: str) -> Response:
    return checked(SendForm(), field)


@bp.post("/newsletters/<name>/stop")
@requires(roles.SEND_NEWS)
def stop_newsletter(name: str) -> Response:
    try:
        services.stop(name, current().actor)
    except services.NotSending:
        return _page(name, 409, notice=NOT_SENDING)
    return hypermedia.go_to(url_for("staff.newsletter", name=name))


@bp.post("/newsletters/<name>/progress")
@requires(roles.WRITE_NEWS)
@background
def newsletter_progress(name: str) -> Response:
    """The bar again while it is being sent; afterwards the whole page, whose buttons are others then."""
    now = sendings.look(name)
    if now.state is not State.SENDING or not hypermedia.wants_fragment():
        return hypermedia.go_to(url_for("staff.newsletter", name=name))
    return hypermedia.fragment("staff/mailings/_progress.html", name=name, sending=now, act=Act(formdata=None))


def _letter(name: str) -> Letter:
    try:
        return letters.one(shelf.of_the_site(), name)
    except shelf.UnknownIssue:
        abort(404)


def _page(name: str, status: int = 200, form: SendForm | None = None, notice: str = "") -> Response:
    letter = _letter(name)
    me, now = current(), sendings.look(name)
    page = hypermedia.page(
        "staff/mailings/newsletter.html",
        status,
        letter=letter,
        sending=now,
        notice=notice or NOTICES.get(request.args.get("done", ""), ""),
        me=me,
        may_send=me.may(roles.SEND_NEWS),
        is_sendable=_is_sendable(letter, now),
        is_mailed=bool(current_app.config["MAIL_URL"]),
        form=form or SendForm(formdata=None),
        act=Act(formdata=None),
    )
    return mail_frame.with_frame(page)


def _is_sendable(letter: Letter, now: Sending) -> bool:
    return not letter.obstacles and now.state is not State.SENDING and now.left > 0


def _again(form: SendForm, status: int) -> Response:
    return _page((request.view_args or {})["name"], status, form)


_show: Callable[[SendForm, int], Response] = _again
errors.preserve_input_on_error(bp, "staff.send_newsletter", SendForm, _show)
