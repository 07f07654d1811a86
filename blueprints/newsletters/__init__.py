"""Sending newsletters. Their text and web pages belong to content, their readers to subscriptions."""

from flask import Blueprint

from core.web import access

bp = Blueprint("newsletters", __name__, cli_group="newsletter")
access.public(bp, access.PUBLIC)

from blueprints.newsletters import commands, services  # noqa: E402, F401
from core.mail import outbox  # noqa: E402

outbox.refill.connect(services.queue_on)
