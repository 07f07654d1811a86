"""Things: say here what the feature owns, and what it must not do."""

from flask import Blueprint

from core.web import access

bp = Blueprint("things", __name__, url_prefix="/things")
access.public(bp, access.PUBLIC)

from scaffold.things import routes  # noqa: E402, F401
