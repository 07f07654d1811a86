"""What subscribers sign up to: an address, confirmed by its owner, that can leave with one click."""

from flask import Blueprint

from core import access

bp = Blueprint("subscriptions", __name__, url_prefix="/subscribe")
access.anybody(bp)

from blueprints.subscriptions import routes  # noqa: E402, F401
