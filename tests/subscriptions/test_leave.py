"""Unsubscribing in one click; requesting a copy of one's data, and deleting it."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from core import clock, rate_limits
from core.extensions import db
from core.mail import outbox, render
from tests.page import Client
from tests.subscriptions.actions import OWN, READER, confirmed, link, mails, states, subjects, subscribe

pytestmark = pytest.mark.database_decides

CLICK = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_one_click_leaves_even_from_a_mail_program(app: Flask, client: Client, content_type: str) -> None:
    """RFC 8058, section 3.1: multipart first of all."""
    confirmed(app, client)
    for row in mails(app):
        assert row.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert row.headers["List-Unsubscribe"] == f"<http://127.0.0.1:5000{link(app, 'leave')}>"
    path = link(app, "leave")
    assert client.get(path).status == 200
    assert states(app) == ["confirmed"]
    for _ in range(2):
        answer = Client(app).post(path, {"List-Unsubscribe": "One-Click"}, CLICK, content_type=content_type)
        assert answer.status == 200
        assert states(app) == ["left"]
    assert subjects(app)[-1] == "You have left the list"
    assert subjects(app).count("You have left the list") == 1


def test_leaving_works_years_later_and_after_signing_up_anew(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(app, client)
    first = link(app, "leave")
    later = clock.now() + timedelta(days=4000)
    monkeypatch.setattr(clock, "now", lambda: later)
    client.post(first, headers=OWN)
    confirmed(app, client)
    assert states(app) == ["confirmed"]
    assert client.post(first, headers=CLICK).status == 200
    assert states(app) == ["left"]


def test_a_link_that_was_cut_says_so_and_is_no_success(app: Flask, client: Client) -> None:
    confirmed(app, client)
    assert client.post(link(app, "leave")[:-3], headers=OWN).status == 404
    assert states(app) == ["confirmed"]


def test_leaving_withdraws_the_open_confirmation_and_says_no_goodbye(app: Flask, client: Client) -> None:
    subscribe(client)
    confirm, leave = link(app, "confirm"), link(app, "leave")
    client.post(leave, headers=OWN)
    assert client.post(confirm, headers=OWN).status == 404
    assert states(app) == ["left"]
    assert subjects(app) == ["Please confirm your subscription"]


def test_what_is_held_is_mailed_as_json_to_the_address_alone(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(app, client)
    later = clock.now() + rate_limits.HOUR
    monkeypatch.setattr(clock, "now", lambda: later)
    for _ in range(3):
        page = client.post(link(app, "leave") + "/copy", headers=OWN)
        assert page.status == 200
        assert READER not in page.text
    assert subjects(app).count("What we hold about this address") == 1
    with app.app_context():
        found = re.search(r"{.*}", render.parts(mails(app)[0])[0], re.DOTALL)
    assert found
    held = json.loads(found[0])
    assert (held["email"], held["status"]) == (READER, "confirmed")
    assert held["consent_text"]
    assert [item["subject"] for item in held["mails"]] == ["Please confirm your subscription", "You are subscribed"]
    assert not {"leave_token", "confirm_hash"} & set(held)


def test_everything_is_deleted(app: Flask, client: Client) -> None:
    confirmed(app, client)
    confirmed(app, client, "other@example.com")
    with app.app_context():
        token = db.session.scalar(text("SELECT leave_token FROM subscribers ORDER BY id"))
    path = f"/subscribe/leave/{token}"
    assert "Everything is deleted" in client.post(f"{path}/delete", headers=OWN).text
    assert states(app) == ["confirmed"]
    with app.app_context():
        assert {row.recipient for row in outbox.newest()} == {"other@example.com"}
        kept = "".join(repr(row) for row in db.session.execute(text("SELECT * FROM rate_events")))
    assert READER not in kept
    assert client.post(f"{path}/delete", headers=OWN).status == 404
    assert client.post(path, headers=CLICK).status == 404


@pytest.mark.parametrize("action", ["copy", "delete"])
def test_only_leaving_is_open_to_other_sites(app: Flask, client: Client, action: str) -> None:
    confirmed(app, client)
    before = len(mails(app))
    assert client.post(f"{link(app, 'leave')}/{action}", headers=CLICK).status == 400
    assert client.get(f"{link(app, 'leave')}/{action}").status == 405
    assert states(app) == ["confirmed"]
    assert len(mails(app)) == before
