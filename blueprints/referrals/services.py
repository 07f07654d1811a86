"""Sending and opening referrals: rules, one transaction, side effects."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from blueprints.referrals import drafts, verification
from blueprints.referrals.details import ReferralData, read, version_of
from blueprints.referrals.models import Event, Referral
from blueprints.referrals.verification import Marks, Origin
from core import clock
from core.batches import batches
from core.crypto import models
from core.crypto.envelope import SealingError
from core.crypto.models import Opened
from core.extensions import db

# No vowels, so that no word appears by chance; no 0, 1, L, which are misread.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
TRIES = 5


class UnknownReferral(LookupError):
    """There is no referral of that reference."""


class LinkExpired(LookupError):
    """The link in the receipt is ours, and too old."""


class Summary(NamedTuple):
    """What stands in the clear of a referral."""

    reference: str
    received_at: datetime
    priority: str
    status: str
    email: str = "no receipt sent"
    """confirmed | not confirmed | no receipt sent."""
    marks: Marks = Marks()

    @property
    def signs(self) -> list[str]:
        """What stands out, in words."""
        return list(self.marks.words(confirmed=self.email == "confirmed"))


def submit(
    details: ReferralData,
    key: str,
    token: str | None,
    public_keys: Sequence[str],
    clinic_email: str | None = None,
    origin: Origin = Origin(),  # noqa: B008 - frozen
) -> str:
    """Keep the sealed referral, its marks, its event and its mail, and delete its draft, in one commit; returns the
    reference.

    The same key gives the same reference, however often and however simultaneously it is sent.
    """
    for _ in range(TRIES):
        if sent := reference_of(key):
            return sent
        referral = _sealed(details, key, public_keys)
        try:
            verification.receive(referral, details.referrer_email, clinic_email, origin)
            db.session.add(referral)
            drafts.remove(token)
            db.session.commit()
        except IntegrityError:
            # Somebody else was first: with this key, or by chance with this reference.
            db.session.rollback()
        else:
            return referral.reference
    raise RuntimeError("no free reference was found")


def reference_of(key: str) -> str | None:
    """The reference that a form with this key was given, if it was sent."""
    return db.session.scalar(select(Referral.reference).where(Referral.key_hash == _hash(key)))


def receipt_is_paused(reference: str) -> bool:
    """Whether no receipt was written because too many mails were asked for at once. What is known of the address itself
    is told to nobody. Raises UnknownReferral."""
    found = db.session.execute(select(Referral.marks).where(Referral.reference == reference)).one_or_none()
    if found is None:
        raise UnknownReferral(reference)
    return Marks.read(found.marks).receipt_paused


def confirm_email(token: str, clinic_email: str | None = None) -> str:
    """Whoever has the receipt says that the referral is theirs; returns its reference. Commits.

    Raises UnknownReferral, also where the link was used already, and LinkExpired.
    """
    referral = db.session.scalar(select(Referral).where(verification.by_token(token)).with_for_update())
    if referral is None or verification.is_over(referral):
        db.session.rollback()
        raise UnknownReferral if referral is None else LinkExpired
    reference: str = referral.reference
    verification.confirm(referral, clinic_email)
    db.session.commit()
    return reference


def summaries(limit: int | None = None) -> Iterator[Summary]:
    """Urgent ones first, then in order of arrival. However many there are, few are in memory, and none is read that
    is not among the first `limit`."""
    urgent = _summaries(Referral.priority == "urgent", size=limit)
    return islice(chain(urgent, _summaries(Referral.priority != "urgent", size=limit)), limit)


def summary(reference: str) -> Summary:
    """Raises UnknownReferral."""
    for found in _summaries(Referral.reference == reference.strip().upper()):
        return found
    raise UnknownReferral(reference)


def open_referral(reference: str, private_key: str) -> Opened:
    """What the referral says, of any version, and whether it stands as it was sealed.

    Raises UnknownReferral, or SealingError where it cannot be opened or is none that the site would have sealed.
    """
    opened = models.find(Referral, reference.strip().upper(), private_key)
    if opened is None:
        raise UnknownReferral(reference)
    try:
        said = {**read(opened.data).as_json(), "version": version_of(opened.data)}
    except ValueError as error:
        raise SealingError(f"what was sealed is no referral: {error}") from error
    return opened._replace(data=said)


def opened(private_key: str, since: datetime | None = None) -> Iterator[tuple[Summary, Opened | SealingError]]:
    """Each referral, in order of arrival, with what it says, or with why it cannot be opened."""
    for summary in _summaries(*_received(since)):
        said: Opened | SealingError
        try:
            said = open_referral(summary.reference, private_key)
        except SealingError as error:
            said = error
        db.session.rollback()  # Whoever takes their time over what is said holds no lock.
        yield summary, said


def _summaries(*conditions: ColumnElement[bool], size: int | None = None) -> Iterator[Summary]:
    clear = (Referral.reference, Referral.received_at, Referral.priority, Referral.status)
    query = select(Referral.id, *clear, Referral.confirmed_at, Referral.confirm_hash, Referral.marks)
    for rows in batches(query.where(*conditions), Referral.id, size):
        for row in rows:
            email = verification.state_of(row.confirmed_at, row.confirm_hash)
            yield Summary(row.reference, row.received_at, row.priority, row.status, email, Marks.read(row.marks))


def _received(since: datetime | None) -> list[ColumnElement[bool]]:
    return [Referral.received_at >= since] if since else []


def _sealed(details: ReferralData, key: str, public_keys: Sequence[str]) -> Referral:
    now = clock.now()
    referral = Referral(
        public_id=str(uuid.uuid4()),
        reference="KTC-" + "".join(secrets.choice(ALPHABET) for _ in range(8)),
        key_hash=_hash(key),
        received_at=now,
        status="submitted",
        priority=details.priority,
        events=[Event(kind="submitted", happened_at=now)],
    )
    referral.seal(details.as_json(), public_keys)
    return referral


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
