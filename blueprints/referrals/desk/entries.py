"""What staff write about a referral: notes, messages, calls, and the words of decisions. Sealed like referrals."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from blueprints.referrals.models import Written
from core.audit import Actor
from core.crypto import models
from core.crypto.envelope import SealingError
from core.crypto.models import Opened
from core.extensions import db

NOTE, MESSAGE, CALL = "note", "message", "call"
VERSION = 1


@dataclass(frozen=True)
class Writing:
    """An entry, opened."""

    kind: str
    author: str
    at: datetime
    said: Mapping[str, str]
    """What was given, by name. {} if it does not open."""
    fault: str = ""
    """Why it does not open, or what is not as it was sealed."""

    @property
    def is_contact(self) -> bool:
        """Whether somebody was spoken with."""
        return self.kind == CALL and self.said.get("reached") == "yes" and not self.fault


def add(
    referral_id: int, kind: str, given: Mapping[str, str], actor: Actor, at: datetime, public_keys: Sequence[str]
) -> None:
    """Seal an entry into the caller's transaction. Raises SealingError without a public key."""
    row = Written(
        public_id=str(uuid.uuid4()),
        referral_id=referral_id,
        kind=kind,
        author_id=actor.id,
        author=actor.name,
        written_at=at,
    )
    row.seal({"version": VERSION, "said": dict(given)}, public_keys)
    db.session.add(row)


def of(referral_id: int, private_key: str) -> list[Writing]:
    """All entries of a referral in the order of writing."""
    query = select(Written.public_id, Written.kind, Written.author, Written.written_at)
    rows = db.session.execute(query.where(Written.referral_id == referral_id).order_by(Written.id)).all()
    contents = models.find_where(Written, Written.referral_id == referral_id, private_key)
    return [Writing(row.kind, row.author, row.written_at, *_said(contents.get(row.public_id))) for row in rows]


def _said(content: Opened | SealingError | None) -> tuple[dict[str, str], str]:
    if not isinstance(content, Opened):
        return {}, str(content or "it is gone")
    said = content.data.get("said")
    if not isinstance(said, dict):
        return {}, "its content is not an entry"
    return {str(name): str(value) for name, value in said.items()}, content.warning
