"""Drafts: partly completed forms. For 24 hours, only the browser that holds the token can open them.

The token is the secret in the browser's two cookies (draft_token.py): it seals and opens all drafts of that browser.
Each referral has a draft of its own, with a random public id that stands in the form. Its key names the future
referral, so sending twice gives the same reference.

A save never overwrites what its page has not seen: it must come from the newest version, or from the tab that made the
newest version and after that save (`PageState`). A draft that was sent or deleted is closed, and is not written again.

The fingerprint is a hash of the key and the answers. The review page sends the one of what it showed as "seen"; if the
draft has changed since, nothing is sent.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from blueprints.referrals import draft_rows
from blueprints.referrals.models import Draft
from core import clock
from core.crypto.envelope import SealingError
from core.extensions import db

log = logging.getLogger("site")

LIFETIME = timedelta(hours=24)
UNDO = timedelta(seconds=60)
"""How long a deleted draft can be restored."""
MAX_BYTES = 64 * 1024
"""Size limit for one sealed draft."""
MAX_LISTED = 20
"""Drafts of one browser that are listed."""
TRIES = 5
DAMAGED = (SealingError, ValueError, TypeError, LookupError)

Answers = dict[str, list[str]]


@dataclass(frozen=True)
class PageState:
    """What a page of the form holds: the draft's id and version (0: never saved), its own id, and its typed changes."""

    id: str
    version: int = 0
    tab: str = ""
    seq: int = 0

    def may_follow(self, newest: PageState) -> bool:
        """Whether what is typed in this page was typed with the newest save in view, or after it in the same tab."""
        is_later = bool(self.tab) and self.tab == newest.tab and self.seq > newest.seq
        return is_later or self.version == newest.version


@dataclass(frozen=True)
class SavedDraft:
    """`token` goes only to the browser (draft_token.py); `key` names the future referral."""

    token: str
    page: PageState
    """The page that saved it last, with the version that this made."""
    key: str
    answers: Answers
    saved_at: datetime
    started_at: datetime
    """When it was first saved."""

    @property
    def id(self) -> str:
        return self.page.id

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change with the draft and its answers, so that only the reviewed answers can be sent."""
        return hashlib.sha256(json.dumps([self.key, self.answers], sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Sent:
    """What became of a draft that was sent."""

    reference: str
    sent_at: datetime


class NotKept(Exception):
    """The answers were not saved, and nothing else changed."""


class DraftTooLarge(NotKept):
    """The sealed draft would exceed MAX_BYTES."""


class TooManyDrafts(NotKept):
    """The network already has draft_rows.MAX_NETWORK_DRAFTS drafts."""


class NotNewest(NotKept):
    """The draft has a newer version, which the page has not seen."""

    def __init__(self, newest: SavedDraft) -> None:
        self.newest = newest


class DraftClosed(NotKept):
    """The draft was sent (`sent`) or deleted, or is more than LIFETIME old."""

    def __init__(self, sent: Sent | None = None) -> None:
        self.sent = sent


def new_id() -> str:
    """22 characters, for a page with a new draft."""
    return secrets.token_urlsafe(16)


def save(token: str, page: PageState, answers: Answers, network: str = "") -> SavedDraft:
    """Save the answers as the next version of the page's draft, or start it. Commits.

    `network` is a keyed hash of the client's network (at most 32 characters). Raises NotNewest, DraftClosed,
    DraftTooLarge or TooManyDrafts; RuntimeError if other requests write the same draft each time.
    """
    for _ in range(TRIES):
        try:
            if saved := _saved(token, page, answers, network):
                db.session.commit()
                return saved
        except NotKept:
            db.session.rollback()
            raise
        db.session.rollback()
    raise RuntimeError("other requests write the same draft each time")


def save_copy(token: str, page: PageState, answers: Answers, network: str = "") -> SavedDraft:
    """Save the answers of a page that is not the newest as a draft of their own. Commits; raises as `save`.

    Its id follows from the draft and the tab, so that all refused saves of one tab together make one copy.
    """
    page = replace(page, id=draft_rows.copy_id(token, page.id, page.tab), version=0)
    try:
        return save(token, page, answers, network)
    except NotNewest:
        return save_copy(token, page, answers, network)
    except DraftClosed:
        return save(token, replace(page, id=new_id()), answers, network)


def load(token: str | None, draft_id: str) -> SavedDraft | None:
    """The draft, or None if it is not there, is closed, belongs to another browser, or cannot be read."""
    row = draft_rows.find(token, draft_id) if token else None
    return _opened(token, row) if token and row and row.closed_at is None else None


def list_drafts(token: str | None) -> list[SavedDraft]:
    """The browser's open drafts that have answers, the last saved first; at most MAX_LISTED."""
    rows = draft_rows.open_rows(token, MAX_LISTED) if token else ()
    opened = [_opened(token, row) for row in rows] if token else []
    return [draft for draft in opened if draft and draft.answers]


def sent_as(token: str | None, draft_id: str) -> Sent | None:
    """The reference of a draft that this browser sent, as long as its row is kept."""
    row = draft_rows.find(token, draft_id) if token else None
    return _sent(token, row) if token and row else None


def close_as_sent(draft: SavedDraft, reference: str) -> bool:
    """Close the draft in the caller's transaction, without committing. Only the reference is kept, sealed.

    False if this is not the draft's newest version, or it is closed already.
    """
    is_newest = (Draft.closed_at.is_(None), Draft.version == draft.page.version)
    sealed = draft_rows.seal(draft.token, draft.id, {"reference": reference})
    return draft_rows.change(draft.token, draft.id, *is_newest, **_closed(), blob=sealed)


def discard(token: str, draft_id: str, network: str = "") -> None:
    """Close the draft. Its answers are kept for UNDO, in case it is restored. Commits.

    One that was never saved is closed as well, so that a save which arrives late does not start it.
    """
    _close(token, draft_id, network, undo_until=clock.now() + UNDO)


def erase(token: str, draft_id: str, network: str = "") -> None:
    """Close the draft and delete its answers at once. Commits."""
    _close(token, draft_id, network, blob=b"")
    draft_rows.change(token, draft_id, Draft.undo_until.is_not(None), blob=b"", undo_until=None)
    db.session.commit()


def restore(token: str, draft_id: str) -> bool:
    """Restore a draft that was discarded less than UNDO ago. False if that is no longer possible. Commits."""
    restored = draft_rows.change(token, draft_id, Draft.undo_until >= clock.now(), closed_at=None, undo_until=None)
    db.session.commit()
    return restored


def can_be_restored(token: str | None, draft_id: str) -> bool:
    row = draft_rows.find(token, draft_id) if token else None
    return bool(row and row.blob and row.undo_until and row.undo_until >= clock.now())


def purge() -> int:
    """Delete expired drafts, and the answers that can no longer be restored. Returns how many had expired. Commits."""
    removed = draft_rows.tidy(clock.now())
    db.session.commit()
    return removed


def _saved(token: str, page: PageState, answers: Answers, network: str) -> SavedDraft | None:
    """The draft as it is then stored; None if another request wrote it first."""
    now = clock.now()
    draft_rows.tidy(now)
    newest = _newest(token, page)
    if newest is None:
        first = SavedDraft(token, replace(page, version=1), secrets.token_urlsafe(16), answers, now, now)
        return first if _start(first, network) else None
    if page.may_follow(newest.page):
        following = replace(page, version=newest.page.version + 1)
        draft = replace(newest, page=following, answers=answers, saved_at=now)
        return draft if _replace(draft) else None
    if newest.answers == answers:
        return newest
    raise NotNewest(newest)


def _newest(token: str, page: PageState) -> SavedDraft | None:
    """What is stored of the page's draft; None if it was never saved. Raises DraftClosed."""
    row = draft_rows.find(token, page.id)
    if row is None:
        if page.version or draft_rows.is_foreign(token, page.id):
            raise DraftClosed
        return None
    if row.closed_at:
        raise DraftClosed(_sent(token, row))
    page, key = PageState(row.id, row.version), secrets.token_urlsafe(16)
    return _opened(token, row) or SavedDraft(token, page, key, {}, row.saved_at, row.saved_at)


def _start(draft: SavedDraft, network: str) -> bool:
    columns = _columns(draft)
    if draft_rows.network_is_full(network):
        log.warning("a network started more drafts than it may")
        raise TooManyDrafts
    return draft_rows.add(draft.token, draft.id, network, **columns)


def _replace(draft: SavedDraft) -> bool:
    before = (Draft.closed_at.is_(None), Draft.version == draft.page.version - 1)
    return draft_rows.change(draft.token, draft.id, *before, **_columns(draft))


def _close(token: str, draft_id: str, network: str, **values: Any) -> None:
    draft_rows.tidy(clock.now())
    if not draft_rows.change(token, draft_id, Draft.closed_at.is_(None), **_closed(), **values):
        draft_rows.leave_mark(token, draft_id, network, clock.now() + LIFETIME)
    db.session.commit()


def _closed() -> dict[str, Any]:
    """Its version goes up, so that no save from before may follow even if it is restored."""
    return {"closed_at": clock.now(), "version": Draft.version + 1}


def _columns(draft: SavedDraft) -> dict[str, Any]:
    """The column values, with the draft sealed. Raises DraftTooLarge."""
    page = {"tab": draft.page.tab, "seq": draft.page.seq}
    sealed = {"key": draft.key, "answers": draft.answers, "started_at": draft.started_at.isoformat(), **page}
    blob = draft_rows.seal(draft.token, draft.id, sealed)
    if len(blob) > MAX_BYTES:
        raise DraftTooLarge
    saved = {"saved_at": draft.saved_at, "expires_at": draft.saved_at + LIFETIME}
    return {"blob": blob, "version": draft.page.version, **saved}


def _opened(token: str, row: Draft) -> SavedDraft | None:
    try:
        sealed = draft_rows.unseal(token, row)
        page = PageState(row.id, row.version, sealed.get("tab") or "", sealed.get("seq") or 0)
        started_at = datetime.fromisoformat(sealed.get("started_at") or row.saved_at.isoformat())
        return SavedDraft(token, page, sealed["key"], sealed["answers"], row.saved_at, started_at)
    except DAMAGED as error:
        log.error("a draft cannot be read: %s", type(error).__name__)
        return None


def _sent(token: str, row: Draft) -> Sent | None:
    """None for a draft that was deleted, whose sealed part has no reference or is empty."""
    try:
        return Sent(draft_rows.unseal(token, row)["reference"], row.closed_at) if row.closed_at else None
    except DAMAGED:
        return None
