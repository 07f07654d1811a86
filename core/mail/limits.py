"""Limits for all mail that an anonymous visitor can trigger: such mail goes through `enqueue` here, never through
`outbox.enqueue`. There are limits per address, per client network and for the whole site, and suppressed addresses get
no mail.

Features keep their own data; core keeps the hashes of suppressed addresses, which outlive all other data about them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum

from sqlalchemy import String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, rate_limits
from core.extensions import db
from core.forms.validators import normalized_email
from core.mail import outbox
from core.rate_limits import DAY, HOUR, Kind, Limit, keyed_hash

SIGN_UP = Kind(
    "sign_up",
    (Limit("address", HOUR, 1), Limit("address", DAY, 3), Limit("network", DAY, 100), Limit("site", HOUR, 600)),
)
"""Mail to an address that is not confirmed yet, and repeats of such mail."""
LIST_CHANGE = Kind("list_change", (Limit("address", DAY, 6), Limit("network", DAY, 200), Limit("site", HOUR, 600)))
"""Welcome and goodbye messages: at most one of each per sign-up."""
RECEIPT = Kind("receipt", (Limit("address", DAY, 6), Limit("network", DAY, 300), Limit("site", HOUR, 300)))
IGNORES_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


class Verdict(Enum):
    """What became of a message. The last two depend on the client's network or on all traffic, never on the address, so
    a page may show them."""

    SENT = "sent"
    WITHHELD = "withheld"
    NETWORK_PAUSED = "network paused"
    SITE_PAUSED = "site paused"

    @property
    def paused(self) -> bool:
        return self in (Verdict.NETWORK_PAUSED, Verdict.SITE_PAUSED)


class Suppression(db.Model):  # type: ignore[name-defined,misc]
    """An address that gets no mail, whoever requests it. Only its keyed hash is stored."""

    __tablename__ = "suppressions"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    suppressed_at: Mapped[datetime] = mapped_column(clock.UTCDateTime)


def enqueue(
    kind: Kind,
    network: str,
    recipient: str,
    subject: str,
    template: str,
    headers: dict[str, str] | None = None,
    allowed: bool = True,
    **values: object,
) -> Verdict:
    """Count a message and add it to the current transaction; the caller commits.

    A message that may not be sent, or that the caller does not allow, is stored but withheld, so that the request does
    the same work whatever is known about the address. If the network or the site is over its limit, nothing is stored
    or counted.
    """
    address = fold(recipient)
    used_up = rate_limits.exhausted(kind, network, address)
    suppressed = suppressed_of([email_key(recipient)])
    if {"network", "site"} & used_up:
        return Verdict.SITE_PAUSED if "site" in used_up else Verdict.NETWORK_PAUSED
    sent = allowed and not used_up and not suppressed
    rate_limits.record(kind, network, address, admitted=sent)
    outbox.enqueue(recipient, subject, template, headers, send=sent, **values)
    return Verdict.SENT if sent else Verdict.WITHHELD


def email_key(email: str) -> str:
    """The address normalized and casefolded: one key per mailbox. Text that is not a valid address has a key too, so
    that whatever a mail server rejects can be looked up."""
    return normalized_email(email) or email.strip().casefold().replace("\0", "?").encode(errors="replace").decode()


def fold(email: str) -> str:
    """One key per mailbox, for counting only: name+tag counts as name, and Gmail ignores dots."""
    local, at, host = email_key(email).rpartition("@")
    local, host = local.partition("+")[0] or local, IGNORES_DOTS.get(host, host)
    return f"{local.replace('.', '') if host == 'gmail.com' else local}{at}{host}"


def suppress(keys: Iterable[str]) -> None:
    """Suppress these addresses, given as email_key returns them, in the caller's transaction. May be repeated."""
    # Sorted, so that two lists with the same addresses cannot deadlock.
    rows = [{"address_hash": one, "suppressed_at": clock.now()} for one in sorted(map(_hash, keys))]
    if rows:
        insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
        db.session.execute(insert(Suppression).on_conflict_do_nothing(), rows)


def end_suppression(key: str) -> bool:
    """Lift a suppression in the caller's transaction. Returns whether there was one."""
    ended = db.session.execute(delete(Suppression).where(Suppression.address_hash == _hash(key)))
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def suppressed_of(keys: Collection[str]) -> set[str]:
    """Those of the keys that are suppressed."""
    hashes = {_hash(key): key for key in keys}
    found = db.session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes)))
    return {hashes[one] for one in found}


def _hash(key: str) -> str:
    return keyed_hash("suppressed", key)
