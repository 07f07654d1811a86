"""What a link from a mail is good for. To look at one changes nothing, because mail scanners follow links."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db


class Leaving(NamedTuple):
    address: str
    """Masked."""
    has_left: bool


class UnknownLink(LookupError):
    """The link was never valid, was replaced by a newer one, or its subscriber is gone."""


class KnownLink(UnknownLink):
    """A link from a mail to this address that does not work any more. Whoever has it has read that mail."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        """Masked."""


class LinkExpired(KnownLink):
    """A new mail can be requested."""


class LinkUsed(KnownLink):
    """The address is confirmed."""


def confirmation(token: str) -> str:
    """The masked address that this link would confirm. Raises UnknownLink, LinkExpired, LinkUsed."""
    subscriber = _one(is_confirmed_by(token))
    refuse_old(subscriber)
    return mask(subscriber.email)


def leaving(token: str) -> Leaving:
    """Raises UnknownLink."""
    subscriber = _one(Subscriber.leave_token == token)
    return Leaving(mask(subscriber.email), subscriber.status == "left")


def refuse_old(subscriber: Subscriber) -> None:
    """Raises LinkExpired or LinkUsed for the subscriber's newest link."""
    if subscriber.confirm_until is None:
        raise LinkUsed(mask(subscriber.email))
    if subscriber.confirm_until <= clock.now():
        raise LinkExpired(mask(subscriber.email))


def is_confirmed_by(token: str) -> ColumnElement[bool]:
    return Subscriber.confirm_hash == hashed(token)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def mask(email: str) -> str:
    """t…@example.com: enough to recognize one's own address."""
    local, _, host = email.rpartition("@")
    return f"{local[:1]}…@{host}"


def _one(which: ColumnElement[bool]) -> Subscriber:
    found: Subscriber | None = db.session.scalar(select(Subscriber).where(which))
    if found is None:
        raise UnknownLink
    return found
