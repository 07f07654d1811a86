"""`/staff/audit`: who opened this referral, what did this person do, everything. Addresses hold references and ids of
staff, never what was typed."""

from __future__ import annotations

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from blueprints.staff import bp, roles
from blueprints.staff.access import current, requires
from blueprints.staff.oversight import services
from blueprints.staff.oversight.forms import REFERENCE, FilterForm
from core import clinic
from core.audit.reading import Filter
from core.database import writes
from core.web import hypermedia

LARGEST = 2**31 - 1
"""Of the ids in the database."""


@bp.get("/audit", endpoint="audit")
@writes
@requires(roles.AUDIT)
def show() -> Response:
    before = _number("before")
    trail = services.page(_wanted(), before, current().actor)
    people = services.people()
    form = FilterForm(formdata=None, data={**request.args, "person": _person(), "mentioned": _is_mentioned()})
    form.offer(people)
    about = people.get(_number("about") or 0)
    return _show(form, trail=trail, people=people, about=about, address=_address(), before=before)


@bp.post("/audit")
@requires(roles.AUDIT)
def filter_audit() -> Response:
    form = FilterForm()
    form.offer(services.people())
    if not form.validate():
        return _show(form, 422)
    return hypermedia.go_to(url_for("staff.audit", **form.address))


@bp.post("/audit/check/<field>")
@requires(roles.AUDIT)
def check_audit(field: str) -> Response:
    form = FilterForm()
    form.offer(services.people())
    if form.field(field) is None:
        abort(404)
    return hypermedia.checked(form, field)


@bp.get("/audit.csv")
@writes
@requires(roles.AUDIT)
def export_audit() -> Response:
    table = services.exported(_wanted(), current().actor)
    response = Response(table, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"audit-{clinic.today():%Y-%m-%d}.csv")
    return response


def _wanted() -> Filter:
    """A parameter that no link of ours makes is a 404, and is kept nowhere."""
    reference, about = request.args.get("reference", ""), _number("about")
    if reference and not REFERENCE.fullmatch(reference):
        abort(404)
    subject = reference or (f"staff:{about}" if about else "")
    return Filter(subject, bool(reference) and _is_mentioned(), _number("person"))


def _is_mentioned() -> bool:
    return request.args.get("mentioned") == "1"


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:10]) <= LARGEST and len(text) <= 10):
        abort(404)
    return int(text)


def _person() -> str:
    return str(_number("person") or "")


def _address() -> dict[str, str]:
    """The parameters that choose events, for links to other pages of the same choice."""
    return {name: value for name in ("reference", "mentioned", "person", "about") if (value := request.args.get(name))}


def _show(form: FilterForm, status: int = 200, **context: object) -> Response:
    return hypermedia.page("staff/audit/list.html", status, form=form, at_most=services.EXPORTED_AT_MOST, **context)
