"""The pages of signing in that Flask-Security does not have."""

from __future__ import annotations

from flask import current_app, redirect, url_for
from flask_security import current_user
from werkzeug.wrappers import Response

from blueprints.staff import access, bp
from blueprints.staff.access import ANYBODY, SETTING_UP, SIGNED_IN, requires
from blueprints.staff.signin import answers, browser, credentials, forms, pages, steps, throttle
from core import clock
from core.web import hypermedia

CLEAR = '"cache", "storage"'


@bp.get("/")
@requires(SIGNED_IN)
def landing() -> Response:
    if address := browser.led_to():
        return hypermedia.go_to(address)
    worklist = "staff.referrals" in current_app.view_functions
    return hypermedia.go_to(url_for("staff.referrals" if worklist else "staff.account"))


@bp.get("/account")
@requires(SIGNED_IN)
def account() -> Response:
    """What a person can change of their own: password, second factors, sessions."""
    return pages.show("staff/signin/account.html", member=current_user, person=access.current())


@bp.get("/second-factor")
@requires(SETTING_UP)
def second_factor() -> Response:
    return pages.show("staff/signin/second_factor.html")


@bp.get("/second-factor/set")
@requires(SETTING_UP)
def factor_set() -> Response:
    """After a second factor was set up: recovery codes, for whoever has none."""
    has_codes = bool(current_user.mf_recovery_codes)
    return redirect(url_for("staff.account" if has_codes else "security.mf_recovery_codes"), 303)


@bp.get("/unlock")
@requires(SIGNED_IN)
def unlock() -> Response:
    if access.has_key():
        return hypermedia.go_to(answers.next_address() or url_for("staff.landing"))
    form = forms.UnlockForm(formdata=None, next=answers.next_address())
    return pages.show("staff/signin/unlock.html", form=form)


@bp.post("/unlock")
@requires(SIGNED_IN)
@throttle.own_password
def open_key() -> Response:
    form, person = forms.UnlockForm(), access.current()
    if form.validate() and _opens(form, person):
        return hypermedia.go_to(form.next.data or url_for("staff.landing"))
    return pages.show("staff/signin/unlock.html", 422, form=form)


def _opens(form: forms.UnlockForm, person: access.Person) -> bool:
    member, is_right = credentials.check(person.email, form.password.data or "")
    if not is_right:
        steps.refused(member, "password")
        form.password.errors = [forms.WRONG_PASSWORD]
    elif not steps.unlock(person.id, form.password.data or ""):
        form.form_errors.append("The password is right, but you have no copy of the clinic's key. Ask a manager.")
    return not form.errors and not form.form_errors


@bp.post("/stay")
@requires(SIGNED_IN)
def stay() -> Response:
    """Still at work: the session goes on. For the script, which needs only to know how long, and whose it is."""
    left = int((access.expires_at() - clock.now()).total_seconds())
    if hypermedia.wants_fragment():
        headers = {"X-Signed-In-For": str(left), "X-Signed-In-As": str(access.current().id)}
        return Response(status=204, headers=headers)
    return hypermedia.go_to(url_for("staff.landing"))


@bp.post("/sign-out")
@requires(ANYBODY)
def sign_out() -> Response:
    person = access.signed_in()
    steps.sign_out(person.actor if person else None)
    return _signed_out()


@bp.post("/sign-out-everywhere")
@requires(SIGNED_IN)
def sign_out_everywhere() -> Response:
    steps.sign_out_everywhere(access.current().actor)
    return _signed_out()


@bp.get("/signed-out")
@requires(ANYBODY)
def signed_out() -> Response:
    return pages.show("staff/signin/signed_out.html")


def _signed_out() -> Response:
    response = hypermedia.go_to(url_for("staff.signed_out"))
    response.headers["Clear-Site-Data"] = CLEAR
    return response
