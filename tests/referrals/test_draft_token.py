"""Who can open a draft: the browser that saved it, with its cookie and its session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.builders import PRODUCTION, referral
from tests.conftest import build, close, copy_of
from tests.page import Client, Document
from tests.referrals.drafting import LOST, half, offered, plant, reopen, save, typed

HTTPS = {"base_url": "https://clinic.example"}


pytestmark = pytest.mark.usefixtures("unlimited")


def test_a_planted_token_opens_nothing_and_is_not_taken_over(sqlite_app: Flask, sqlite_client: Client) -> None:
    attacker = Client(sqlite_app)
    theirs = save(attacker, patient_family_name="Attacker")
    planted = half(attacker)
    sqlite_client.get("/refer")
    plant(sqlite_client, planted)
    page = sqlite_client.get("/refer")
    assert offered(page) == []
    assert LOST in page.text
    assert half(sqlite_client) not in ("", planted)
    mine = save(sqlite_client)
    assert half(sqlite_client) not in ("", planted)
    assert typed(reopen(sqlite_client, mine)) == "Canaryfield"
    assert typed(reopen(attacker, mine)) == typed(reopen(sqlite_client, theirs)) == ""
    assert typed(reopen(attacker, theirs)) == "Attacker"


def test_a_half_that_is_planted_while_the_form_is_open_is_not_taken_over(
    sqlite_app: Flask, sqlite_client: Client
) -> None:
    attacker = Client(sqlite_app)
    attacker.get("/refer")
    planted, token = half(attacker), sqlite_client.token()
    plant(sqlite_client, planted)
    saved = sqlite_client.post("/refer", {**token, **referral(), "action": "save"})
    assert half(sqlite_client) not in ("", planted)
    assert typed(reopen(sqlite_client, saved)) == "Canaryfield"


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 4000, "²" * 43, "\x7f", "é", "../" * 20])
def test_no_token_is_taken_from_a_browser(sqlite_client: Client, token: str) -> None:
    plant(sqlite_client, token)
    assert sqlite_client.get("/refer").status == 200
    saved = save(sqlite_client)
    assert len(half(sqlite_client)) == 43
    assert half(sqlite_client) != token
    assert typed(reopen(sqlite_client, saved)) == "Canaryfield"


def test_the_session_without_the_token_opens_nothing(sqlite_client: Client) -> None:
    saved = save(sqlite_client)
    sqlite_client.client.delete_cookie("referral_draft")
    page = sqlite_client.get("/refer")
    assert offered(page) == []
    assert LOST not in page.text
    assert typed(reopen(sqlite_client, saved)) == ""


def test_the_token_without_its_session_opens_nothing(sqlite_client: Client) -> None:
    saved = save(sqlite_client)
    sqlite_client.client.delete_cookie("session")
    page = sqlite_client.get("/refer")
    assert offered(page) == []
    assert LOST in page.text
    assert typed(reopen(sqlite_client, saved)) == ""


def test_the_token_with_somebody_elses_session_opens_nothing(sqlite_app: Flask, sqlite_client: Client) -> None:
    saved = save(sqlite_client)
    other = Client(sqlite_app)
    save(other, patient_family_name="Othername")
    plant(other, half(sqlite_client))
    assert offered(other.get("/refer")) == []
    assert typed(reopen(other, saved)) == ""


def test_a_session_from_before_the_hash_of_the_other_half_still_opens(sqlite_client: Client) -> None:
    saved = save(sqlite_client)
    with sqlite_client.client.session_transaction() as session:
        del session["referral_draft_pair"]
    assert typed(reopen(sqlite_client, saved)) == "Canaryfield"


def test_the_token_stays_the_same(sqlite_client: Client) -> None:
    """Two first saves at once, or two tabs, do not take each other's cookie away."""
    sqlite_client.get("/refer")
    first = half(sqlite_client)
    for name in ("One", "Two"):
        save(sqlite_client, patient_family_name=name)
        assert half(sqlite_client) == first


def test_a_closed_browser_keeps_the_draft_for_a_day(sqlite_client: Client) -> None:
    """Both cookies outlive it; the session's is renewed with each saving."""
    for _ in range(2):
        answer = save(sqlite_client)
        kept = {value.partition("=")[0]: value for value in answer.response.headers.getlist("Set-Cookie")}
        assert "Max-Age=86400" in kept["referral_draft"]
        assert "Expires=" in kept["session"]


@pytest.fixture
def production(tmp_path: Path, sqlite_tables: Path) -> Iterator[Flask]:
    application = build(tmp_path, copy_of(sqlite_tables, tmp_path), **PRODUCTION)
    yield application
    close(application)


def post_in_production(client: Any, action: str = "save") -> Any:
    form = Document(client.get("/refer", **HTTPS).text).fields()
    return client.post("/refer", data={**form, **referral(), "action": action}, **HTTPS)


def test_in_production_no_other_host_can_set_the_cookie(production: Flask) -> None:
    client = production.test_client()
    for action in ("save", "discard"):
        cookies = post_in_production(client, action).headers.getlist("Set-Cookie")
        (cookie,) = [value for value in cookies if value.startswith("__Host-referral_draft=")]
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not [part for part in attributes if part.startswith("Domain")]


def test_in_production_the_plain_name_is_ignored(production: Flask) -> None:
    client = production.test_client()
    saved = post_in_production(client).headers["Location"]
    cookie = client.get_cookie("__Host-referral_draft", domain="clinic.example")
    assert cookie
    assert "Canaryfield" in client.get(saved, **HTTPS).text
    client.delete_cookie("__Host-referral_draft", domain="clinic.example")
    client.set_cookie("referral_draft", cookie.value, domain="clinic.example")
    assert "Canaryfield" not in client.get(saved, **HTTPS).text
    assert LOST not in client.get("/refer", **HTTPS).text
