"""What the tests of drafts do in a browser, and what they look at."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from blueprints.referrals.models import Draft, Referral
from core.extensions import db
from tests.builders import referral
from tests.page import Answer, Client

LOST = "The draft that was saved in this browser cannot be opened any more"


def save(client: Client, **changes: Any) -> Answer:
    return client.post("/refer", {**client.token(), **referral(**changes), "action": "save"})


def half(client: Client) -> str:
    """Of the token: what lies in the draft's own cookie."""
    cookie = client.client.get_cookie("referral_draft")
    return cookie.value if cookie else ""


def plant(client: Client, token: str) -> None:
    client.client.set_cookie("referral_draft", token)


def rows(app: Flask) -> list[Draft]:
    with app.app_context():
        return list(db.session.scalars(select(Draft)))


def keys(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(func.distinct(Referral.key_hash)))) or 0


def typed(answer: Answer) -> str:
    return answer.document.by_id("patient_family_name").attributes.get("value", "")
