"""The subscribe form in the footer and on its own page, and the pages that mail links to."""

from __future__ import annotations

from flask import abort, request, url_for
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests
from werkzeug.wrappers import Response

from blueprints.subscriptions import bp, data_requests, forms, links, services
from blueprints.subscriptions.forms import SubscribeForm
from core.extensions import client_network, csrf, limiter
from core.mail import outbox
from core.mail.limits import Verdict
from core.web import errors, hypermedia, security
from core.web.page_cache import cached
from core.web.sitemap import listed

bp.app_context_processor(forms.blank)
outbox.refused.connect(services.suppress_refused)


@bp.get("")
@listed
@cached
def ask() -> Response:
    return _page(SubscribeForm(formdata=None))


@bp.post("")
@csrf.exempt
@limiter.limit("30/minute;100/day")
def subscribe() -> Response:
    form = SubscribeForm()
    if not form.validate():
        return _page(form, 422)
    if not form.is_from_a_robot:
        services.subscribe(form.email.data, client_network())
    return hypermedia.fragment_or_redirect("subscriptions/_thanks.html", url_for("subscriptions.thanks"), in_place=True)


@bp.post("/check/<field>")
@csrf.exempt
@limiter.limit("120/minute")
def check_field(field: str) -> Response:
    if field != "email":
        abort(404)
    return hypermedia.checked(SubscribeForm(), field)


@bp.get("/thanks")
@cached
def thanks() -> Response:
    return hypermedia.page("subscriptions/thanks.html")


@bp.get("/confirm/<token>")
def ask_to_confirm(token: str) -> Response:
    """Shows only a button, because mail scanners follow links."""
    return hypermedia.page("subscriptions/confirm.html", token=token, address=links.confirmation(token))


@bp.post("/confirm/<token>")
@csrf.exempt
@limiter.limit("30/minute")
def confirm(token: str) -> Response:
    address = services.confirm(token, client_network())
    return hypermedia.page("subscriptions/confirmed.html", address=address)


@bp.post("/confirm/<token>/again")
@csrf.exempt
@limiter.limit("10/minute")
def ask_again(token: str) -> Response:
    services.ask_again(token, client_network())
    return hypermedia.go_to(url_for("subscriptions.thanks"))


@bp.get("/leave/<token>")
def ask_to_leave(token: str) -> Response:
    address, has_left = links.leaving(token)
    template = "subscriptions/left.html" if has_left else "subscriptions/leave.html"
    return hypermedia.page(template, token=token, address=address)


@bp.post("/leave/<token>")
@csrf.exempt
@security.open_to_other_sites
@limiter.limit("30/minute")
def leave(token: str) -> Response:
    undo = services.leave(token, client_network())
    return hypermedia.page("subscriptions/left.html", token=token, undo=undo, address=links.leaving(token).address)


@bp.post("/leave/<token>/copy")
@csrf.exempt
@limiter.limit("10/minute")
def send_copy(token: str) -> Response:
    data_requests.send_holdings(token, client_network())
    return hypermedia.page("subscriptions/copied.html", token=token)


@bp.post("/leave/<token>/delete")
@csrf.exempt
@limiter.limit("10/minute")
def forget(token: str) -> Response:
    services.forget(token)
    return hypermedia.page("subscriptions/deleted.html")


@bp.errorhandler(links.UnknownLink)
def show_unknown(error: links.UnknownLink) -> Response:
    if isinstance(error, links.KnownLink):
        name = "expired" if isinstance(error, links.LinkExpired) else "used"
        values = {**(request.view_args or {}), "address": error.address}
        return hypermedia.page(f"subscriptions/{name}.html", 410, **values)
    return hypermedia.page("subscriptions/unknown.html", 404)


@bp.errorhandler(services.TooManyMails)
def show_busy(error: services.TooManyMails) -> Response:
    site = error.verdict is Verdict.SITE_PAUSED
    if site:
        errors.log.error("hourly limit on sign-up mail reached for the whole site: sign-ups are paused")
    refusal = ServiceUnavailable(retry_after=3600) if site else TooManyRequests(retry_after=3600)
    if request.endpoint != "subscriptions.subscribe":
        return errors.show_error(refusal)
    return errors.with_form(refusal, lambda form: _page(form, refusal.code), SubscribeForm())


def _page(form: SubscribeForm, status: int = 200) -> Response:
    return hypermedia.page("subscriptions/subscribe.html", status, subscribe_form=form)


errors.preserve_input_on_error(bp, "subscriptions.subscribe", SubscribeForm, _page)
