"""The list of referrals, the page of one, and what can be done there."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import abort, current_app, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from blueprints.referrals.desk import export, queue, services
from blueprints.referrals.services import UnknownReferral
from blueprints.staff import bp, roles
from blueprints.staff.access import SIGNED_IN, background, current, private_key, requires
from blueprints.staff.work import case_page, colleagues, done, forms, frame, keys, letter, list_page
from blueprints.staff.work.actions import Refused
from core.crypto.envelope import SealingError
from core.database import writes
from core.extensions import limiter
from core.web import errors, hypermedia

# For pages of the desk only: mail is rendered without a request.
bp.context_processor(frame.context)
OFTEN = "120/minute"


@bp.get("/referrals")
@requires(roles.READ)
@writes
def referrals() -> Response:
    number = request.args.get("page", 1, type=int)
    return list_page.show(list_page.asked_view(), min(max(number, 1), 10_000), done.read())


@bp.post("/referrals/find")
@requires(roles.READ)
@limiter.limit("60/minute")
def find() -> Response:
    form = _form("find")
    return list_page.found(form) if form.validate() else list_page.refused(form)


@bp.get("/referrals/<reference>")
@requires(roles.READ)
@writes
def referral(reference: str) -> Response:
    return case_page.show(reference, done=done.read())


@bp.post("/referrals/<reference>/do/<action>")
@requires(roles.READ)
@limiter.limit(OFTEN)
def act(reference: str, action: str) -> Response:
    """The service checks the permission that this action needs."""
    form, view, then = _form(action, forms.ACTIONS), list_page.asked_view(), request.form.get("then")
    if then == "preview":
        return case_page.show(reference, refused=Refused(action, form))
    person = current()
    if isinstance(form, forms.HandOver):
        form.offer(colleagues.of(person))
    following = queue.following(view, reference, person.actor) if then == "next" else reference
    given = {**form.given(), **colleagues.chosen(form.given().get("to_id", ""))}

    def do() -> None:
        seen, public_keys = form.seen_version, current_app.config["SEALING_PUBLIC_KEYS"]
        services.act(reference, action, seen, person.actor, person.permissions, given, private_key(), public_keys)

    if refusal := _refusal(reference, action, form, do):
        return refusal
    if following is None:
        return hypermedia.go_to(done.list_of(view, action, reference))
    return hypermedia.go_to(done.page_of(following, view, action, reference))


@bp.post("/referrals/<reference>/write/<kind>")
@requires(roles.WORK)
@limiter.limit(OFTEN)
def write(reference: str, kind: str) -> Response:
    form, person = _form(kind, forms.WRITING), current()

    def do() -> None:
        public_keys = current_app.config["SEALING_PUBLIC_KEYS"]
        services.write(reference, kind, form.given(), person.actor, person.permissions, public_keys)

    refusal = _refusal(reference, kind, form, do)
    return refusal or hypermedia.go_to(done.page_of(reference, list_page.asked_view(), kind, anchor="timeline"))


def _refusal(reference: str, name: str, form: forms.DeskForm, do: Callable[[], None]) -> Response | None:
    """The page again with what was typed, if the form or the service does not take it."""
    refused = Refused(name, form)
    if not form.validate():
        return case_page.show(reference, 422, refused)
    try:
        do()
    except services.Missing as error:
        form.refuse(error.problems)
        return case_page.show(reference, 422, refused)
    except services.Stale as error:
        return case_page.show(reference, 409, refused, error.now)
    except services.NotAllowed as error:
        form.form_errors = [error.words]
        return case_page.show(reference, 409, refused)
    return None


@bp.post("/referrals/<reference>/check/<item>")
@requires(roles.WORK)
def check(reference: str, item: str) -> Response:
    person, is_done = current(), request.form.get("done") == "1"
    services.check(reference, item, is_done, person.actor, person.permissions)
    return hypermedia.go_to(done.page_of(reference, list_page.asked_view(), anchor="next"))


@bp.post("/referrals/<reference>/look")
@requires(roles.READ)
@background
def look(reference: str) -> Response:
    others = services.look(reference, current().actor)
    return hypermedia.fragment("staff/work/_others.html", reference=reference, others=others)


@bp.post("/letter")
@requires(roles.DECIDE)
def preview() -> Response:
    """What the referrer will read, beside the form for declining."""
    form = _form("decline").given()
    shown = letter.declined(form.get("reason", ""), form.get("words", ""))
    return hypermedia.fragment("staff/work/_letter.html", letter=shown)


@bp.get("/referrals/<reference>/fhir")
@requires(roles.OVERSEE)
@writes
def fhir(reference: str) -> Response:
    """A FHIR R4 Bundle to keep."""
    made = export.as_fhir(reference, current().actor, private_key())
    response = Response(json.dumps(made, indent=2, ensure_ascii=False), mimetype="application/fhir+json")
    response.headers["Content-Disposition"] = f'attachment; filename="{reference}.json"'
    return response


@bp.post("/keys")
@requires(SIGNED_IN)
def switch_keys() -> Response:
    back = request.form.get("back", "")
    response = hypermedia.go_to(back if back.startswith("/staff/") else url_for("staff.referrals"))
    return keys.switch(response, request.form.get("keys") != "off")


@bp.post("/work/check/<field>")
@requires(roles.READ)
@limiter.limit("240/minute")
def check_field(field: str) -> Response:
    form = _form(request.form.get("which", ""))
    if form.field(field) is None:
        abort(404)
    return hypermedia.checked(form, field)


@bp.errorhandler(UnknownReferral)
def show_unknown(_error: UnknownReferral) -> Response:
    return _problem(404, "There is no referral with this reference", "Check it, or find the referral by name.")


@bp.errorhandler(SealingError)
def show_closed(_error: SealingError) -> Response:
    words = "The clinic's key does not open it, or it was changed in the database. Tell your manager: the command "
    return _problem(500, "This referral cannot be opened", f"{words}“flask keys check” says more.")


@bp.errorhandler(services.NotAllowed)
def show_not_allowed(error: services.NotAllowed) -> Response:
    return _problem(409, "This cannot be done now", error.words)


@bp.errorhandler(Forbidden)
def show_forbidden(_error: Forbidden) -> Response:
    words = "Your role does not include this. Ask a manager if you need it."
    return _problem(403, "This page is for somebody else", words)


def _problem(status: int, heading: str, message: str) -> Response:
    return hypermedia.page("staff/work/problem.html", status, heading=heading, message=message)


def _form(name: str, known: dict[str, type[forms.DeskForm]] = forms.FORMS) -> forms.DeskForm:
    form = forms.form_for(name, filled=True) if name in known else None
    if form is None:
        abort(404)
    return form


def _form_of_request() -> forms.DeskForm:
    values = request.view_args or {}
    return _form(values.get("action") or values.get("kind") or "find")


def _show_again(form: forms.DeskForm, status: int) -> Response:
    """The form that the site could not take, for a reason that is not in it, with what was typed."""
    if status == 503:
        # Without its database the page cannot be made; the error page keeps what was typed for another try.
        return errors.show_error(errors.DatabaseUnavailable(retry_after=60))
    if form.name == "find":
        return list_page.refused(form, status)
    return case_page.show(str((request.view_args or {})["reference"]), status, Refused(form.name, form))


for endpoint in ("staff.act", "staff.write", "staff.find"):
    errors.preserve_input_on_error(bp, endpoint, _form_of_request, _show_again)
