"""What clinicians fill in: a draft that only their browser can open, then a referral that only the clinic can open."""

from flask import Blueprint

from blueprints.referrals import facts, hours
from core.web import access

bp = Blueprint("referrals", __name__, url_prefix="/refer", cli_group="referrals")
access.public(bp, access.PUBLIC)
bp.record(facts.load)
bp.record(hours.load)

from blueprints.referrals import commands, routes  # noqa: E402, F401
