"""Pages that visitors read. They set no cookies, query no database and are served from the page cache."""

from flask import Blueprint

from core.web import access

bp = Blueprint("content", __name__, cli_group="content")
# Error pages link to them, and crisis help must be on every part of the site.
access.public(bp, access.PUBLIC, access.STAFF)

from blueprints.content import commands, routes  # noqa: E402, F401
