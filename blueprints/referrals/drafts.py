"""Drafts: half-filled forms that only the browser that holds the token can open, for 24 hours."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete

from blueprints.referrals.models import Draft
from core import clock, sealing
from core.extensions import db

LIFETIME = timedelta(hours=24)

Answers = dict[str, list[str]]


@dataclass(frozen=True)
class SavedDraft:
    """`token` goes into the browser's cookie and nowhere else; `key` names the referral to be."""

    token: str
    key: str
    answers: Answers
    saved_at: datetime
    started_at: datetime | None = None
    """When it was saved for the first time."""

    @property
    def fingerprint(self) -> str:
        """Changes with the answers: what was read on the review page is what may be sent."""
        return hashlib.sha256(json.dumps(self.answers, sort_keys=True).encode()).hexdigest()[:16]


def save(token: str | None, answers: Answers) -> SavedDraft:
    """Keep the answers, in place of the earlier ones if the token has a draft. Commits."""
    earlier = load(token)
    token = earlier.token if earlier and token else secrets.token_urlsafe(32)
    key = earlier.key if earlier else secrets.token_urlsafe(16)
    now = clock.now()
    started = (earlier.started_at if earlier else None) or now
    said = {"key": key, "answers": answers, "started_at": started.isoformat()}
    blob = sealing.encrypt(_sealing_key(token), said, _context(token))
    _remove_expired(now)
    db.session.merge(Draft(token_hash=_row_id(token), blob=blob, saved_at=now, expires_at=now + LIFETIME))
    db.session.commit()
    return SavedDraft(token, key, answers, now, started)


def load(token: str | None) -> SavedDraft | None:
    row = db.session.get(Draft, _row_id(token)) if token else None
    if row is None or token is None or row.expires_at < clock.now():
        return None
    opened = sealing.decrypt(_sealing_key(token), row.blob, _context(token))
    started = datetime.fromisoformat(opened.get("started_at") or row.saved_at.isoformat())
    return SavedDraft(token, opened["key"], opened["answers"], row.saved_at, started)


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


def _remove_expired(now: datetime) -> int:
    result = cast(CursorResult[Any], db.session.execute(delete(Draft).where(Draft.expires_at < now)))
    return result.rowcount


def _row_id(token: str) -> str:
    return sealing.derive(token, "clinic/draft/v1/row").hex()


def _sealing_key(token: str) -> bytes:
    return sealing.derive(token, "clinic/draft/v1/key")


def _context(token: str) -> str:
    return f"clinic/draft/v1/{_row_id(token)}"
