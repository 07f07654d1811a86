"""The form of things, the check of one field, and the page after it."""

from __future__ import annotations

from flask import abort, url_for
from werkzeug.wrappers import Response

from core.extensions import client_network, limiter
from core.web import errors, hypermedia
from core.web.sitemap import listed
from scaffold.things import bp, services
from scaffold.things.forms import ThingForm


@bp.get("")
@listed
def ask() -> Response:
    return _page(ThingForm(formdata=None))


@bp.post("")
@limiter.limit("30/minute")
def answer() -> Response:
    form = ThingForm()
    if not form.validate():
        return _page(form, 422)
    services.add(form.contact_name.data, form.contact_email.data, client_network())
    return hypermedia.go_to(url_for("things.thanks"))


@bp.post("/check/<field>")
@limiter.limit("120/minute")
def check_field(field: str) -> Response:
    form = ThingForm()
    if form.field(field) is None:
        abort(404)
    return hypermedia.checked(form, field)


@bp.get("/thanks")
def thanks() -> Response:
    return hypermedia.page("things/thanks.html")


def _page(form: ThingForm, status: int = 200) -> Response:
    return hypermedia.page("things/ask.html", status, form=form)


errors.preserve_input_on_error(bp, "things.answer", ThingForm, _page)
