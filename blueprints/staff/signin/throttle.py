"""How often somebody may be wrong. Nobody is ever locked out: they wait, and a browser in which a person has signed in
before has tries of its own, so that strangers who guess at their address elsewhere do not make them wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request, session
from flask_limiter import RateLimitExceeded
from flask_security import current_user, views
from flask_security.recovery_codes import mf_recovery
from flask_security.webauthn import webauthn_signin, webauthn_signin_response

from blueprints.staff.signin import browser
from core.extensions import limiter
from core.rate_limits import keyed_hash

View = Callable[..., Any]
NETWORK = "30/10 minutes"
"""Wrong tries of one network, whoever it tries to be."""
ACCOUNT = "10/15 minutes"
"""Wrong passwords for one address, from all browsers together in which its owner has never signed in."""
SECOND_FACTOR = "10/hour"
"""Wrong codes for one person: at this pace one of a million codes takes years."""
WORDS = (
    "There were too many wrong tries. Wait {minutes} minutes, then try again. In a browser in which you have signed in "
    "before, other people's tries do not count."
)


def failed(response: Response) -> bool:
    return response.status_code == 422


def account() -> str:
    email = request.form.get("email", "").strip().lower()
    return f"account {keyed_hash('sign-in', email)} {browser.mark_of(email)}"


def half_signed_in() -> str:
    """Whose second factor is asked for."""
    return (
        f"second factor {session.get('tf_user_id', request.remote_addr)} {request.cookies.get(browser.KNOWN, '')[:40]}"
    )


def oneself() -> str:
    return f"oneself {current_user.get_id()}"


def minutes_to_wait(error: RateLimitExceeded) -> int:
    return max(1, round(error.limit.limit.get_expiry() / 60)) if error.limit else 1


def words(error: RateLimitExceeded) -> str:
    return WORDS.format(minutes=minutes_to_wait(error))


def own_password(view: View) -> View:
    """For a form that asks somebody who is signed in for their password."""
    limited: View = limiter.limit(ACCOUNT, key_func=oneself, methods=["POST"], deduct_when=failed)(view)
    return limited


def _by_network(view: View, when: Callable[[Response], bool] | None = failed) -> View:
    limited: View = limiter.limit(NETWORK, methods=["POST"], deduct_when=when)(view)
    return limited


def _by_key(view: View, limit: str, key: Callable[[], str]) -> View:
    limited: View = limiter.limit(limit, key_func=key, methods=["POST"], deduct_when=failed)(view)
    return limited


# Here and not for each application: the limiter is one for all.
VIEWS: dict[str, View] = {
    "login": _by_network(_by_key(views.login, ACCOUNT, account)),
    "two_factor_token_validation": _by_key(views.two_factor_token_validation, SECOND_FACTOR, half_signed_in),
    "mf_recovery": _by_key(mf_recovery, SECOND_FACTOR, half_signed_in),
    "wan_signin": _by_network(webauthn_signin, None),
    "wan_signin_response": _by_network(webauthn_signin_response, None),
    "verify": own_password(views.verify),
    "change_password": own_password(views.change_password),
}
