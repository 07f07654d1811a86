"""Signing up, confirming and leaving. Known and unknown addresses get the same answer, after the same work."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError

from blueprints.subscriptions import consent, emails
from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db
from core.mail import limits, outbox
from core.mail.limits import Verdict, email_key

CONFIRM_WITHIN = timedelta(hours=48)
KEPT_SUPPRESSED = "kept from before its deletion"


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
    """This client's network, or the whole site, has caused more mails than it should (core/mail/limits.py)."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.value)
        self.verdict = verdict


def subscribe(email: str, network: str) -> None:
    """Keep the address as pending and write the confirmation mail, in one commit. Raises TooManyMails.

    Somebody who is confirmed is told so by mail; a suppressed address gets none, and nobody gets more than the limits.
    """
    try:
        # Asked for everybody, so that a new address takes no longer than a known one.
        suppressed = bool(limits.suppressed_of([email_key(email)]))
        subscriber = _find(email) or _new(email, suppressed)
        _write_to(subscriber, network)
        db.session.commit()
    except IntegrityError:
        # The same address arrived twice at once; the other one is kept.
        db.session.rollback()


def confirm(token: str, network: str) -> None:
    """Raises UnknownLink, LinkExpired."""
    subscriber = _by_confirmation(token)
    if _is_over(subscriber):
        db.session.rollback()
        raise LinkExpired
    subscriber.status, subscriber.confirmed_at = "confirmed", clock.now()
    subscriber.confirm_hash = subscriber.confirm_until = None
    emails.welcome(subscriber, network)
    db.session.commit()


def ask_again(token: str, network: str) -> None:
    """A new confirmation mail to the address of an expired link. Raises UnknownLink, TooManyMails."""
    _write_to(_by_confirmation(token), network)
    db.session.commit()


def leave(token: str, network: str) -> None:
    """Take the address off the list, and back what has not left yet. Again is fine. Raises UnknownLink."""
    subscriber = _by_leave_token(token)
    outbox.withdraw(subscriber.email)
    if subscriber.status == "confirmed":
        emails.goodbye(subscriber, network)
    if subscriber.status in ("pending", "confirmed"):
        subscriber.status, subscriber.left_at = "left", clock.now()
    subscriber.confirm_hash = subscriber.confirm_until = None
    db.session.commit()


def forget(token: str) -> None:
    """Delete everything about the address. What is left is a hash: for a day to count its mails, and for ever if it is
    suppressed. Raises UnknownLink."""
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
    limits.suppress([subscriber.email_key])
    outbox.withdraw(subscriber.email)
    db.session.commit()


def suppress_refused(_sender: object, recipient: str) -> None:
    """A mail server says that there is no such mailbox (core/mail/outbox.py). Only subscribers are concerned."""
    if _find(recipient):
        suppress(recipient, "refused by the mail server")
    db.session.rollback()


def require_open(verdict: Verdict) -> None:
    """Raises TooManyMails, and keeps nothing, where the network or the site is paused."""
    if verdict.paused:
        db.session.rollback()
        raise TooManyMails(verdict)


def by_leave_token(token: str) -> Subscriber:
    """Raises UnknownLink."""
    return _by_leave_token(token)


def _write_to(subscriber: Subscriber, network: str) -> None:
    """The mail that this state asks for. Where none may go it is written all the same, and withheld."""
    token = secrets.token_urlsafe(32)
    subscriber.asked_at = clock.now()
    if subscriber.status == "confirmed":
        require_open(emails.already(subscriber, network))
        return
    verdict = emails.confirm(subscriber, token, network)
    require_open(verdict)
    if verdict is Verdict.SENT:
        _make_pending(subscriber, token)


def _make_pending(subscriber: Subscriber, token: str) -> None:
    now = clock.now()
    subscriber.status, subscriber.consented_at = "pending", now
    subscriber.consent_version, subscriber.consent_text = consent.VERSION, consent.TEXT
    subscriber.confirm_hash, subscriber.confirm_until = _hash(token), now + CONFIRM_WITHIN


def _new(email: str, suppressed: bool = False) -> Subscriber:
    """Whoever was suppressed and then had everything deleted is still suppressed."""
    now = clock.now()
    subscriber = Subscriber(email=email, email_key=email_key(email), status="pending", created_at=now)
    subscriber.leave_token = secrets.token_urlsafe(32)
    if suppressed:
        subscriber.status, subscriber.suppressed_at = "suppressed", now
        subscriber.suppressed_because = KEPT_SUPPRESSED
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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
