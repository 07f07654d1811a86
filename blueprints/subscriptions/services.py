"""Subscribing, confirming and leaving. Known and unknown addresses get the same response after the same work."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.exc import IntegrityError

from blueprints.subscriptions import consent, emails, links
from blueprints.subscriptions.links import UnknownLink
from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db
from core.mail import limits, outbox
from core.mail.limits import Verdict, email_key

CONFIRM_WITHIN = timedelta(hours=48)
UNDO_WITHIN = timedelta(hours=1)
KEPT_SUPPRESSED = "kept from before its deletion"


class Reader(NamedTuple):
    """A confirmed subscriber, as a newsletter needs them."""

    id: int
    email: str
    leave_token: str


class TooManyMails(RuntimeError):
    """This client's network or the whole site is over its mail limit (core/mail/limits.py)."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.value)
        self.verdict = verdict


def subscribe(email: str, network: str) -> None:
    """Save the address as pending and enqueue the confirmation mail in one commit. Raises TooManyMails.

    A confirmed subscriber gets a mail saying so; a suppressed address gets none. Rate limits apply to everybody.
    """
    try:
        # Queried for every address, so that a new one takes no longer than a known one.
        suppressed = bool(limits.suppressed_of([email_key(email)]))
        subscriber = _find(email) or _new(email, suppressed)
        _write_to(subscriber, network)
        db.session.commit()
    except IntegrityError:
        # A concurrent request saved the same address; that one wins.
        db.session.rollback()


def confirm(token: str, network: str) -> str:
    """Confirm the address, or undo leaving. Returns the address, masked. Raises UnknownLink, LinkExpired, LinkUsed."""
    subscriber = _by_confirmation(token)
    links.refuse_old(subscriber)
    if subscriber.status == "left":
        _record_consent(subscriber)
    subscriber.status, subscriber.confirmed_at = "confirmed", clock.now()
    # The hash stays, so that the link can say that it was used.
    subscriber.confirm_until = None
    emails.welcome(subscriber, network)
    address = links.mask(subscriber.email)
    db.session.commit()
    return address


def ask_again(token: str, network: str) -> None:
    """Send a new confirmation mail for an expired link. Raises UnknownLink, LinkUsed, TooManyMails."""
    subscriber = _by_confirmation(token)
    if subscriber.confirm_until is None:
        links.refuse_old(subscriber)
    _write_to(subscriber, network)
    db.session.commit()


def leave(token: str, network: str) -> str:
    """Unsubscribe, and withdraw mail that is still queued. Idempotent. Raises UnknownLink.

    Returns a token with which `confirm` undoes it, once and for UNDO_WITHIN; "" if the address was not confirmed. Only
    whoever unsubscribed gets it: an unsubscribe link alone never subscribes anybody."""
    subscriber = by_leave_token(token)
    outbox.withdraw(subscriber.email)
    subscriber.confirm_hash = subscriber.confirm_until = None
    undo = ""
    if subscriber.status == "confirmed":
        emails.goodbye(subscriber, network)
        undo = secrets.token_urlsafe(32)
        subscriber.confirm_hash, subscriber.confirm_until = links.hashed(undo), clock.now() + UNDO_WITHIN
    if subscriber.status in ("pending", "confirmed"):
        subscriber.status, subscriber.left_at = "left", clock.now()
    db.session.commit()
    return undo


def forget(token: str) -> None:
    """Delete everything about the address. Only a hash remains: for a day to enforce rate limits, permanently if the
    address is suppressed. Raises UnknownLink."""
    subscriber = by_leave_token(token)
    outbox.forget(subscriber.email)
    db.session.execute(delete(Subscriber).where(Subscriber.id == subscriber.id))
    db.session.commit()


def readers(after: int, limit: int) -> list[Reader]:
    """The next confirmed subscribers in order of id. They are locked until the caller commits, so whoever
    unsubscribes meanwhile does so after the newsletter is queued, and withdraws it."""
    confirmed = select(Subscriber.id, Subscriber.email, Subscriber.leave_token).where(Subscriber.status == "confirmed")
    page = confirmed.where(Subscriber.id > after).order_by(Subscriber.id).limit(limit).with_for_update(read=True)
    return [Reader(*row) for row in db.session.execute(page)]


def count_readers(without: Select[int] | None = None) -> int:
    """Confirmed subscribers; `without` selects the ids of those who do not count."""
    found = count_confirmed(without)
    # A command must hold no lock while it waits for a prompt.
    db.session.rollback()
    return found


def count_confirmed(without: Select[int] | None = None) -> int:
    """As count_readers, within the caller's transaction."""
    counted = select(func.count()).where(Subscriber.status == "confirmed")
    if without is not None:
        counted = counted.where(Subscriber.id.not_in(without))
    return db.session.scalar(counted) or 0


def suppress(email: str, because: str) -> None:
    """Never mail this address again. Commits."""
    subscriber = _find(email) or _new(email)
    subscriber.status, subscriber.suppressed_at, subscriber.suppressed_because = "suppressed", clock.now(), because
    subscriber.confirm_hash = subscriber.confirm_until = None
    limits.suppress([subscriber.email_key])
    outbox.withdraw(subscriber.email)
    db.session.commit()


def suppress_refused(_sender: object, recipient: str) -> None:
    """Handles a hard bounce (core/mail/outbox.py). Addresses that are not subscribers are ignored."""
    if _find(recipient):
        suppress(recipient, "refused by the mail server")
    db.session.rollback()


def require_open(verdict: Verdict) -> None:
    """Raises TooManyMails after a rollback if the network or the site is paused."""
    if verdict.paused:
        db.session.rollback()
        raise TooManyMails(verdict)


def _write_to(subscriber: Subscriber, network: str) -> None:
    """Enqueue the mail for the subscriber's status. If none may be sent, it is rendered anyway and discarded."""
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
    subscriber.status = "pending"
    _record_consent(subscriber)
    subscriber.confirm_hash, subscriber.confirm_until = links.hashed(token), clock.now() + CONFIRM_WITHIN


def _record_consent(subscriber: Subscriber) -> None:
    """To the words beside the button that was pressed."""
    subscriber.consented_at = clock.now()
    subscriber.consent_version, subscriber.consent_text = consent.VERSION, consent.TEXT


def _new(email: str, suppressed: bool = False) -> Subscriber:
    """An address suppressed before its data was deleted stays suppressed."""
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
    return _known(_one(links.is_confirmed_by(token)))


def by_leave_token(token: str) -> Subscriber:
    """Locked for update. Raises UnknownLink."""
    return _known(_one(Subscriber.leave_token == token))


def _one(which: ColumnElement[bool]) -> Subscriber | None:
    """Locked for update."""
    return db.session.scalar(select(Subscriber).where(which).with_for_update())


def _known(subscriber: Subscriber | None) -> Subscriber:
    if subscriber is None:
        raise UnknownLink
    return subscriber
