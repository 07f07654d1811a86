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

from blueprints.referrals import drafts, hours, verification
from blueprints.referrals.details import ReferralData, read, version_of
from blueprints.referrals.drafts import SavedDraft
from blueprints.referrals.lifecycle import columns, risk
from blueprints.referrals.models import Event, Referral
from blueprints.referrals.verification import Marks, Origin
from core import clock
from core.batches import batches
from core.crypto import models
from core.crypto.envelope import SealingError
from core.crypto.models import Opened
from core.extensions import db

# No vowels, so that no word can form by chance; no 0, 1 or L, which are easily misread.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
TRIES = 5


class UnknownReferral(LookupError):
    """No referral matches this reference or confirmation link."""


class DraftChanged(Exception):
    """The draft was saved, deleted or sent by another request after these details were read. Nothing was sent."""


class LinkExpired(LookupError):
    """The confirmation link in the receipt is genuine but has expired."""


class Summary(NamedTuple):
    """The part of a referral that is stored unencrypted."""

    reference: str
    received_at: datetime
    priority: str
    status: str
    email: str = "no receipt sent"
    """confirmed | not confirmed | no receipt sent."""
    marks: Marks = Marks()
    outcome: str = ""
    """How it ended; "" while it is open."""

    @property
    def signs(self) -> list[str]:
        """Anything unusual about how the referral was sent, in words."""
        return list(self.marks.words(confirmed=self.email == "confirmed"))


def submit(
    details: ReferralData,
    key: str,
    draft: SavedDraft | None,
    public_keys: Sequence[str],
    clinic_email: str | None = None,
    origin: Origin = Origin(),  # noqa: B008 - frozen
) -> str:
    """Store a sealed referral, its marks, event and emails, and close its draft, in one commit.

    Returns the reference. The same key always gives the same reference, even if sent repeatedly or concurrently.
    Raises DraftChanged if `draft` is no longer the newest, and RuntimeError if no unused reference is found.
    """
    for _ in range(TRIES):
        if sent := reference_of(key):
            return sent
        referral = _sealed(details, key, public_keys)
        _start_clock(referral, details)
        try:
            verification.receive(referral, details.referrer_email, clinic_email, origin)
            db.session.add(referral)
            db.session.flush()
            if draft and not drafts.close_as_sent(draft, referral.reference):
                return _sent_meanwhile(key)
            db.session.commit()
        except IntegrityError:
            # Another request has just stored this key, or by chance this reference.
            db.session.rollback()
        else:
            return referral.reference
    raise RuntimeError("no free reference was found")


def _sent_meanwhile(key: str) -> str:
    """The reference, if the draft was closed because another request sent it. Raises DraftChanged."""
    db.session.rollback()
    if sent := reference_of(key):
        return sent
    raise DraftChanged


def reference_of(key: str) -> str | None:
    """The reference of the referral sent with this key, or None if it was not sent."""
    return db.session.scalar(select(Referral.reference).where(Referral.key_hash == _hash(key)))


def receipt_is_paused(reference: str) -> bool:
    """Whether the receipt was withheld because too many emails were requested at once.

    Reveals nothing about the address itself. Raises UnknownReferral.
    """
    found = db.session.execute(select(Referral.marks).where(Referral.reference == reference)).one_or_none()
    if found is None:
        raise UnknownReferral(reference)
    return Marks.read(found.marks).receipt_paused


def confirm_email(token: str, clinic_email: str | None = None) -> str:
    """Confirm the referrer's address with the token in the receipt, and return the reference. Commits.

    Raises UnknownReferral, also if the link has already been used, and LinkExpired.
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
    """Urgent referrals first, then in order of arrival; at most `limit` in all. Reads in batches, so that memory stays
    small however many there are."""
    urgent = _summaries(Referral.priority == "urgent", size=limit)
    return islice(chain(urgent, _summaries(Referral.priority != "urgent", size=limit)), limit)


def summary(reference: str) -> Summary:
    """The unencrypted part of one referral. Raises UnknownReferral."""
    for found in _summaries(Referral.reference == reference.strip().upper()):
        return found
    raise UnknownReferral(reference)


def open_referral(reference: str, private_key: str) -> Opened:
    """Decrypt a referral of any version, and check that its row has not changed since it was sealed.

    Raises UnknownReferral, or SealingError if it cannot be opened or is not a referral that the site could have sealed.
    """
    opened = models.find(Referral, reference.strip().upper(), private_key)
    if opened is None:
        raise UnknownReferral(reference)
    try:
        said = {**read(opened.data).as_json(), "version": version_of(opened.data)}
    except ValueError as error:
        raise SealingError(f"its content is not a referral: {error}") from error
    return opened._replace(data=said)


def opened(private_key: str, since: datetime | None = None) -> Iterator[tuple[Summary, Opened | SealingError]]:
    """Each referral in order of arrival, decrypted or with the error that prevented it."""
    for summary in _summaries(*_received(since)):
        said: Opened | SealingError
        try:
            said = open_referral(summary.reference, private_key)
        except SealingError as error:
            said = error
        db.session.rollback()  # Hold no lock while the caller processes this referral.
        yield summary, said


def _summaries(*conditions: ColumnElement[bool], size: int | None = None) -> Iterator[Summary]:
    clear = (Referral.reference, Referral.received_at, Referral.priority, Referral.status, Referral.outcome)
    query = select(Referral.id, *clear, Referral.confirmed_at, Referral.confirm_hash, Referral.marks)
    for rows in batches(query.where(*conditions), Referral.id, size):
        for row in rows:
            email = verification.state_of(row.confirmed_at, row.confirm_hash)
            marks = Marks.read(row.marks)
            yield Summary(row.reference, row.received_at, row.priority, row.status, email, marks, row.outcome)


def _received(since: datetime | None) -> list[ColumnElement[bool]]:
    return [Referral.received_at >= since] if since else []


def _sealed(details: ReferralData, key: str, public_keys: Sequence[str]) -> Referral:
    now = clock.now()
    referral = Referral(
        public_id=str(uuid.uuid4()),
        reference="KTC-" + "".join(secrets.choice(ALPHABET) for _ in range(8)),
        key_hash=_hash(key),
        received_at=now,
        priority=details.priority,
        events=[Event(kind="submitted", happened_at=now)],
    )
    referral.seal(details.as_json(), public_keys)
    return referral


def _start_clock(referral: Referral, details: ReferralData) -> None:
    started = columns.arrival(details.priority, risk.is_high(details), referral.received_at, hours.current())
    for name, value in started.items():
        setattr(referral, name, value)
    (event,) = referral.events
    event.target, event.clock, event.clock_seconds = referral.status, referral.clock, referral.clock_seconds
    event.due_at = referral.due_at


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
