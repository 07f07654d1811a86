"""The referrer's own details are remembered if the referrer asks for it, and nothing about the patient is."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from flask import Flask

from blueprints.referrals.cookies import remembered
from tests.builders import CANARIES
from tests.conftest import Wait
from tests.page import Client
from tests.referrals.drafting import Tab, offered, rows, send_it, typed

pytestmark = pytest.mark.usefixtures("unlimited")
NAME = "referrer_family_name"
FILLED_IN = "Filled in from what this computer remembers."


def cookie(client: Client, name: str = "referrer") -> str:
    found = client.client.get_cookie(name)
    return found.value if found else ""


def remember(client: Client) -> Tab:
    tab = Tab(client, remember_me="y")
    tab.press()
    return tab


def test_nothing_is_remembered_unless_the_box_is_ticked(clinician: Client) -> None:
    Tab(clinician).press()
    Tab(clinician, remember_me="y").autosave()
    assert cookie(clinician) == ""
    assert typed(clinician.get("/refer"), NAME) == ""


def test_a_new_referral_has_the_referrers_details_and_no_others(clinician: Client) -> None:
    remember(clinician)
    page = clinician.get("/refer")
    assert FILLED_IN in page.text
    assert typed(page, NAME) == "Referrer"
    assert typed(page, "referrer_phone") == "(310) 555-0123 ext. 12"
    assert "checked" in page.document.by_id("remember_me").attributes
    assert not [canary for canary in CANARIES if canary in page.text]
    assert not [canary for canary in CANARIES if canary.encode() in base64.urlsafe_b64decode(cookie(clinician))]


def test_details_that_are_filled_in_make_no_draft(sqlite_app: Flask, clinician: Client) -> None:
    remember(clinician)
    before = len(rows(sqlite_app))
    tab = Tab(clinician, "/refer")
    own = {name: value for name, value in tab.answers.items() if name.startswith("referrer_")}
    clinician.post("/refer", {**tab.held, **own, "remember_me": "y", "action": "save", "background": "1"})
    assert len(rows(sqlite_app)) == before
    clinician.post("/refer", {**tab.held, **own, NAME: "Changed", "action": "save", "background": "1"})
    assert len(rows(sqlite_app)) == before + 1


def test_the_cookie_is_for_the_server_alone_and_for_half_a_year(sqlite_client: Client) -> None:
    answer = sqlite_client.post("/refer", {**Tab(sqlite_client, remember_me="y").typing(), "background": "0"})
    (value,) = [v for v in answer.response.headers.getlist("Set-Cookie") if v.startswith("referrer=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"} <= {part.strip() for part in value.split(";")}
    assert "Referrer" not in value


def test_it_is_forgotten_after_half_a_year(clinician: Client, wait: Wait) -> None:
    remember(clinician)
    kept = cookie(clinician)
    wait(remembered.LIFETIME + timedelta(days=1))
    clinician.client.set_cookie("referrer", kept)
    assert typed(clinician.get("/refer"), NAME) == ""


def test_taking_the_tick_away_forgets(clinician: Client) -> None:
    tab = remember(clinician)
    del tab.answers["remember_me"]
    tab.press("review")
    assert cookie(clinician) == ""


def test_forget_me_empties_what_was_filled_in_and_keeps_the_rest(clinician: Client) -> None:
    remember(clinician)
    tab = Tab(clinician, referrer_phone="310-555-0199", remember_me="y")
    answer = tab.press("forget_me")
    assert answer.status == 200
    assert typed(answer, NAME) == ""
    assert typed(answer, "referrer_phone") == "310-555-0199"
    assert typed(answer) == "Canaryfield"
    assert "checked" not in answer.document.by_id("remember_me").attributes
    assert cookie(clinician) == ""
    assert FILLED_IN not in clinician.get("/refer").text


def test_another_patient_right_after_sending_has_the_same_referrer(clinician: Client) -> None:
    tab = Tab(clinician)
    send_it(tab)
    assert typed(clinician.get("/refer"), NAME) == "", "only the link on the page that says it was sent uses it"
    page = clinician.get("/refer?again=1")
    assert typed(page, NAME) == "Referrer"
    assert typed(page) == ""
    assert "from the referral that you sent" in page.text
    assert offered(page) == []
    assert cookie(clinician) == ""


@pytest.mark.parametrize("value", ["", "x", "é", "\x7f", "A" * 4000, "A" * 1404, "%%%", "eyJ4IjoxfQ=="])
@pytest.mark.parametrize("name", ["referrer", "referrer_again"])
def test_a_cookie_that_is_not_ours_is_ignored(sqlite_client: Client, name: str, value: str) -> None:
    sqlite_client.client.set_cookie(name, value)
    page = sqlite_client.get("/refer?again=1")
    assert (page.status, typed(page, NAME)) == (200, "")


def test_a_cookie_of_another_key_or_another_kind_is_ignored(sqlite_app: Flask, sqlite_client: Client) -> None:
    remember(sqlite_client)
    kept = cookie(sqlite_client)
    sqlite_client.client.set_cookie("referrer_again", kept)
    sqlite_client.client.delete_cookie("referrer")
    assert typed(sqlite_client.get("/refer?again=1"), NAME) == ""
    sqlite_client.client.set_cookie("referrer", kept)
    assert typed(sqlite_client.get("/refer"), NAME) == "Referrer"
    sqlite_client.client.set_cookie("referrer", kept[:-8] + "AAAAAAA=")
    assert typed(sqlite_client.get("/refer"), NAME) == ""


def test_details_that_are_too_long_are_not_remembered(sqlite_client: Client) -> None:
    Tab(sqlite_client, referrer_organization="x" * 3000, remember_me="y").press()
    assert cookie(sqlite_client) == ""
