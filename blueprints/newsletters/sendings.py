"""How far each issue is: counted anew each time, so that it is right after a restart and for everybody who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from blueprints.newsletters import services
from blueprints.newsletters.models import NewsletterSending
from blueprints.newsletters.services import Progress
from blueprints.subscriptions import services as subscriptions
from core.extensions import db
from core.mail.outbox import Broadcast


class State(StrEnum):
    DRAFT = "draft"
    """Never sent to anybody."""
    SENDING = "sending"
    STOPPED = "stopped"
    SENT = "sent"
    """Each message was tried once at least."""


@dataclass(frozen=True)
class Sending:
    state: State
    progress: Progress
    left: int
    """Confirmed readers for whom it is not queued."""
    all_queued: bool
    started_at: datetime | None
    """None for what was sent before this was recorded."""

    @property
    def total(self) -> int:
        """Messages when all are queued."""
        return self.progress.total + (self.left if self.state == State.SENDING and not self.all_queued else 0)

    @property
    def done(self) -> int:
        """Messages that were tried, or became needless because their readers left."""
        return self.progress.total - self.progress.untried - self.progress.stopped


def look(name: str) -> Sending:
    """How far the issue of this name is."""
    found = db.session.execute(
        select(Broadcast.id, NewsletterSending)
        .outerjoin(NewsletterSending, NewsletterSending.broadcast_id == Broadcast.id)
        .where(Broadcast.name == name)
    ).one_or_none()
    if found is None:
        return Sending(State.DRAFT, services.NOTHING, subscriptions.count_readers(), False, None)
    broadcast_id, row = found
    is_stopped, all_queued = bool(row and row.stopped_at), row is None or row.all_queued
    started_at = row.started_at if row else None
    # After what was read of the row, because counting ends the transaction.
    progress, left = services.progress(broadcast_id), services.count_left(broadcast_id)
    return Sending(_state(is_stopped, all_queued, progress), progress, left, all_queued, started_at)


def _state(is_stopped: bool, all_queued: bool, progress: Progress) -> State:
    if is_stopped:
        return State.STOPPED
    return State.SENDING if progress.untried or not all_queued else State.SENT
