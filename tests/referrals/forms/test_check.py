"""One field checked while the page is open: POST /refer/check/<field>."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from core.extensions import db
from tests.page import Answer, Client


def check(client: Client, field: str, **answers: Any) -> Answer:
    return client.post(f"/refer/check/{field}", {**client.token(), **answers})


@pytest.fixture
def sqlite_htmx_client(sqlite_app: Flask) -> Client:
    return Client(sqlite_app, {"HX-Request": "true"})


def test_an_error_fills_the_slot_and_is_announced(sqlite_htmx_client: Client) -> None:
    answer = check(sqlite_htmx_client, "referrer_npi", referrer_npi="1234567890")
    slot = answer.document.by_id("referrer_npi-error")
    assert answer.status == 200
    assert "check digit" in slot.text
    assert slot.attributes["data-hx-trigger"] == "input delay:600ms from:#referrer_npi-group"
    live = answer.document.by_id("live")
    assert live.attributes["data-hx-swap-oob"] == "innerHTML"
    assert live.text.startswith("Your NPI: This NPI does not pass")


def test_a_good_answer_empties_the_slot(sqlite_htmx_client: Client) -> None:
    answer = check(sqlite_htmx_client, "referrer_npi", referrer_npi="1234567893")
    assert '<p class="error" id="referrer_npi-error" data-for="referrer_npi"></p>' in answer.text
    assert 'id="live"' not in answer.text


def test_an_empty_answer_is_an_error_only_after_a_first_try_to_send(sqlite_htmx_client: Client) -> None:
    assert check(sqlite_htmx_client, "patient_phone", patient_phone="").error("patient_phone") == ""
    strict = check(sqlite_htmx_client, "patient_phone", patient_phone="", strict="1")
    assert strict.error("patient_phone") == "Enter the patient's phone number."


def test_rules_between_fields_hold_here_too(sqlite_htmx_client: Client) -> None:
    date = {"patient_birth_date_month": "2", "patient_birth_date_year": "1999"}
    answer = check(sqlite_htmx_client, "patient_birth_date_day", patient_birth_date_day="29", **date)
    assert "February 1999 has no day 29" in answer.error("patient_birth_date_day")


@pytest.mark.parametrize("field", ["nothing", "csrf_token", "strict", "action", "referrer_npi/x"])
def test_an_unknown_field_is_not_found(sqlite_htmx_client: Client, field: str) -> None:
    assert check(sqlite_htmx_client, field).status == 404


def test_a_check_writes_nothing(sqlite_app: Flask, sqlite_htmx_client: Client) -> None:
    token = sqlite_htmx_client.token()
    commits: list[object] = []
    with sqlite_app.app_context():
        event.listen(db.engine, "commit", commits.append)
    sqlite_htmx_client.post("/refer/check/referrer_npi", {**token, "referrer_npi": "1"})
    assert commits == []


def test_what_was_understood_is_said_anew(sqlite_htmx_client: Client) -> None:
    """A drug also names the dose from which weeks count; a unit makes the weight readable."""
    drug = check(sqlite_htmx_client, "trials-0-medication", **{"trials-0-medication": "Zoloft"}).document
    assert drug.text_of("trials-0-medication-note") == "= sertraline"
    assert drug.text_of("trials-0-weeks-note") == "Weeks at 50 mg or more"
    unit = check(sqlite_htmx_client, "weight_unit", weight="168", weight_unit="lb").document
    assert unit.text_of("weight-note") == "= 168 lb (76 kg)"


@pytest.mark.parametrize("field", ["diagnosis", "trials-0-medication", "weight", "patient_email"])
def test_a_field_whose_words_are_understood_asks_for_its_check(sqlite_htmx_client: Client, field: str) -> None:
    control = sqlite_htmx_client.get("/refer").document.by_id(field)
    assert control.attributes["data-hx-post"] == f"/refer/check/{field}"
