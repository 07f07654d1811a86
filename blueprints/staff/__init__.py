"""The clinic's desk: staff sign in, read referrals and answer them."""

from flask import Blueprint

from blueprints.staff import access as staff_access
from core.web import access

bp = Blueprint("staff", __name__, url_prefix="/staff", cli_group="staff")
access.public(bp, access.STAFF)
staff_access.guard(bp)

from blueprints.staff import models  # noqa: E402, F401
from blueprints.staff.work import routes as work_routes  # noqa: E402, F401
