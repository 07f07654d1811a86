"""Double opt-in: only the owner of an address can confirm it, with a button, once, within two days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.subscriptions import consent, services
from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db
from tests.conftest import Wait
from tests.page import Client
from tests.subscriptions.actions import OWN, confirmed, link, mails, states, subjects, subscribe

pytestmark = pytest.mark.database_decides


def test_only_the_button_confirms_and_only_once(app: Flask, client: Client) -> None:
    subscribe(client)
    path = link(app, "confirm")
    for _ in range(3):
        page = client.get(path)
        assert page.status == 200
        assert [form.attributes["action"] for form in page.document.all("form", method="post")][0] == path
    client.client.head(path)
    assert states(app) == ["pending"]
    assert client.post(path, headers=OWN).status == 200
    assert states(app) == ["confirmed"]
    assert client.post(path, headers=OWN).status == 410
    assert subjects(app) == ["Please confirm your subscription", "You are subscribed"]


def test_another_site_cannot_press_the_button(app: Flask, client: Client) -> None:
    subscribe(client)
    path = link(app, "confirm")
    for action in (path, f"{path}/again"):
        assert client.post(action, headers={"Sec-Fetch-Site": "cross-site"}).status == 400
    assert states(app) == ["pending"]


def test_an_expired_link_offers_a_new_mail(app: Flask, client: Client, wait: Wait) -> None:
    subscribe(client)
    old = link(app, "confirm")
    wait(services.CONFIRM_WITHIN)
    page = client.post(old, headers=OWN)
    assert page.status == 410
    assert states(app) == ["pending"]
    again = page.document.all("form", method="post")[0].attributes["action"]
    assert client.post(again, headers=OWN).location == "/subscribe/thanks"
    new = link(app, "confirm")
    assert new != old
    assert client.post(old, headers=OWN).status == 404
    assert client.post(new, headers=OWN).status == 200
    assert states(app) == ["confirmed"]


def test_a_link_works_until_its_moment_and_not_at_it(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(client)
    path = link(app, "confirm")
    with app.app_context():
        until = db.session.scalar(select(Subscriber.confirm_until))
    assert until
    monkeypatch.setattr(clock, "now", lambda: until)
    assert client.post(path, headers=OWN).status == 410
    monkeypatch.setattr(clock, "now", lambda: until - timedelta(microseconds=1))
    assert client.post(path, headers=OWN).status == 200


def test_a_new_mail_is_not_sent_for_a_link_that_is_not_ours(app: Flask, client: Client) -> None:
    assert client.post("/subscribe/confirm/unknown/again", headers=OWN).status == 404
    assert mails(app) == []


def test_the_database_holds_no_token_that_confirms_once_the_mail_has_left(app: Flask, client: Client) -> None:
    subscribe(client)
    token = link(app, "confirm").rpartition("/")[2]
    with app.app_context():
        row = db.session.execute(text("SELECT * FROM subscribers")).mappings().one()
    assert token not in str(dict(row))


def test_what_was_agreed_to_is_kept_with_its_version_and_time(app: Flask, client: Client) -> None:
    assert consent.TEXT in client.get("/journey").text
    assert consent.TEXT in client.get("/subscribe").text
    confirmed(app, client)
    with app.app_context():
        kept = db.session.execute(
            text("SELECT consent_version, consent_text, consented_at, confirmed_at FROM subscribers")
        ).one()
    assert kept[:2] == (consent.VERSION, consent.TEXT)
    assert None not in kept


def test_the_words_of_consent_change_only_with_their_version() -> None:
    """A change of the words needs a new version here and in consent.py."""
    assert {consent.VERSION: consent.TEXT} == {
        "2026-11-23": "News from the center by email, a few times a year. You confirm your address first. You can leave"
        " with one click."
    }


def test_somebody_who_is_subscribed_already_is_told_by_mail_alone(app: Flask, client: Client, wait: Wait) -> None:
    confirmed(app, client)
    wait(timedelta(hours=1))
    assert subscribe(client).location == "/subscribe/thanks"
    assert states(app) == ["confirmed"]
    assert subjects(app)[-1] == "You are subscribed already"


def test_the_developer_reads_the_mail(app: Flask, client: Client) -> None:
    subscribe(client)
    page = client.get("/dev/mailbox")
    assert "Please confirm your subscription" in page.text
    assert link(app, "confirm") in page.text
    (row,) = mails(app)
    message = client.get(f"/dev/mailbox/{row.id}")
    for shown in (
        "Message-ID: ",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        link(app, "confirm"),
        row.subject,
    ):
        assert shown in message.text
    (frame,) = message.document.all("iframe")
    html = client.client.get(frame.attributes["src"])
    assert f'href="http://127.0.0.1:5000{link(app, "confirm")}"' in html.text
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert client.get("/dev/mailbox/unknown").status == 404


def test_subjects_and_words_hold_nothing_that_was_typed(app: Flask, client: Client) -> None:
    subscribe(client, "canary-local-part@canary.example")
    (row,) = mails(app)
    assert "canary" not in row.subject + row.body + str(row.headers)
    assert row.recipient == "canary-local-part@canary.example"
