"""Subscribes and unsubscribes, and reads the mail that results."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import insert, text

from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db
from core.mail import outbox, render
from tests.page import Answer, Client

OWN = {"Sec-Fetch-Site": "same-origin"}
READER = "reader@example.com"


def subscribe(client: Client, email: str = READER, **changes: str) -> Answer:
    return client.post("/subscribe", {"email": email, "website": "", **changes}, OWN)


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(text("SELECT status FROM subscribers ORDER BY id")))


def mails(app: Flask) -> list[outbox.Message]:
    """Those that may leave, newest first."""
    with app.app_context():
        return [row for row in outbox.newest(500) if row.status not in ("withheld", "withdrawn")]


def subjects(app: Flask) -> list[str]:
    """Oldest first."""
    return [row.subject for row in reversed(mails(app))]


def link(app: Flask, purpose: str) -> str:
    """The newest link of that purpose, without the host."""
    with app.app_context():
        for row in mails(app):
            if found := re.search(rf"http://127.0.0.1:5000(/subscribe/{purpose}/\S+)", render.parts(row)[0]):
                return found[1]
    raise AssertionError(f"no link to {purpose}")


def confirmed(app: Flask, client: Client, email: str = READER) -> None:
    subscribe(client, email)
    assert client.post(link(app, "confirm"), headers=OWN).status == 200


def people(app: Flask, count: int, status: str = "confirmed", prefix: str = "reader") -> None:
    """Subscribers who are there at once, without signing up."""
    now = clock.now()
    rows = [
        {"email": f"{prefix}{n}@example.com", "email_key": f"{prefix}{n}@example.com", "status": status}
        | {"created_at": now, "leave_token": f"token-{prefix}-{n}"}
        for n in range(count)
    ]
    with app.app_context():
        db.session.execute(insert(Subscriber), rows)
        db.session.commit()
