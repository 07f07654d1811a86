"""What subscribers sign up to: an address, confirmed by its owner, that can leave with one click."""

from flask import Blueprint

from core.web import access

bp = Blueprint("subscriptions", __name__, url_prefix="/subscribe", cli_group="subscribers")
access.public(bp, access.PUBLIC)

from blueprints.subscriptions import commands, routes  # noqa: E402, F401
