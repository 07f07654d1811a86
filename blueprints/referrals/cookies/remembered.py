"""The referrer's own details, for the next referral: on this computer for 180 days if the referrer asks for it, and
until the browser is closed after sending. Never anything about a patient.

They are encrypted with a key derived from SECRET_KEY, in cookies of the browser: the site stores nothing. A cookie that
is damaged, too old, or not ours is ignored.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta

from flask import current_app, request
from werkzeug.wrappers import Response

from blueprints.referrals.cookies import draft_token
from blueprints.referrals.drafts import Answers
from core import clock
from core.crypto import envelope
from core.crypto.envelope import SealingError

COMPUTER = "referrer"
"""The cookie of whoever asked to be remembered."""
SESSION = "referrer_again"
"""The cookie for another referral right after one was sent."""
LIFETIME = timedelta(days=180)
MAX_VALUE = 3800
"""Characters of a cookie's value. Browsers keep 4,096 bytes with its name and attributes."""
PREFIX = "referrer_"
DAMAGED = (SealingError, ValueError, TypeError, LookupError, AttributeError, binascii.Error)


def read(name: str) -> Answers:
    """The details in that cookie; empty if there are none."""
    try:
        value = request.cookies.get(draft_token.cookie(name), "")[: MAX_VALUE + 1]
        sealed = envelope.decrypt(_key(), base64.b64decode(value, b"-_", validate=True), _context(name))
        is_valid = datetime.fromisoformat(sealed["kept_at"]) > clock.now() - LIFETIME
        return own({field: list(map(str, values)) for field, values in sealed["details"].items()}) if is_valid else {}
    except DAMAGED:
        return {}


def own(answers: Answers) -> Answers:
    """The referrer's own of these answers."""
    return {name: values for name, values in answers.items() if name.startswith(PREFIX)}


def typed(answers: Answers) -> Answers:
    """The answers without those that a cookie filled in."""
    filled_in = [read(cookie) for cookie in (COMPUTER, SESSION)]
    return {name: values for name, values in answers.items() if all(values != kept.get(name) for kept in filled_in)}


def keep(response: Response, name: str, answers: Answers) -> Response:
    """Keep the referrer's own of the answers, unless they are too long for a cookie."""
    sealed = {"details": own(answers), "kept_at": clock.now().isoformat()}
    value = base64.urlsafe_b64encode(envelope.encrypt(_key(), sealed, _context(name))).decode()
    if not own(answers) or len(value) > MAX_VALUE:
        return response
    max_age = int(LIFETIME.total_seconds()) if name == COMPUTER else None
    return draft_token.set_cookie(response, name, value, max_age)


def forget(response: Response, *names: str) -> Response:
    """Delete these cookies."""
    for name in names:
        if draft_token.cookie(name) in request.cookies:
            draft_token.set_cookie(response, name, "", 0)
    return response


def _key() -> bytes:
    return envelope.derive(current_app.config["SECRET_KEY"], "clinic/referrer/v1")


def _context(name: str) -> str:
    return f"clinic/referrer/v1/{name}"
