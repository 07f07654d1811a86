"""The gate for every mail that a stranger can cause: `enqueue` here, never `outbox.enqueue`. It limits what one
address, one client network and the whole site can be made to send, and mails no address that is suppressed.

Features keep their own states; core keeps the hashes of suppressed addresses, which outlive everything else that is
known of them.
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
"""Whatever a form asks for that goes to an address which has not proved itself, or asks for it again."""
LIST_CHANGE = Kind("list_change", (Limit("address", DAY, 6), Limit("network", DAY, 200), Limit("site", HOUR, 600)))
"""Welcome and goodbye: at most one of each for a sign-up."""
RECEIPT = Kind("receipt", (Limit("address", DAY, 6), Limit("network", DAY, 300), Limit("site", HOUR, 300)))
DOTS_DO_NOT_COUNT = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


class Verdict(Enum):
    """The last two depend on the client and on everybody, never on the address, so a page may say so."""

    SENT = "sent"
    WITHHELD = "withheld"
    NETWORK_PAUSED = "network paused"
    SITE_PAUSED = "site paused"

    @property
    def paused(self) -> bool:
        return self in (Verdict.NETWORK_PAUSED, Verdict.SITE_PAUSED)


class Suppression(db.Model):  # type: ignore[name-defined,misc]
    """An address that gets no mail, whoever requests it. The hash cannot be reversed."""

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
    """Count a mail and add it to the current transaction; the caller commits.

    Where it may not go, or the caller does not allow it, it is written all the same and withheld: that is the same
    work, whatever is known of the address. Where the network or the site is paused nothing is written or counted.
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
    """Normalized and casefolded: one mailbox, one key. Any text has one, so that whatever a mail server refuses can be
    looked up."""
    return normalized_email(email) or email.strip().casefold().replace("\0", "?").encode(errors="replace").decode()


def fold(email: str) -> str:
    """One key per mailbox, for counting only: name+tag counts as name, and Gmail ignores dots."""
    local, at, host = email_key(email).rpartition("@")
    local, host = local.partition("+")[0] or local, DOTS_DO_NOT_COUNT.get(host, host)
    return f"{local.replace('.', '') if host == 'gmail.com' else local}{at}{host}"


def suppress(keys: Iterable[str]) -> None:
    """Add these addresses, as email_key makes them, in the caller's transaction. Again is fine."""
    # In one order, so that two lists with the same addresses cannot each wait for the other.
    rows = [{"address_hash": one, "suppressed_at": clock.now()} for one in sorted(map(_hash, keys))]
    if rows:
        insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
        db.session.execute(insert(Suppression).on_conflict_do_nothing(), rows)


def end_suppression(key: str) -> bool:
    """In the caller's transaction: whether there was one."""
    ended = db.session.execute(delete(Suppression).where(Suppression.address_hash == _hash(key)))
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def suppressed_of(keys: Collection[str]) -> set[str]:
    """Those of the keys that are suppressed."""
    hashes = {_hash(key): key for key in keys}
    found = db.session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes)))
    return {hashes[one] for one in found}


def _hash(key: str) -> str:
    return keyed_hash("suppressed", key)
