"""Signing up, confirming and leaving. Known and unknown addresses get the same answer, after the same work."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from email_validator import validate_email
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError

from blueprints.subscriptions import consent, notices
from blueprints.subscriptions.models import Subscriber, SubscriberMail
from core import clock, outbox
from core.extensions import db

CONFIRM_WITHIN = timedelta(hours=48)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAILS_AN_HOUR, MAILS_A_DAY = 1, 3
"""To one address, of those that a form causes."""
ALL_MAILS_AN_HOUR = 600
"""To everybody together: more than that is an attack."""


class Reader(NamedTuple):
    """A confirmed subscriber, as a newsletter needs them."""

    id: int
    email: str
    leave_token: str


class UnknownLink(LookupError):
    """The link was used, or never was one of ours."""


class LinkExpired(UnknownLink):
    """The link is ours and too old: a new mail can be asked for."""


class TooManyMails(RuntimeError):
    """The whole site has written more mails in an hour than it should."""


def subscribe(email: str) -> None:
    """Keep the address as pending and write the confirmation mail, in one commit. Raises TooManyMails.

    Somebody who is confirmed is told so by mail; a suppressed address gets none, and nobody gets more than the limits.
    """
    if _mails(SubscriberMail.written_at > clock.now() - HOUR) >= ALL_MAILS_AN_HOUR:
        raise TooManyMails
    try:
        subscriber = _find(email) or _new(email)
        _write_to(subscriber)
        db.session.commit()
    except IntegrityError:
        # The same address arrived twice at once; the other one is kept.
        db.session.rollback()


def confirm(token: str) -> None:
    """Raises UnknownLink, LinkExpired."""
    subscriber = _by_confirmation(token)
    if _is_over(subscriber):
        db.session.rollback()
        raise LinkExpired
    subscriber.status, subscriber.confirmed_at = "confirmed", clock.now()
    subscriber.confirm_hash = subscriber.confirm_until = None
    notices.welcome(subscriber)
    db.session.commit()


def ask_again(token: str) -> None:
    """A new confirmation mail to the address of an expired link, within the limits. Raises UnknownLink."""
    _write_to(_by_confirmation(token))
    db.session.commit()


def leave(token: str) -> None:
    """Take the address off the list, and back what has not left yet. Again is fine. Raises UnknownLink."""
    subscriber = _by_leave_token(token)
    outbox.withdraw(subscriber.email)
    if subscriber.status == "confirmed":
        notices.goodbye(subscriber)
    if subscriber.status in ("pending", "confirmed"):
        subscriber.status, subscriber.left_at = "left", clock.now()
    subscriber.confirm_hash = subscriber.confirm_until = None
    db.session.commit()


def forget(token: str) -> None:
    """Delete everything about the address. Raises UnknownLink."""
    subscriber = _by_leave_token(token)
    outbox.forget(subscriber.email)
    db.session.execute(delete(Subscriber).where(Subscriber.id == subscriber.id))
    db.session.commit()


def readers(after: int, limit: int) -> list[Reader]:
    """The next confirmed subscribers in order of id. Until the caller commits none of them can leave: whoever does
    finds the newsletter in the outbox then, and takes it back."""
    confirmed = select(Subscriber.id, Subscriber.email, Subscriber.leave_token).where(Subscriber.status == "confirmed")
    page = confirmed.where(Subscriber.id > after).order_by(Subscriber.id).limit(limit).with_for_update(read=True)
    return [Reader(*row) for row in db.session.execute(page)]


def count_readers() -> int:
    found = db.session.scalar(select(func.count()).where(Subscriber.status == "confirmed")) or 0
    # A command that asks its user something must hold no lock.
    db.session.rollback()
    return found


def suppress(email: str, because: str) -> None:
    """Nothing is mailed to this address any more, whoever asks for it."""
    subscriber = _find(email) or _new(email)
    subscriber.status, subscriber.suppressed_at, subscriber.suppressed_because = "suppressed", clock.now(), because
    subscriber.confirm_hash = subscriber.confirm_until = None
    outbox.withdraw(subscriber.email)
    db.session.commit()


def suppress_refused(_sender: object, recipient: str) -> None:
    """A mail server says that there is no such mailbox (core/outbox.py). Only subscribers are concerned."""
    if _find(recipient):
        suppress(recipient, "refused by the mail server")
    db.session.rollback()


def may_be_mailed(subscriber: Subscriber) -> bool:
    """Nobody gets more than one an hour and three a day. Asks as much whatever the answer is."""
    theirs, now = SubscriberMail.subscriber_id == subscriber.id, clock.now()
    in_an_hour, in_a_day = (_mails(theirs, SubscriberMail.written_at > now - time) for time in (HOUR, DAY))
    return subscriber.status != "suppressed" and in_an_hour < MAILS_AN_HOUR and in_a_day < MAILS_A_DAY


def count_mail(subscriber: Subscriber, withheld: bool = False) -> None:
    db.session.add(SubscriberMail(subscriber_id=subscriber.id, written_at=clock.now(), withheld=withheld))


def by_leave_token(token: str) -> Subscriber:
    """Raises UnknownLink."""
    return _by_leave_token(token)


def email_key(email: str) -> str:
    return validate_email(email, check_deliverability=False).normalized.casefold()


def _write_to(subscriber: Subscriber) -> None:
    """The mail that this state asks for. Where none may go it is written all the same, and withheld."""
    send, token = may_be_mailed(subscriber), secrets.token_urlsafe(32)
    subscriber.asked_at = clock.now()
    count_mail(subscriber, withheld=not send)
    if subscriber.status == "confirmed":
        notices.already(subscriber, send)
        return
    notices.confirm(subscriber, token, send)
    if send:
        _make_pending(subscriber, token)


def _make_pending(subscriber: Subscriber, token: str) -> None:
    now = clock.now()
    subscriber.status, subscriber.consented_at = "pending", now
    subscriber.consent_version, subscriber.consent_text = consent.VERSION, consent.TEXT
    subscriber.confirm_hash, subscriber.confirm_until = _hash(token), now + CONFIRM_WITHIN


def _new(email: str) -> Subscriber:
    subscriber = Subscriber(email=email, email_key=email_key(email), status="pending", created_at=clock.now())
    subscriber.leave_token = secrets.token_urlsafe(32)
    db.session.add(subscriber)
    db.session.flush()
    return subscriber


def _find(email: str) -> Subscriber | None:
    return _one(Subscriber.email_key == email_key(email))


def _by_confirmation(token: str) -> Subscriber:
    return _known(_one(Subscriber.confirm_hash == _hash(token)))


def _by_leave_token(token: str) -> Subscriber:
    return _known(_one(Subscriber.leave_token == token))


def _one(which: ColumnElement[bool]) -> Subscriber | None:
    """For its change: whoever comes at the same moment waits."""
    return db.session.scalar(select(Subscriber).where(which).with_for_update())


def _known(subscriber: Subscriber | None) -> Subscriber:
    if subscriber is None:
        raise UnknownLink
    return subscriber


def _is_over(subscriber: Subscriber) -> bool:
    until: datetime | None = subscriber.confirm_until
    return until is None or until <= clock.now()


def _mails(*which: Any) -> int:
    sent = SubscriberMail.withheld.is_(False)
    return db.session.scalar(select(func.count()).select_from(SubscriberMail).where(sent, *which)) or 0


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
