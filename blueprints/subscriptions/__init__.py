"""The mailing list: double opt-in, one-click unsubscribe."""

from flask import Blueprint

from core.web import access

bp = Blueprint("subscriptions", __name__, url_prefix="/subscribe", cli_group="subscribers")
access.public(bp, access.PUBLIC)

from blueprints.subscriptions import commands, routes  # noqa: E402, F401
