"""Receipts pass the gate: nobody's mailbox is filled, and the referral is kept all the same."""

from __future__ import annotations

from flask import Flask

from blueprints.referrals import services
from core import outbox
from tests.builders import referral
from tests.page import Visitor

VICTIM = "victim@example.com"


def refer(app: Flask, address: str, email: str = VICTIM) -> str:
    """The address of the page after one referral from a client of that network address."""
    visitor = Visitor(app)
    client = {"environ_overrides": {"REMOTE_ADDR": address}}
    token = visitor.token()
    visitor.post("/refer", {**token, "action": "review", **referral(referrer_email=email)}, **client)
    fields = visitor.get("/refer/review").document.fields()
    return visitor.post("/refer/send", fields, **client).location


def receipts(app: Flask) -> list[str]:
    with app.app_context():
        return [row.recipient for row in outbox.newest(500) if row.state != "withheld"]


def test_seventy_referrals_from_eleven_clients_mail_a_victim_six_times(app: Flask) -> None:
    for number in range(70):
        assert refer(app, f"192.0.2.{number % 11}").startswith("/refer/sent/KTC-")
    assert len(receipts(app)) == 6
    with app.app_context():
        assert len(list(services.summaries())) == 70
