"""The clinic's desk: staff sign in, read referrals and answer them."""

from flask import Blueprint

from blueprints.staff.access import guard
from core.web.access import STAFF, public

bp = Blueprint("staff", __name__, url_prefix="/staff", cli_group="staff")
public(bp, STAFF)
guard(bp)

from blueprints.staff import commands, development, models  # noqa: E402, F401
from blueprints.staff.figures import routes as figures_routes  # noqa: E402, F401
from blueprints.staff.mailings import routes as mailings_routes  # noqa: E402, F401
from blueprints.staff.oversight import routes as oversight_routes  # noqa: E402, F401
from blueprints.staff.people import routes as people_routes  # noqa: E402, F401
from blueprints.staff.work import routes as work_routes  # noqa: E402, F401
from blueprints.staff.signin import routes as signin_routes, security  # noqa: E402, F401

bp.record_once(security.init)
