"""What is mailed to a subscriber. Subjects are constant, and no mail holds a word that somebody typed."""

from __future__ import annotations

from blueprints.subscriptions.models import Subscriber
from core import outbox


def leave_link(token: str) -> str:
    return outbox.link(f"/subscribe/leave/{token}")


def unsubscribe_headers(token: str) -> dict[str, str]:
    """RFC 8058."""
    return {"List-Unsubscribe": f"<{leave_link(token)}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def confirm(subscriber: Subscriber, token: str, send: bool) -> None:
    link = outbox.link(f"/subscribe/confirm/{token}")
    _put(subscriber, "Please confirm your subscription", "email/confirm.md", send, confirm_link=link)


def already(subscriber: Subscriber, send: bool) -> None:
    _put(subscriber, "You are subscribed already", "email/already.md", send)


def welcome(subscriber: Subscriber) -> None:
    _put(subscriber, "You are subscribed", "email/welcome.md")


def goodbye(subscriber: Subscriber) -> None:
    _put(subscriber, "You have left the list", "email/goodbye.md", subscribe_link=outbox.link("/subscribe"))


def holdings(subscriber: Subscriber, said: str) -> None:
    _put(subscriber, "What we hold about this address", "email/holdings.md", holdings=said)


def _put(subscriber: Subscriber, subject: str, template: str, send: bool = True, **values: str) -> None:
    headers, link = unsubscribe_headers(subscriber.leave_token), leave_link(subscriber.leave_token)
    outbox.put(subscriber.email, subject, template, headers, send, leave_link=link, **values)
