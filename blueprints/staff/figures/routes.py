"""Figures about referrals, for managers."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from blueprints.referrals.desk import figures as services
from blueprints.referrals.desk.figures import Bar
from blueprints.staff import bp, roles
from blueprints.staff.access import current, private_key, requires
from blueprints.staff.figures import drawing, periods
from blueprints.staff.figures.periods import Period
from core import clinic
from core.extensions import limiter
from core.forms.base import Form
from core.web import hypermedia


class Act(Form):
    """A button alone, with its token."""


@bp.get("/figures")
@requires(roles.FIGURES)
def figures() -> Response:
    return _page(_period(request.args.get("period", "")))


@bp.post("/figures/<period>/reasons")
@requires(roles.FIGURES)
@limiter.limit("30/minute")
def figures_reasons(period: str) -> Response:
    """The page with the reasons of declining. A POST, because it opens decisions."""
    chosen = _period(period)
    start, end = chosen.moments(clinic.current().timezone)
    return _page(chosen, services.reasons_of_declining(start, end, current().actor, private_key()))


@bp.post("/figures/<period>/export")
@requires(roles.FIGURES)
@limiter.limit("30/minute")
def export_figures(period: str) -> Response:
    chosen = _period(period)
    table = drawing.table(services.figures(*chosen.moments(clinic.current().timezone)))
    services.note_export(chosen.code, current().actor)
    answer = Response(table, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="figures-{chosen.code}.csv"'
    return answer


def _period(code: str) -> Period:
    return periods.find(code, clinic.today())


def _page(period: Period, reasons: tuple[Bar, ...] | None = None) -> Response:
    made = services.figures(*period.moments(clinic.current().timezone))
    strips, axis = drawing.times(made.times)
    return hypermedia.page(
        "staff/figures/figures.html",
        period=period,
        periods=periods.periods(clinic.today()),
        figures=made,
        times=strips,
        axis=axis,
        shares=drawing.shares(made.shares),
        ages=drawing.bars(made.open_by_age),
        reasons=reasons,
        reason_bars=drawing.bars(reasons) if reasons is not None else [],
        drawing=drawing,
        most=services.MOST,
        act=Act(formdata=None),
    )
