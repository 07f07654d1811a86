"""Drafts: half-filled forms that only the browser that holds the token can open, for 24 hours."""

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
"""Of one sealed draft."""
MAX_DRAFTS = 16_384
"""In the table: 1 GiB at most."""
MAX_NETWORK_DRAFTS = 2_000
"""Started from one network and not yet gone: the whole of a hospital may share one address."""
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
    """Sealed, the answers are more than MAX_BYTES."""


class TooManyDrafts(NotKept):
    """The network has MAX_NETWORK_DRAFTS already."""


@dataclass(frozen=True)
class SavedDraft:
    """`token` goes to the browser (draft_token.py) and nowhere else; `key` names the referral to be."""

    token: str
    key: str
    answers: Answers
    saved_at: datetime
    started_at: datetime
    """When it was saved for the first time."""

    @property
    def fingerprint(self) -> str:
        """Changes with the draft and with its answers: what was read on the review page is what may be sent."""
        return hashlib.sha256(json.dumps([self.key, self.answers], sort_keys=True).encode()).hexdigest()[:16]


def save(token: str | None, answers: Answers, network: str = "") -> SavedDraft:
    """Keep the answers, in place of the earlier ones if the token opens a draft of the same patient. Commits.

    In every other case a new draft is started, with a token and a key that nobody has seen, and the earlier one is
    deleted in the same commit. `network` says who starts it, in a form that cannot be read back (32 characters at
    most). Raises DraftTooLarge or TooManyDrafts.
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
    """The draft, or None where there is none, or none that can be read."""
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
    """Delete the draft in the caller's transaction."""
    if token:
        db.session.execute(delete(Draft).where(Draft.token_hash == _row_id(token)))


def purge() -> int:
    """Delete the expired drafts; returns how many there were. Commits."""
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
    """False where the row has gone meanwhile: it was sent or deleted, so its key must not live on."""
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
    """Where the table is full the drafts that were left alone longest go: whoever is filling in a form keeps theirs."""
    excess = (db.session.scalar(select(func.count()).select_from(Draft)) or 0) - MAX_DRAFTS + 1
    if excess > 0:
        oldest = select(Draft.token_hash).order_by(Draft.expires_at).limit(excess)
        removed = _count(delete(Draft).where(Draft.token_hash.in_(oldest)))
        log.error("the table of drafts is full: %d deleted before their time", removed)


def _columns(draft: SavedDraft) -> dict[str, Any]:
    """Raises DraftTooLarge."""
    sealed = {"key": draft.key, "answers": draft.answers, "started_at": draft.started_at.isoformat()}
    blob = envelope.encrypt(_sealing_key(draft.token), sealed, _context(draft.token))
    if len(blob) > MAX_BYTES:
        db.session.rollback()
        raise DraftTooLarge
    return {"blob": blob, "saved_at": draft.saved_at, "expires_at": draft.saved_at + LIFETIME}


def _is_another_patient(before: Answers, after: Answers) -> bool:
    """A name or a part of the birth date that was there reads differently now, or is gone."""
    return any(_words(before, name) not in ([], _words(after, name)) for name in PATIENT)


def _words(answers: Answers, name: str) -> list[str]:
    return " ".join(answers.get(name, [])).casefold().split()


def _remove_expired(now: datetime) -> int:
    return _count(delete(Draft).where(Draft.expires_at < now))


def _count(statement: Any) -> int:
    """Rows that the statement changed."""
    unread = statement.execution_options(synchronize_session=False)
    return cast(CursorResult[Any], db.session.execute(unread)).rowcount


def _row_id(token: str) -> str:
    return envelope.derive(token, "clinic/draft/v1/row").hex()


def _sealing_key(token: str) -> bytes:
    return envelope.derive(token, "clinic/draft/v1/key")


def _context(token: str) -> str:
    return f"clinic/draft/v1/{_row_id(token)}"
