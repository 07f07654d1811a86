"""The mailing list: how many are on it, importing and exporting."""

from __future__ import annotations

import io
from collections import Counter

from flask import abort
from werkzeug.wrappers import Response

from blueprints.staff import bp, roles
from blueprints.staff.access import current, requires
from blueprints.staff.mailings.forms import EXPORTED, ExportForm, ImportForm
from blueprints.subscriptions import import_export
from blueprints.subscriptions.csv_formats import NoAddresses, Refused, WrongFile
from core import clinic
from core.extensions import limiter
from core.forms.base import Form
from core.web import errors, hypermedia, security

MOST_EXPORTED = 20_000
"""People in one answer of the site. `flask subscribers export` knows no limit."""
READ_UP_TO = 256 * 1024
"""Bytes of a list that is too long (ADR 6), so that it can be shown again."""
SHOWN = 200
"""Refused lines on the page."""
WRONG_LIST: dict[type[WrongFile], str] = {
    NoAddresses: "The first line must name the columns, and one of them must be “email”.",
    import_export.OwnStatus: "The list has a column “status”. Choose “The list says it”.",
    import_export.NoStatus: "The list has no column “status”. Choose what everybody’s status is.",
}


@bp.get("/lists")
@requires(roles.LISTS)
def lists() -> Response:
    return _page()


@bp.post("/lists/import")
@requires(roles.LISTS)
@limiter.limit("30/minute")
@security.read_up_to(READ_UP_TO)
def import_list() -> Response:
    """Its report is the answer itself: it is kept nowhere, and taking the same list in twice changes nothing."""
    form = ImportForm()
    if not form.validate():
        return _page(422, form)
    refused: list[Refused] = []
    try:
        done = _take_in(form, refused)
    except WrongFile as error:
        form.lines.errors = [WRONG_LIST.get(type(error), f"The list {error}")]
        return _page(422, form)
    return hypermedia.page("staff/mailings/imported.html", done=done, refused=refused[:SHOWN], shown=SHOWN)


@bp.post("/lists/export")
@requires(roles.LISTS)
@limiter.limit("10/minute")
def export_list() -> Response:
    form = ExportForm()
    if not form.validate():
        return _page(422, export=form)
    try:
        table = import_export.export(form.whom(), current().actor, MOST_EXPORTED)
    except import_export.TooMany:
        form.form_errors = [f"That is more than {MOST_EXPORTED:,} people. Use `flask subscribers export`."]
        return _page(422, export=form)
    name = f"subscribers-{clinic.today():%Y-%m-%d}.csv"
    answer = Response(table, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.post("/lists/import/check/<field>")
@requires(roles.LISTS)
@limiter.limit("120/minute")
def check_import(field: str) -> Response:
    return checked(ImportForm(), field)


@bp.post("/lists/export/check/<field>")
@requires(roles.LISTS)
@limiter.limit("120/minute")
def check_export(field: str) -> Response:
    return checked(ExportForm(), field)


def checked(form: Form, field: str) -> Response:
    """The check of one answer."""
    if form.field(field) is None:
        abort(404)
    return hypermedia.checked(form, field)


def _take_in(form: ImportForm, refused: list[Refused]) -> Counter[str]:
    """Adds what it refuses to `refused`. Raises WrongFile."""
    lines = io.StringIO(form.lines.data, newline="")
    entries = import_export.people(lines, form.origin.data, clinic.today(), form.status_of_all)
    return import_export.take_in(entries, refused.append, current().actor)


def _page(status: int = 200, form: ImportForm | None = None, export: ExportForm | None = None) -> Response:
    return hypermedia.page(
        "staff/mailings/lists.html",
        status,
        totals=import_export.totals(),
        names=EXPORTED,
        form=form or ImportForm(formdata=None),
        export=export or ExportForm(formdata=None, states=list(EXPORTED)),
        most=MOST_EXPORTED,
    )


def _again(form: ImportForm, status: int) -> Response:
    return _page(status, form)


errors.preserve_input_on_error(bp, "staff.import_list", ImportForm, _again)
