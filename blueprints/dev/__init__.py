"""Development only: what a developer looks at. In production every address here is 404."""

from flask import Blueprint

from core import security

bp = Blueprint("dev", __name__, url_prefix="/dev")
bp.before_request(security.require_development)

from blueprints.dev import routes  # noqa: E402, F401
