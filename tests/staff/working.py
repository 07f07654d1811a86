"""What a person does on the page of a referral, for the desk's tests."""

from __future__ import annotations

from flask import Flask

from core import clinic, clock
from tests.page import Answer, Client
from tests.staff import referring

LIST = "/staff/referrals"
HIGH = {"suicide_risk": "high", "urgent_handoff": "emergency_care_arranged", "priority": "urgent"}
HTMX = {"HX-Request": "true"}


def do(client: Client, reference: str, action: str, **given: str) -> Answer:
    """Press the button on the page as it is now."""
    seen = given.pop("seen", "") or str(referring.version(client.app, reference))
    return client.post(f"{LIST}/{reference}/do/{action}", {**client.token(), "seen": seen, **given})


def write(client: Client, reference: str, kind: str, **given: str) -> Answer:
    return client.post(f"{LIST}/{reference}/write/{kind}", {**client.token(), **given})


def now(app: Flask) -> str:
    with app.app_context():
        return f"{clinic.current().local(clock.now()):%Y-%m-%dT%H:%M}"


def buttons(page: Answer) -> set[str]:
    """The actions that the page offers."""
    actions = [form.attributes["action"] for form in page.document.all("form")]
    return {one.rpartition("/")[2] for one in actions if "/do/" in one}
