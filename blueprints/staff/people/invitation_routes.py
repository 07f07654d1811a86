"""The page on which somebody accepts their invitation. The link's token comes after the #, which browsers do not send:
the person's browser puts it into the form (static/js/invitation.js), or they do."""

from __future__ import annotations

from flask import abort, request, session, url_for
from werkzeug.wrappers import Response

from blueprints.staff import bp
from blueprints.staff.access import ANYBODY, requires
from blueprints.staff.keyring import invitations
from blueprints.staff.keyring.invitations import Invited, UnknownInvitation
from blueprints.staff.people.forms import CodeForm, PasswordForm
from blueprints.staff.signin import pages
from core.clients import network
from core.extensions import limiter
from core.web import hypermedia

CODE = "staff_invitation"
NO_INVITATION = (
    "This invitation was used, is more than three days old, or was replaced by a newer one. "
    "Ask a manager for a new link."
)


@bp.get("/invitation")
@requires(ANYBODY)
def ask_code() -> Response:
    return _code_page(CodeForm(formdata=None))


@bp.post("/invitation")
@requires(ANYBODY)
@limiter.limit("30/minute")
def take_code() -> Response:
    form = CodeForm()
    if not form.validate():
        return _code_page(form, 422)
    # People copy the whole link too.
    token = form.code.data.rpartition("#")[2]
    try:
        invitations.look(token)
    except UnknownInvitation:
        form.code.errors = [NO_INVITATION]
        return _code_page(form, 422)
    session[CODE] = token
    return hypermedia.go_to(url_for("staff.ask_password"))


@bp.get("/invitation/password")
@requires(ANYBODY)
def ask_password() -> Response:
    try:
        invited = invitations.look(session.get(CODE, ""))
    except UnknownInvitation:
        return hypermedia.go_to(url_for("staff.ask_code"))
    return _password_page(PasswordForm(formdata=None, name=invited.name), invited)


@bp.post("/invitation/password")
@requires(ANYBODY)
@limiter.limit("30/minute")
def accept_invitation() -> Response:
    token, form = session.get(CODE, ""), PasswordForm()
    try:
        invited = invitations.look(token)
        form.email = invited.email
        if not form.validate():
            return _password_page(form, invited, 422)
        invitations.accept(token, form.name.data, form.password.data, network(request.remote_addr or ""))
    except UnknownInvitation:
        code_form = CodeForm(formdata=None)
        code_form.code.errors = [NO_INVITATION]
        return _code_page(code_form, 422)
    session.pop(CODE, None)
    return hypermedia.go_to(url_for("security.login"))


@bp.post("/invitation/check/<field>")
@requires(ANYBODY)
@limiter.limit("120/minute")
def check_invitation(field: str) -> Response:
    form = CodeForm() if field == "code" else PasswordForm()
    return hypermedia.checked(form, field) if form.field(field) else abort(404)


def _code_page(form: CodeForm, status: int = 200) -> Response:
    return pages.show("staff/people/code.html", status, form=form)


def _password_page(form: PasswordForm, invited: Invited, status: int = 200) -> Response:
    return pages.show("staff/people/password.html", status, form=form, invited=invited)
