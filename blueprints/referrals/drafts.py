"""Drafts: partly completed forms. For 24 hours, only the browser that holds the token can open one.

Four terms: the token is the secret in the browser's two cookies (draft_token.py) that opens the draft. The key names
the future referral, so sending twice gives the same reference. The fingerprint is a hash of the key and the answers.
"Seen" is the review page's hidden field with the fingerprint of what that page showed; if the draft has changed since,
nothing is sent.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update

from blueprints.referrals.models import Draft
from core import clock
from core.crypto import envelope
from core.crypto.envelope import SealingError
from core.extensions import db

log = logging.getLogger("site")

LIFETIME = timedelta(hours=24)
MAX_BYTES = 64 * 1024
"""Size limit for one sealed draft."""
MAX_DRAFTS = 16_384
"""Limit for the whole table: 1 GiB at MAX_BYTES each."""
MAX_NETWORK_DRAFTS = 2_000
"""Limit for drafts in the table from one network. It is high because a whole hospital may share one address."""
PATIENT = (
    "patient_given_name",
    "patient_family_name",
    "patient_birth_date_month",
    "patient_birth_date_day",
    "patient_birth_date_year",
)
DAMAGED = (SealingError, ValueError, TypeError, LookupError)

Answers = dict[str, list[str]]


class NotKept(Exception):
    """The draft was not saved, and nothing else changed."""


class DraftTooLarge(NotKept):
    """The sealed draft would exceed MAX_BYTES."""


class TooManyDrafts(NotKept):
    """The network already has MAX_NETWORK_DRAFTS drafts."""


@dataclass(frozen=True)
class SavedDraft:
    """`token` goes only to the browser (draft_token.py); `key` names the future referral."""

    token: str
    key: str
    answers: Answers
    saved_at: datetime
    started_at: datetime
    """When it was first saved."""

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change with the draft and its answers, so that only the reviewed answers can be sent."""
        return hashlib.sha256(json.dumps([self.key, self.answers], sort_keys=True).encode()).hexdigest()[:16]


def save(token: str | None, answers: Answers, network: str = "") -> SavedDraft:
    """Save the answers, replacing the earlier ones if the token opens a draft for the same patient. Commits.

    Otherwise, start a new draft with a new token and key, and delete the earlier draft in the same commit. `network`
    is a keyed hash of the client's network (at most 32 characters). Raises DraftTooLarge or TooManyDrafts.
    """
    earlier, now = load(token), clock.now()
    _remove_expired(now)
    if earlier and not _is_another_patient(earlier.answers, answers):
        draft = SavedDraft(earlier.token, earlier.key, answers, now, earlier.started_at)
        if _replace(draft):
            db.session.commit()
            return draft
    remove(token)
    draft = SavedDraft(secrets.token_urlsafe(64), secrets.token_urlsafe(16), answers, now, now)
    _start(draft, network)
    db.session.commit()
    return draft


def load(token: str | None) -> SavedDraft | None:
    """The draft, or None if it does not exist or cannot be read."""
    if not token:
        return None
    try:
        return _read(token)
    except DAMAGED as error:
        log.error("a draft cannot be read: %s", type(error).__name__)
        return None


def discard(token: str | None) -> None:
    """Delete the draft. Commits."""
    remove(token)
    db.session.commit()


def remove(token: str | None) -> None:
    """Delete the draft in the caller's transaction, without committing."""
    if token:
        db.session.execute(delete(Draft).where(Draft.token_hash == _row_id(token)))


def purge() -> int:
    """Delete expired drafts and return how many were deleted. Commits."""
    removed = _remove_expired(clock.now())
    db.session.commit()
    return removed


def _read(token: str) -> SavedDraft | None:
    row = db.session.get(Draft, _row_id(token))
    if row is None or row.expires_at < clock.now():
        return None
    opened = envelope.decrypt(_sealing_key(token), row.blob, _context(token))
    started_at = datetime.fromisoformat(opened.get("started_at") or row.saved_at.isoformat())
    return SavedDraft(token, opened["key"], opened["answers"], row.saved_at, started_at)


def _replace(draft: SavedDraft) -> bool:
    """Update the row. False if it has since been sent or deleted: in that case its key must not be reused."""
    same = update(Draft).where(Draft.token_hash == _row_id(draft.token))
    return _count(same.values(_columns(draft))) == 1


def _start(draft: SavedDraft, network: str) -> None:
    of_network = select(func.count()).select_from(Draft).where(Draft.network == network)
    if network and (db.session.scalar(of_network) or 0) >= MAX_NETWORK_DRAFTS:
        db.session.rollback()
        log.warning("a network started more drafts than it may")
        raise TooManyDrafts
    _make_room()
    db.session.add(Draft(token_hash=_row_id(draft.token), network=network, **_columns(draft)))


def _make_room() -> None:
    """If the table is full, delete the drafts saved longest ago, so that people filling in a form keep theirs."""
    excess = (db.session.scalar(select(func.count()).select_from(Draft)) or 0) - MAX_DRAFTS + 1
    if excess > 0:
        oldest = select(Draft.token_hash).order_by(Draft.expires_at).limit(excess)
        removed = _count(delete(Draft).where(Draft.token_hash.in_(oldest)))
        log.error("the table of drafts is full: %d deleted before their time", removed)


def _columns(draft: SavedDraft) -> dict[str, Any]:
    """The column values, with the draft sealed. Raises DraftTooLarge."""
    sealed = {"key": draft.key, "answers": draft.answers, "started_at": draft.started_at.isoformat()}
    blob = envelope.encrypt(_sealing_key(draft.token), sealed, _context(draft.token))
    if len(blob) > MAX_BYTES:
        db.session.rollback()
        raise DraftTooLarge
    return {"blob": blob, "saved_at": draft.saved_at, "expires_at": draft.saved_at + LIFETIME}


def _is_another_patient(before: Answers, after: Answers) -> bool:
    """Whether a name or part of the birth date that was filled in has been changed or removed."""
    return any(_words(before, name) not in ([], _words(after, name)) for name in PATIENT)


def _words(answers: Answers, name: str) -> list[str]:
    return " ".join(answers.get(name, [])).casefold().split()


def _remove_expired(now: datetime) -> int:
    return _count(delete(Draft).where(Draft.expires_at < now))


def _count(statement: Any) -> int:
    """Execute the statement and return the number of rows it changed."""
    unread = statement.execution_options(synchronize_session=False)
    return cast(CursorResult[Any], db.session.execute(unread)).rowcount


def _row_id(token: str) -> str:
    return envelope.derive(token, "clinic/draft/v1/row").hex()


def _sealing_key(token: str) -> bytes:
    return envelope.derive(token, "clinic/draft/v1/key")


def _context(token: str) -> str:
    return f"clinic/draft/v1/{_row_id(token)}"
