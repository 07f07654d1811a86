"""What people type about a patient, or as their address, turns up in no log line, no address and no mail."""

from __future__ import annotations

import io
import logging
from itertools import chain

import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.subscriptions import services
from core.extensions import db
from core.mail import outbox, render
from tests.builders import CANARIES, referral
from tests.page import Client
from tests.subscriptions.actions import OWN, link

ADDRESS = "canary-of-an-address@canaryhost.example"
FORGED = ("canary-honeypot", "canary-unknown-field")


def everything_mailed(app: Flask) -> str:
    with app.app_context():
        rows = outbox.newest(500)
        words = chain.from_iterable([row.words.subject, *render.parts(row), str(row.words.headers)] for row in rows)
        return "\n".join(words)


def refer(person: Client, addresses: list[str]) -> None:
    """Every form of a referral, wrong and right."""
    token = person.token()
    answers = {**referral(other_diagnoses="canary diagnosis"), **token}
    for action in ("save", "add_trial", "remove_trial:0", "review"):
        addresses.append(person.post("/refer", {**answers, "action": action}).location)
    person.post("/refer", {**answers, "action": "review", "patient_postal_code": "canary"})
    for field in ("patient_given_name", "patient_postal_code"):
        person.client.post(f"/refer/check/{field}", data=answers)
    for part in ("assess", "suggest"):
        person.client.post(f"/refer/{part}", data={**answers, "field": "diagnosis"})
    person.post("/refer", {**answers, "action": "review"})
    fields = person.get("/refer/review").document.fields()
    sent = person.post("/refer/send", fields)
    addresses.append(sent.location or sent.response.headers.get("HX-Redirect", ""))


def join(person: Client, app: Flask, addresses: list[str]) -> None:
    """Every form of the list."""
    person.post("/subscribe", {"email": "canary not an address", "website": "", FORGED[1]: FORGED[1]}, OWN)
    person.post("/subscribe", {"email": ADDRESS, "website": FORGED[0]}, OWN)
    person.client.post("/subscribe/check/email", data={"email": ADDRESS}, headers=OWN)
    addresses.append(person.post("/subscribe", {"email": ADDRESS, "website": ""}, OWN).location)
    person.post(link(app, "confirm"), headers=OWN)
    for action in ("/copy", "", "/delete"):
        addresses.append(person.post(link(app, "leave") + action, headers=OWN).location)


def break_the_database(app: Flask, person: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault quotes parameters, if it is let."""
    with app.app_context():
        db.session.execute(text("DROP TABLE rate_events"))
        db.session.commit()
    assert person.post("/subscribe", {"email": ADDRESS, "website": ""}, OWN).status == 503

    def fail(_email: str, _network: str) -> None:
        raise RuntimeError(ADDRESS)

    monkeypatch.setattr(services, "subscribe", fail)
    assert person.post("/subscribe", {"email": ADDRESS, "website": ""}, OWN).status == 500


def test_canaries_stay_where_they_belong(
    app: Flask, client: Client, htmx_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.StringIO()
    for name in ("site", app.logger.name):
        for handler in logging.getLogger(name).handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(lines)
    addresses: list[str] = []
    for person in (client, htmx_client):
        refer(person, addresses)
    join(client, app, addresses)
    mailed = everything_mailed(app)
    break_the_database(app, client, monkeypatch)
    logged = lines.getvalue()
    assert "POST /refer/send" in logged
    assert "RuntimeError" in logged
    assert "Your referral has arrived" in mailed
    assert sum("/refer/sent/KTC-" in address for address in addresses) == 2
    for canary in (*CANARIES, *FORGED, ADDRESS, "canary"):
        assert canary.casefold() not in logged.casefold(), canary
        assert canary.casefold() not in "\n".join(addresses).casefold(), canary
        # The copy of what is held goes to its own address and quotes it.
        assert canary.casefold() not in mailed.replace(ADDRESS, "").casefold(), canary
