"""Mail to subscribers. Subjects are constant, and no mail contains text that somebody typed."""

from __future__ import annotations

from blueprints.subscriptions.models import Subscriber
from core.mail import limits
from core.mail.limits import Verdict
from core.rate_limits import Kind
from core.web import urls


def leave_link(token: str) -> str:
    return urls.link(f"/subscribe/leave/{token}")


def unsubscribe_headers(token: str) -> dict[str, str]:
    """RFC 8058."""
    return {"List-Unsubscribe": f"<{leave_link(token)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def confirm(subscriber: Subscriber, token: str, network: str) -> Verdict:
    link = urls.link(f"/subscribe/confirm/{token}")
    subject = "Please confirm your subscription"
    return _put(limits.SIGN_UP, subscriber, network, subject, "email/confirm.md", confirm_link=link)


def already(subscriber: Subscriber, network: str) -> Verdict:
    return _put(limits.SIGN_UP, subscriber, network, "You are subscribed already", "email/already.md")


def welcome(subscriber: Subscriber, network: str) -> Verdict:
    return _put(limits.LIST_CHANGE, subscriber, network, "You are subscribed", "email/welcome.md")


def goodbye(subscriber: Subscriber, network: str) -> Verdict:
    link = urls.link("/subscribe")
    subject = "You have left the list"
    return _put(limits.LIST_CHANGE, subscriber, network, subject, "email/goodbye.md", subscribe_link=link)


def holdings(subscriber: Subscriber, network: str, said: str) -> Verdict:
    subject = "What we hold about this address"
    return _put(limits.SIGN_UP, subscriber, network, subject, "email/holdings.md", holdings=said)


def _put(kind: Kind, subscriber: Subscriber, network: str, subject: str, template: str, **values: str) -> Verdict:
    headers, link = unsubscribe_headers(subscriber.leave_token), leave_link(subscriber.leave_token)
    allowed = subscriber.status != "suppressed"
    return limits.enqueue(
        kind, network, subscriber.email, subject, template, headers, allowed, leave_link=link, **values
    )
