"""Subscribing, confirming and leaving, over the real routes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.subscriptions import services
from core import clock, outbox
from core.extensions import db
from tests.page import Answer, Visitor

OWN = {"Sec-Fetch-Site": "same-origin"}


def subscribe(visitor: Visitor, email: str = "reader@example.com", **changes: Any) -> Answer:
    return visitor.post("/subscribe", {"email": email, "website": "", **changes}, OWN)


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(text("SELECT status FROM subscribers ORDER BY id")))


def mails(app: Flask) -> list[outbox.Message]:
    with app.app_context():
        return outbox.newest()


def link_in_mail(app: Flask, purpose: str) -> str:
    found = re.search(rf"http://127.0.0.1:5000(/subscribe/{purpose}/\S+)", mails(app)[0].body)
    assert found
    return found[1]


def test_without_javascript_a_page_says_thanks(app: Flask, visitor: Visitor) -> None:
    answer = subscribe(visitor)
    assert (answer.status, answer.location) == (303, "/subscribe/thanks")
    assert visitor.get("/subscribe/thanks").document.text_of("subscribe") == "Thanks for subscribing!"
    assert states(app) == ["pending"]


def test_with_htmx_the_words_replace_the_form(htmx: Visitor) -> None:
    answer = subscribe(htmx)
    assert answer.status == 200
    assert answer.document.text_of("subscribe") == "Thanks for subscribing!"
    assert "<html" not in answer.text


def test_a_known_address_gets_the_same_answer_and_no_second_mail(app: Flask, htmx: Visitor) -> None:
    first, second = subscribe(htmx), subscribe(htmx, "READER@Example.com")
    assert first.text == second.text
    assert states(app) == ["pending"]
    assert len(mails(app)) == 1


@pytest.mark.parametrize("email", ["", "  ", "not an address", "a@b", "a@b.com\nBcc: c@d.com", "x" * 250 + "@b.com"])
def test_a_wrong_address_is_kept_and_explained(app: Flask, visitor: Visitor, htmx: Visitor, email: str) -> None:
    for person in (visitor, htmx):
        answer = subscribe(person, email)
        assert answer.status == 422
        assert answer.error("email")
        field = answer.document.by_id("email")
        assert field.attributes["aria-invalid"] == "true"
        assert field.attributes["value"].split() == email.split()
    assert states(app) == []


def test_a_robot_is_thanked_and_forgotten(app: Flask, visitor: Visitor) -> None:
    assert subscribe(visitor, website="https://spam.example").location == "/subscribe/thanks"
    assert states(app) == []
    assert mails(app) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Referer": "https://evil.example/subscribe"},
    ],
)
def test_another_site_cannot_subscribe_anybody(app: Flask, visitor: Visitor, headers: dict[str, str]) -> None:
    assert visitor.post("/subscribe", {"email": "reader@example.com"}, headers).status == 400
    assert states(app) == []


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Referer": "http://localhost/journey"}])
def test_our_own_pages_can(app: Flask, visitor: Visitor, headers: dict[str, str]) -> None:
    assert visitor.post("/subscribe", {"email": "reader@example.com"}, headers).status == 303
    assert states(app) == ["pending"]


def test_the_address_is_checked_while_the_page_is_open(htmx: Visitor) -> None:
    wrong = htmx.post("/subscribe/check/email", {"email": "a@b"}, OWN)
    assert "correct format" in wrong.error("email")
    assert htmx.post("/subscribe/check/email", {"email": "a@b.com"}, OWN).error("email") == ""
    assert htmx.post("/subscribe/check/website", {"website": "a"}, OWN).status == 404


def test_only_the_button_confirms_and_only_once(app: Flask, visitor: Visitor) -> None:
    subscribe(visitor)
    path = link_in_mail(app, "confirm")
    assert visitor.get(path).status == 200
    assert states(app) == ["pending"]
    assert visitor.post(path, headers=OWN).status == 200
    assert states(app) == ["confirmed"]
    assert visitor.post(path, headers=OWN).status == 404


def test_a_confirmation_ends_after_two_days(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe(visitor)
    path = link_in_mail(app, "confirm")
    later = clock.now() + services.CONFIRM_WITHIN
    monkeypatch.setattr(clock, "now", lambda: later)
    assert visitor.post(path, headers=OWN).status == 404
    assert states(app) == ["pending"]


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_one_click_leaves_even_from_a_mail_program(app: Flask, visitor: Visitor, content_type: str) -> None:
    """RFC 8058, section 3.1: multipart first of all."""
    subscribe(visitor)
    path = link_in_mail(app, "leave")
    assert mails(app)[0].headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    visitor.get(path)
    assert states(app) == ["pending"]
    click = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.post(path, {"List-Unsubscribe": "One-Click"}, click, content_type=content_type).status == 200
    assert states(app) == ["left"]
    assert visitor.post("/subscribe/leave/unknown", headers=OWN).status == 404


def test_leaving_withdraws_the_open_confirmation(app: Flask, visitor: Visitor) -> None:
    subscribe(visitor)
    confirm, leave = link_in_mail(app, "confirm"), link_in_mail(app, "leave")
    visitor.post(leave, headers=OWN)
    assert visitor.post(confirm, headers=OWN).status == 404
    assert states(app) == ["left"]


def test_the_developer_reads_the_mail(app: Flask, visitor: Visitor) -> None:
    subscribe(visitor)
    page = visitor.get("/dev/mailbox")
    assert "Please confirm your subscription" in page.text
    assert link_in_mail(app, "confirm") in page.text
