"""How far a referral is verified: what the request tells beside the answers, and whether the referrer's address was
confirmed. These are marks for the clinic to weigh and never a reason to refuse a person.
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
"""Above it referrals are kept, marked, and no longer announced one by one."""
EPISODE_ENDS_AFTER = HOUR
"""Without a referral above the limits. The clinic is told once in an episode."""
QUICK = 60
"""Seconds: the form takes about six minutes."""


@dataclass(frozen=True)
class Origin:
    """What a request tells beside the answers. None where it is not known."""

    network: str = ""
    """As core/extensions.py client_network gives it. It is kept as a hash, for a day."""
    opened_at: datetime | None = None
    draft_started_at: datetime | None = None
    honeypot_filled: bool = False


@dataclass(frozen=True)
class Marks:
    """What is kept beside a referral, in the clear. It says nothing of the patient."""

    seconds_on_form: int | None = None
    """From opening the form to sending it."""
    draft_seconds: int | None = None
    """From the first save of the draft to sending it."""
    honeypot_filled: bool = False
    same_network_in_a_day: int = 0
    """Others that came from the same network in the day before."""
    many_at_once: bool = False
    """It came above the limits of this module, and was not announced to the clinic by itself."""
    receipt_paused: bool = False
    """No receipt was written, because of the network or the site and not because of the address."""

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Marks:
        """From the column, whichever version of the site wrote it."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in (kept or {}).items() if name in known})

    def words(self, confirmed: bool) -> Iterator[str]:
        """What stands out, where the referrer's address was confirmed or was not."""
        if self.many_at_once:
            yield "many at once" if confirmed else "unverified, many at once"
        if self.honeypot_filled:
            yield "hidden field filled in"
        if self.seconds_on_form is not None and self.seconds_on_form < QUICK:
            yield f"filled in within {self.seconds_on_form} s"
        if self.same_network_in_a_day:
            yield f"{self.same_network_in_a_day} more from its network"


def receive(referral: Referral, referrer: str, clinic: str | None, origin: Origin) -> None:
    """Mark a new referral and write its mail, in the caller's transaction.

    Call it before the referral is added: others that arrive at this moment wait here, and must hold no row that this
    one waits for.
    """
    over = bool(rate_limits.exhausted(USUAL, origin.network))
    same_network = rate_limits.from_network(USUAL, origin.network)
    first_over = over and not rate_limits.refused_lately(USUAL, EPISODE_ENDS_AFTER)
    rate_limits.record(USUAL, origin.network, admitted=not over)
    token = secrets.token_urlsafe(32)
    verdict = emails.receipt(referral.reference, referrer, origin.network, token)
    if verdict is Verdict.SENT:
        referral.confirm_hash, referral.confirm_until = _hash(token), referral.received_at + CONFIRM_WITHIN
    referral.marks = asdict(_marks(referral.received_at, origin, same_network, over, verdict.paused))
    if first_over:
        log.warning("many referrals at once: they are kept, marked and not announced one by one")
    if clinic and first_over:
        emails.many_at_once(clinic)
    elif clinic and not over:
        emails.arrived(referral.reference, referral.priority, clinic)


def confirm(referral: Referral, clinic: str | None) -> None:
    """The referrer's address is confirmed. A referral that was not announced by itself is announced now. The link works
    once; the caller commits."""
    now = clock.now()
    referral.confirmed_at, referral.confirm_hash, referral.confirm_until = now, None, None
    referral.events.append(Event(kind="confirmed", happened_at=now))
    if clinic and Marks.read(referral.marks).many_at_once:
        emails.arrived(referral.reference, referral.priority, clinic)


def is_over(referral: Referral) -> bool:
    """Whether the link in the receipt is too old."""
    return referral.confirm_until is None or referral.confirm_until <= clock.now()


def by_token(token: str) -> Any:
    """The condition that finds the referral whose receipt has this token."""
    return Referral.confirm_hash == _hash(token)


def state_of(confirmed_at: datetime | None, confirm_hash: str | None) -> str:
    """confirmed | not confirmed | no receipt sent: of the referrer's address."""
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
