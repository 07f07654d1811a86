"""Data access requests: a copy of a subscriber's data, mailed to the subscriber's own address."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from blueprints.subscriptions import emails, services
from blueprints.subscriptions.models import Subscriber
from core import rate_limits
from core.extensions import db
from core.mail import limits, outbox

# Tokens are credentials, not personal data; a copy in a mailbox would only help an attacker.
LEFT_OUT = {"id", "email_key", "confirm_hash", "leave_token"}


def send_holdings(token: str, network: str) -> None:
    """Mail all stored data as JSON, within the rate limits. Raises services.UnknownLink, TooManyMails."""
    subscriber = services.by_leave_token(token)
    said = json.dumps(_holdings(subscriber), indent=2, ensure_ascii=False)
    services.require_open(emails.holdings(subscriber, network, said))
    db.session.commit()


def _holdings(subscriber: Subscriber) -> dict[str, Any]:
    columns = [column.name for column in Subscriber.__table__.columns if column.name not in LEFT_OUT]
    caused = rate_limits.moments(limits.fold(subscriber.email))
    return {
        **{name: _plain(getattr(subscriber, name)) for name in columns},
        "mails_asked_for": [_plain(moment) for moment in caused],
        "mails": [
            {"subject": row.words.subject, "written_at": _plain(row.created_at), "state": row.status}
            for row in outbox.to(subscriber.email)
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
