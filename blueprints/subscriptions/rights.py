"""What a person may ask about their data: a copy of it, mailed to the address it is about."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from blueprints.subscriptions import notices, services
from blueprints.subscriptions.models import Subscriber, SubscriberMail
from core import outbox
from core.extensions import db

# The tokens are keys and no knowledge about anybody; a copy of them in a mailbox would only help a thief.
LEFT_OUT = {"id", "email_key", "confirm_hash", "leave_token"}


def send_holdings(token: str) -> None:
    """Mail everything that is held, as JSON, within the limits for one address. Raises services.UnknownLink."""
    subscriber = services.by_leave_token(token)
    if services.may_be_mailed(subscriber):
        said = json.dumps(_holdings(subscriber), indent=2, ensure_ascii=False)
        services.count_mail(subscriber)
        notices.holdings(subscriber, said)
    db.session.commit()


def _holdings(subscriber: Subscriber) -> dict[str, Any]:
    columns = [column.name for column in Subscriber.__table__.columns if column.name not in LEFT_OUT]
    theirs = (SubscriberMail.subscriber_id == subscriber.id, SubscriberMail.withheld.is_(False))
    caused = select(SubscriberMail.written_at).where(*theirs)
    return {
        **{name: _plain(getattr(subscriber, name)) for name in columns},
        "mails_asked_for": [_plain(moment) for moment in db.session.scalars(caused)],
        "mails": [
            {"subject": row.words.subject, "written_at": _plain(row.created_at), "state": row.status}
            for row in outbox.to(subscriber.email)
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
