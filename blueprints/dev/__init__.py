"""Development only. In production every URL here is 404."""

from flask import Blueprint

from core.web import access

bp = Blueprint("dev", __name__, url_prefix="/dev")
access.development_only(bp)

from blueprints.dev import routes  # noqa: E402, F401
