"""The form of things: what is kept and mailed; plain, with htmx, and in Chromium."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from core.extensions import db
from core.mail import outbox, render
from scaffold.things.models import Thing
from tests.browser.checks import check
from tests.browser.fixtures import OpenPage
from tests.page import Client

PATH = "/things"
GIVEN = {"contact_name": "Ada", "contact_email": "ada@example.com"}


def test_the_page_is_in_the_sitemap(client: Client) -> None:
    assert f"{PATH}</loc>" in client.get("/sitemap.xml").text


def test_an_answer_is_kept_and_confirmed_by_mail(app: Flask, client: Client) -> None:
    client.post(PATH, {**GIVEN, "contact_email": "", **client.token()})
    client.post(PATH, {**GIVEN, **client.token()})
    with app.app_context():
        (row,) = db.session.scalars(select(Thing))
        assert (row.contact_name, row.contact_email) == ("Ada", "ada@example.com")
        (message,) = outbox.newest()
        assert message.recipient == "ada@example.com"
        assert "Ada" not in render.parts(message)[0]


def test_an_answer_is_thanked_for(client: Client, htmx_client: Client) -> None:
    plain = client.post(PATH, {**GIVEN, **client.token()})
    assert (plain.status, plain.location) == (303, f"{PATH}/thanks")
    assert client.get(f"{PATH}/thanks").status == 200
    swapped = htmx_client.post(PATH, {**GIVEN, **htmx_client.token()})
    assert (swapped.status, swapped.response.headers["HX-Redirect"]) == (204, f"{PATH}/thanks")


def test_a_wrong_answer_comes_back_with_its_errors(client: Client, htmx_client: Client) -> None:
    for person in (client, htmx_client):
        answer = person.post(PATH, {"contact_name": "", "contact_email": "ada@", **person.token()})
        assert answer.status == 422
        assert answer.error("contact_name") == "Enter your name."
        assert "correct format" in answer.error("contact_email")
        assert answer.document.by_id("contact_email").attributes["value"] == "ada@"


def test_an_answer_without_a_token_comes_back_filled(client: Client) -> None:
    answer = client.post(PATH, GIVEN)
    assert answer.status == 400
    assert answer.document.by_id("contact_name").attributes["value"] == "Ada"


def test_one_field_is_checked_while_the_page_is_open(htmx_client: Client) -> None:
    token = htmx_client.token()
    wrong = htmx_client.post(f"{PATH}/check/contact_email", {"contact_email": "ada@", **token})
    assert "correct format" in wrong.error("contact_email")
    assert htmx_client.post(f"{PATH}/check/nothing", token).status == 404


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False])
def test_a_visitor_corrects_the_form_and_sends_it(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(PATH, java_script_enabled=javascript, bypass_csp=True)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".error-summary h2")).to_be_focused()
    if javascript:
        check(page)
    page.get_by_label("Your email address").fill("ada@example.com")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
