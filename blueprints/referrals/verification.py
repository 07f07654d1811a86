"""How well a referral is verified: what the request itself reveals, and whether the referrer confirmed their address.

The clinic weighs these marks. They are never a reason to reject a referral.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from blueprints.referrals import emails
from blueprints.referrals.models import Event, Referral
from core import clock, rate_limits
from core.crypto import envelope
from core.mail.limits import Verdict
from core.rate_limits import DAY, HOUR, Kind, Limit

log = logging.getLogger("site")

CONFIRM_WITHIN = timedelta(days=14)
USUAL = Kind(
    "referral",
    (Limit("network", HOUR, 20), Limit("network", DAY, 60), Limit("site", HOUR, 40), Limit("site", DAY, 150)),
)
"""Referrals above these limits are kept and marked, but no longer announced one by one."""
EPISODE_ENDS_AFTER = HOUR
"""Time without a referral above the limits that ends an episode. The clinic is notified once per episode."""
QUICK = 60
"""Seconds. Anything faster is marked, because even the shortest referral takes minutes."""


@dataclass(frozen=True)
class Origin:
    """What is known about a submission besides its answers. None means not known."""

    network: str = ""
    """From client_network in core/extensions.py. Stored only as a hash, for one day."""
    opened_at: datetime | None = None
    draft_started_at: datetime | None = None
    honeypot_filled: bool = False


@dataclass(frozen=True)
class Marks:
    """Stored unencrypted with a referral. Contains nothing about the patient."""

    seconds_on_form: int | None = None
    """From opening the form to sending it."""
    draft_seconds: int | None = None
    """From the first save of the draft to sending it."""
    honeypot_filled: bool = False
    same_network_in_a_day: int = 0
    """Number of other referrals from the same network in the preceding day."""
    many_at_once: bool = False
    """It exceeded the limits of this module, so the clinic got no separate notice for it."""
    receipt_paused: bool = False
    """The receipt was withheld because of the network or site limits, not because of the address."""

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Marks:
        """Read the column, whichever version of the site wrote it."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in (kept or {}).items() if name in known})

    def words(self, confirmed: bool) -> Iterator[str]:
        """Anything unusual, in words. `confirmed` says whether the referrer's address is confirmed."""
        if self.many_at_once:
            yield "many at once" if confirmed else "unverified, many at once"
        if self.honeypot_filled:
            yield "hidden field filled in"
        if self.seconds_on_form is not None and self.seconds_on_form < QUICK:
            yield f"filled in within {self.seconds_on_form} s"
        if self.same_network_in_a_day:
            yield f"{self.same_network_in_a_day} more from its network"


def receive(referral: Referral, referrer: str, clinic: str | None, origin: Origin) -> None:
    """Mark a new referral and queue its emails, in the caller's transaction.

    Call this before adding the referral. Concurrent submissions wait here, and a deadlock could follow if they already
    held a row that this one needs.
    """
    over = bool(rate_limits.exhausted(USUAL, origin.network))
    same_network = rate_limits.from_network(USUAL, origin.network)
    first_over = over and not rate_limits.refused_lately(USUAL, EPISODE_ENDS_AFTER)
    rate_limits.record(USUAL, origin.network, admitted=not over)
    token = secrets.token_urlsafe(32)
    # A referrer who gave only a phone number gets no receipt.
    verdict = emails.receipt(referral.reference, referrer, origin.network, token) if referrer else None
    if verdict is Verdict.SENT:
        referral.confirm_hash, referral.confirm_until = _hash(token), referral.received_at + CONFIRM_WITHIN
    paused = verdict is not None and verdict.paused
    referral.marks = asdict(_marks(referral.received_at, origin, same_network, over, paused))
    if first_over:
        log.warning("many referrals at once: they are kept, marked and not announced one by one")
    if clinic and first_over:
        emails.many_at_once(clinic)
    elif clinic and not over:
        emails.arrived(referral.reference, referral.priority, clinic)


def confirm(referral: Referral, clinic: str | None) -> None:
    """Mark the referrer's address as confirmed, and announce the referral if it has had no separate notice.

    The link works only once. The caller commits.
    """
    now = clock.now()
    referral.confirmed_at, referral.confirm_hash, referral.confirm_until = now, None, None
    referral.events.append(Event(kind="confirmed", happened_at=now))
    if clinic and Marks.read(referral.marks).many_at_once:
        emails.arrived(referral.reference, referral.priority, clinic)


def is_over(referral: Referral) -> bool:
    """Whether the link in the receipt has expired."""
    return referral.confirm_until is None or referral.confirm_until <= clock.now()


def by_token(token: str) -> Any:
    """SQL condition for the referral whose receipt contains this token."""
    return Referral.confirm_hash == _hash(token)


def state_of(confirmed_at: datetime | None, confirm_hash: str | None) -> str:
    """State of the referrer's address: confirmed | not confirmed | no receipt sent."""
    if confirmed_at:
        return "confirmed"
    return "not confirmed" if confirm_hash else "no receipt sent"


def _marks(received_at: datetime, origin: Origin, same_network: int, over: bool, paused: bool) -> Marks:
    return Marks(
        seconds_on_form=_seconds(origin.opened_at, received_at),
        draft_seconds=_seconds(origin.draft_started_at, received_at),
        honeypot_filled=origin.honeypot_filled,
        same_network_in_a_day=same_network,
        many_at_once=over,
        receipt_paused=paused,
    )


def _seconds(start: datetime | None, end: datetime) -> int | None:
    return max(0, int((end - start).total_seconds())) if start else None


def _hash(token: str) -> str:
    return envelope.derive(token, "clinic/referral/confirm/v1").hex()
