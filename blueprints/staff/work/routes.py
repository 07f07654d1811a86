"""The list of referrals and the page of one."""

from __future__ import annotations

from blueprints.staff import bp
from blueprints.staff.work import frame

bp.app_context_processor(frame.context)
