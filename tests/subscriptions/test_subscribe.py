"""The form: plain, with htmx, invalid, cross-site, or sent by a bot."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.page import Client
from tests.subscriptions.actions import OWN, mails, states, subscribe

NEXT = "open the email from us and press Confirm"


def test_without_javascript_a_page_says_thanks(app: Flask, client: Client) -> None:
    answer = subscribe(client)
    assert (answer.status, answer.location) == (303, "/subscribe/thanks")
    page = client.get("/subscribe/thanks").document
    assert page.text_of("subscribe") == "Thanks for subscribing!"
    assert NEXT in page.text_of("subscribe-next")
    assert states(app) == ["pending"]


def test_with_htmx_the_words_replace_the_form(htmx_client: Client) -> None:
    answer = subscribe(htmx_client)
    assert answer.status == 200
    assert answer.document.text_of("subscribe") == "Thanks for subscribing!"
    assert NEXT in answer.document.text_of("subscribe-next")
    assert "<html" not in answer.text


@pytest.mark.parametrize("path", ["/", "/subscribe"])
def test_the_line_for_the_next_step_waits_to_be_announced(client: Client, path: str) -> None:
    """A live region is read aloud only if it was there, empty, before its words."""
    document = client.get(path).document
    assert document.by_id("subscribe-next").attributes["role"] == "status"
    assert document.text_of("subscribe-next") == ""


def test_a_known_address_gets_the_same_answer_and_no_second_mail(app: Flask, htmx_client: Client) -> None:
    first, second = subscribe(htmx_client), subscribe(htmx_client, "READER@Example.com")
    assert first.text == second.text
    assert states(app) == ["pending"]
    assert len(mails(app)) == 1


@pytest.mark.parametrize("email", ["", "  ", "not an address", "a@b", "a@b.com\nBcc: c@d.com", "x" * 250 + "@b.com"])
def test_a_wrong_address_is_kept_and_explained(app: Flask, client: Client, htmx_client: Client, email: str) -> None:
    for person in (client, htmx_client):
        answer = subscribe(person, email)
        assert answer.status == 422
        assert answer.error("email")
        field = answer.document.by_id("email")
        assert field.attributes["aria-invalid"] == "true"
        assert field.attributes["value"].split() == email.split()
    assert states(app) == []


def test_a_robot_is_thanked_and_forgotten(app: Flask, client: Client) -> None:
    assert subscribe(client, website="https://spam.example").location == "/subscribe/thanks"
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
def test_another_site_cannot_subscribe_anybody(app: Flask, client: Client, headers: dict[str, str]) -> None:
    assert client.post("/subscribe", {"email": "reader@example.com"}, headers).status == 400
    assert states(app) == []


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Referer": "http://localhost/journey"}])
def test_our_own_pages_can(app: Flask, client: Client, headers: dict[str, str]) -> None:
    assert client.post("/subscribe", {"email": "reader@example.com"}, headers).status == 303
    assert states(app) == ["pending"]


def test_the_address_is_checked_while_the_page_is_open(htmx_client: Client) -> None:
    wrong = htmx_client.post("/subscribe/check/email", {"email": "a@b"}, OWN)
    assert "correct format" in wrong.error("email")
    assert htmx_client.post("/subscribe/check/email", {"email": "a@b.com"}, OWN).error("email") == ""
    assert htmx_client.post("/subscribe/check/website", {"website": "a"}, OWN).status == 404
