"""Pages that visitors read. They set no cookie, ask no database and answer from memory."""

from flask import Blueprint

from core.web import access

bp = Blueprint("content", __name__, cli_group="content")
# Errors lead to them, and help in a crisis is never a part away.
access.public(bp, access.PUBLIC, access.STAFF)

from blueprints.content import commands, routes  # noqa: E402, F401
