"""Signing up, confirming and leaving. Known and unknown addresses get the same answer."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from email_validator import validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blueprints.subscriptions.models import Subscriber
from core import clock, outbox
from core.extensions import db

CONFIRM_WITHIN = timedelta(hours=48)
ONE_MAIL_PER = timedelta(hours=1)


class LinkExpired(LookupError):
    """The link was used, is too old, or never was one of ours."""


def subscribe(email: str) -> None:
    """Keep the address as pending and write the confirmation mail, in one commit.

    Somebody who is confirmed already gets no mail, and nobody gets more than one an hour.
    """
    subscriber = _find(email)
    if subscriber is None:
        subscriber = Subscriber(email=email, email_key=_key(email), status="pending", created_at=clock.now())
        subscriber.leave_token = secrets.token_urlsafe(32)
        db.session.add(subscriber)
    if _may_be_asked(subscriber):
        _ask_to_confirm(subscriber)
    try:
        db.session.commit()
    except IntegrityError:
        # The same address arrived twice at once; the other one is kept.
        db.session.rollback()


def confirm(token: str) -> None:
    """Raises LinkExpired."""
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.confirm_hash == _hash(token)))
    if subscriber is None or (subscriber.confirm_until or clock.now()) <= clock.now():
        raise LinkExpired
    subscriber.status, subscriber.confirm_hash, subscriber.confirm_until = "confirmed", None, None
    db.session.commit()


def leave(token: str) -> None:
    """Take the address off the list. Again is fine. Raises LinkExpired for a token that is not ours."""
    subscriber = db.session.scalar(select(Subscriber).where(Subscriber.leave_token == token))
    if subscriber is None:
        raise LinkExpired
    subscriber.status, subscriber.confirm_hash = "left", None
    db.session.commit()


def _find(email: str) -> Subscriber | None:
    return db.session.scalar(select(Subscriber).where(Subscriber.email_key == _key(email)))


def _may_be_asked(subscriber: Subscriber) -> bool:
    waited = subscriber.asked_at is None or clock.now() - subscriber.asked_at >= ONE_MAIL_PER
    return subscriber.status != "confirmed" and waited


def _ask_to_confirm(subscriber: Subscriber) -> None:
    token = secrets.token_urlsafe(32)
    subscriber.status, subscriber.asked_at = "pending", clock.now()
    subscriber.confirm_hash, subscriber.confirm_until = _hash(token), clock.now() + CONFIRM_WITHIN
    leave = outbox.link(f"/subscribe/leave/{subscriber.leave_token}")
    outbox.put(
        subscriber.email,
        "Please confirm your subscription",
        "confirm.txt",
        headers={"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        confirm_link=outbox.link(f"/subscribe/confirm/{token}"),
        leave_link=leave,
    )


def _key(email: str) -> str:
    return validate_email(email, check_deliverability=False).normalized.casefold()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
