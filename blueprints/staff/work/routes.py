"""The list of referrals and the page of one."""

from __future__ import annotations

import json

from flask import abort, current_app, request, url_for
from werkzeug.wrappers import Response

from blueprints.referrals.desk import export, services
from blueprints.referrals.services import UnknownReferral
from blueprints.staff import bp, roles
from blueprints.staff.access import SIGNED_IN, current, private_key, requires
from blueprints.staff.work import forms, frame, pages
from blueprints.staff.work.actions import Refused
from core.crypto.envelope import SealingError
from core.extensions import limiter
from core.web import hypermedia

bp.app_context_processor(frame.context)
YEAR = 365 * 24 * 3600


@bp.get("/")
@requires(SIGNED_IN)
def home() -> Response:
    return hypermedia.go_to(url_for("staff.referrals"))


@bp.get("/referrals")
@requires(roles.READ)
def referrals() -> Response:
    number = request.args.get("page", 1, type=int)
    return pages.list_page(pages.view_of(request.args.get("view")), min(max(number, 1), 1_000_000))


referrals.writes = True  # type: ignore[attr-defined]


@bp.post("/referrals/find")
@requires(roles.READ)
def find() -> Response:
    form = forms.form_for("find", filled=True)
    return pages.found_page(form) if form.validate() else pages.refused_find(form)


@bp.get("/referrals/<reference>")
@requires(roles.READ)
def referral(reference: str) -> Response:
    return pages.referral_page(reference, done=request.args.get("done", ""))


referral.writes = True  # type: ignore[attr-defined]


@bp.post("/referrals/<reference>/do/<action>")
@requires(roles.READ)
@limiter.limit("120/minute")
def act(reference: str, action: str) -> Response:
    """The service checks the permission that this action needs."""
    form = _form(action)
    if request.form.get("then") == "preview":
        return pages.referral_page(reference, refused=Refused(action, form))
    if not form.validate():
        return pages.referral_page(reference, 422, Refused(action, form))
    person = current()
    given = pages.given(action, form)
    try:
        services.act(
            reference,
            action,
            form.seen_version,
            person.actor,
            roles.allowed(person.roles),
            given,
            private_key(),
            current_app.config["SEALING_PUBLIC_KEYS"],
        )
    except services.Missing as error:
        form.refuse(error.problems)
        return pages.referral_page(reference, 422, Refused(action, form))
    except services.Stale as error:
        return pages.referral_page(reference, 409, Refused(action, form), error.now)
    except services.NotAllowed as error:
        form.form_errors = [error.words]
        return pages.referral_page(reference, 403, Refused(action, form))
    return hypermedia.go_to(pages.after(reference, action))


@bp.post("/referrals/<reference>/write/<kind>")
@requires(roles.WORK)
@limiter.limit("120/minute")
def write(reference: str, kind: str) -> Response:
    form = _form(kind)
    if not form.validate():
        return pages.referral_page(reference, 422, Refused(kind, form))
    person = current()
    try:
        services.write(
            reference,
            kind,
            form.given(),
            person.actor,
            roles.allowed(person.roles),
            current_app.config["SEALING_PUBLIC_KEYS"],
        )
    except services.Missing as error:
        form.refuse(error.problems)
        return pages.referral_page(reference, 422, Refused(kind, form))
    return hypermedia.go_to(pages.after(reference, kind))


@bp.post("/referrals/<reference>/check/<item>")
@requires(roles.WORK)
def check(reference: str, item: str) -> Response:
    person = current()
    services.check(reference, item, request.form.get("done") == "1", person.actor, roles.allowed(person.roles))
    return hypermedia.go_to(pages.after(reference, "", anchor="next"))


@bp.post("/referrals/<reference>/look")
@requires(roles.READ)
def look(reference: str) -> Response:
    others = services.look(reference, current().actor)
    return hypermedia.fragment("staff/work/_others.html", reference=reference, others=others)


@bp.get("/referrals/<reference>/fhir")
@requires(roles.OVERSEE)
def fhir(reference: str) -> Response:
    """A FHIR R4 Bundle to keep."""
    made = export.as_fhir(reference, current().actor, private_key())
    response = Response(json.dumps(made, indent=2, ensure_ascii=False), mimetype="application/fhir+json")
    response.headers["Content-Disposition"] = f'attachment; filename="{reference}.json"'
    return response


fhir.writes = True  # type: ignore[attr-defined]


@bp.errorhandler(UnknownReferral)
def show_unknown(_error: UnknownReferral) -> Response:
    return hypermedia.page(
        "staff/work/problem.html",
        404,
        heading="There is no referral with this reference",
        message="Check it, or find the referral by name.",
    )


@bp.errorhandler(SealingError)
def show_closed(error: SealingError) -> Response:
    return hypermedia.page(
        "staff/work/problem.html",
        500,
        heading="This referral cannot be opened",
        message="The clinic's key does not open it, or it was changed in the database. Tell your manager: "
        "“flask keys check” says more.",
    )


@bp.post("/keys")
@requires(SIGNED_IN)
def keys() -> Response:
    """Whether the keys of the desk work in this browser. A cookie of its own, so that it outlives the session."""
    off = request.form.get("keys") == "off"
    back = request.form.get("back", "")
    response = hypermedia.go_to(back if back.startswith("/staff/") else url_for("staff.referrals"))
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    options = {"path": "/staff", "httponly": True, "samesite": "Strict", "secure": secure}
    response.set_cookie(pages.KEYS_COOKIE, "off" if off else "on", max_age=YEAR, **options)
    return response


@bp.post("/work/check/<field>")
@requires(roles.READ)
def check_field(field: str) -> Response:
    abort(404)


def _form(name: str) -> forms.DeskForm:
    form = forms.form_for(name, filled=True)
    if form is None or name == "find":
        abort(404)
    return form
