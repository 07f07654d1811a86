"""Medication rows: added, removed and put back, with and without htmx, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import referral
from tests.page import Answer, Client
from tests.referrals.drafting import reopen


def rows(answer: Answer) -> list[str]:
    """The medications in the rows, in their order."""
    marked = [e.attributes["data-trial"] for e in answer.document.elements if "data-trial" in e.attributes]
    return [answer.document.by_id(f"trials-{n}-medication").attributes.get("value", "") for n in marked]


def press(client: Client, action: str, answer: Answer | None = None, **changes: Any) -> Answer:
    token = answer.document.fields() if answer else client.token()
    answer = client.post("/refer", {**token, **referral(**changes), "action": action})
    assert answer.status == 200
    return answer


def focused(answer: Answer) -> list[str]:
    """The words of what gets the focus, or the id of a box."""
    return [e.text or e.attributes["id"] for e in answer.document.elements if "autofocus" in e.attributes]


@pytest.fixture(params=["plain", "htmx"])
def clinician(request: pytest.FixtureRequest, client: Client, htmx_client: Client) -> Client:
    return htmx_client if request.param == "htmx" else client


def test_a_new_form_has_one_row(sqlite_client: Client) -> None:
    assert rows(sqlite_client.get("/refer")) == [""]


def test_adding_a_row_keeps_the_others_and_leads_to_the_new_one(clinician: Client) -> None:
    answer = press(clinician, "add_trial")
    assert rows(answer) == ["sertraline", "Effexor", ""]
    assert focused(answer) == ["trials-2-medication"]
    assert answer.document.by_id("trials-1-daily_dose_mg").attributes["value"] == "not known"
    assert rows(reopen(clinician, answer)) == ["sertraline", "Effexor", ""], "the draft has the blank row too"


def test_a_removed_row_can_be_put_back(clinician: Client) -> None:
    removed = press(clinician, "remove_trial:0")
    assert rows(removed) == ["Effexor"]
    assert focused(removed) == ["Medication 1"]
    undo = {e.text: e.attributes["value"] for e in removed.document.all("button", name="action")}["Undo"]
    back = press(clinician, undo, removed, **{**only("Effexor"), "patient_given_name": "Zebedee"})
    assert rows(back) == ["sertraline", "Effexor"]
    assert back.document.by_id("trials-0-daily_dose_mg").attributes["value"] == "150"
    assert focused(back) == ["Medication 1"]


def only(medication: str) -> dict[str, Any]:
    gone = {name: None for name in referral() if name.startswith("trials-1-")}
    return {**gone, "trials-0-medication": medication, "trials-0-daily_dose_mg": "225"}


def test_removing_the_last_row_leaves_a_blank_one(client: Client) -> None:
    answer = press(client, "remove_trial:0", **only("Zoloft"))
    assert rows(answer) == [""]


@pytest.mark.parametrize("action", ["remove_trial:7", "remove_trial:999", "remove_trial"])
def test_removing_what_is_not_there_removes_nothing(sqlite_client: Client, action: str) -> None:
    assert rows(press(sqlite_client, action)) == ["sertraline", "Effexor"]


def test_twelve_rows_are_the_most(sqlite_client: Client) -> None:
    many: dict[str, Any] = {f"trials-{n}-medication": f"drug {n}" for n in range(12)}
    answer = press(sqlite_client, "add_trial", **many)
    assert len(rows(answer)) == 12
    assert not [e for e in answer.document.all("button") if e.attributes.get("value") == "add_trial"]


def test_numbers_with_gaps_are_closed(sqlite_client: Client) -> None:
    gap: dict[str, Any] = {"trials-40-medication": "lithium"}
    answer = press(sqlite_client, "add_trial", **gap)
    assert rows(answer) == ["sertraline", "Effexor", "lithium", ""]
    assert answer.document.by_id("trials-2-medication").attributes["value"] == "lithium"


def test_what_was_in_error_stays_in_error(sqlite_client: Client) -> None:
    answer = press(sqlite_client, "add_trial", strict="1", referrer_npi="12")
    assert "10 digits" in answer.error("referrer_npi")
    assert focused(answer) == ["trials-2-medication"]


def test_the_change_is_announced(htmx_client: Client) -> None:
    assert press(htmx_client, "remove_trial:1").document.text_of("live") == "Medication 2 removed."


DIGITS = "1" * 5000
STRANGE = (
    *("trials-²-medication", f"trials-{DIGITS}-medication", "trials-٣-weeks", "trials-１-weeks", "trials--1-weeks"),
    *("trials-100-medication", "trials-07-medication", "trials-7", "trials-7-", "trials-7-csrf_token"),
    *("trials-7-trials-7-medication", "trials-7-medication-0", "trials-7-medication\n", "trials-7-Medication"),
    *("trialsx7-medication", "trials-7-strict", "trials-7-__class__", "trials"),
)


@pytest.mark.parametrize("name", STRANGE, ids=range(len(STRANGE)))
def test_a_name_that_the_page_does_not_write_makes_no_row(sqlite_client: Client, name: str) -> None:
    token = sqlite_client.token()
    for path in ("/refer", "/refer/assess", "/refer/check/trials-0-weeks"):
        form = {**token, **referral(), name: "7", "action": "save"}
        answer = sqlite_client.client.post(path, data=form)
        assert answer.status_code in (200, 303)
        if path == "/refer":
            assert rows(sqlite_client.get(answer.location or "")) == ["sertraline", "Effexor"]


@pytest.mark.parametrize("name", ["removed-../a", "removed-csrf_token", "removed-", "removed-trials-0-medication"])
def test_only_a_row_is_put_back(sqlite_client: Client, name: str) -> None:
    strange: dict[str, Any] = {name: "CANARY-NAME"}
    answer = press(sqlite_client, "restore_trial:0", **strange)
    assert rows(answer) == ["", "sertraline", "Effexor"]
    assert "CANARY-NAME" not in answer.text


def many(count: int, **others: Any) -> dict[str, Any]:
    return {**{f"trials-{n}-medication": f"drug {n}" for n in range(count)}, **others}


@pytest.mark.parametrize("action", ["review", "save", "add_trial", "remove_trial:0", "restore_trial:3"])
def test_rows_that_do_not_fit_are_named(clinician: Client, action: str) -> None:
    answer = clinician.post("/refer", {**clinician.token(), **referral(**many(14)), "action": action})
    assert answer.status == 422
    assert "12 medications fit here" in answer.text
    assert "These were left out: drug 12; drug 13." in answer.text
    assert len(rows(answer)) == 12
    page = reopen(clinician, answer)
    assert rows(page) == [f"drug {n}" for n in range(12)]
    assert "left out" not in page.text


def test_rows_that_are_too_many_to_be_named_are_counted(sqlite_client: Client) -> None:
    rest = {name: value for name, value in referral(**many(88)).items() if name != "clinical_summary"}
    long = {f"trials-{n}-medication": "x" * 120 for n in range(50, 88)}
    answer = sqlite_client.post("/refer", {**sqlite_client.token(), **rest, **long, "action": "review"})
    assert answer.status == 422
    assert "76 more were left out" in answer.text
    assert len(rows(reopen(sqlite_client, answer))) == 12


def test_blank_rows_beyond_the_last_are_nothing_to_speak_of(sqlite_client: Client) -> None:
    blank = {f"trials-{n}-medication": " " for n in range(12, 14)}
    assert press(sqlite_client, "remove_trial:0", **many(12, **blank)).status == 200


def test_undo_makes_no_thirteenth_row_and_keeps_what_was_removed(clinician: Client) -> None:
    removed = press(clinician, "remove_trial:11", **many(12, **{"trials-11-weeks": "31"}))
    full = press(clinician, "restore_trial:11", removed, **many(12))
    assert rows(full) == [f"drug {n}" for n in range(12)]
    assert "12 medications fit here. Remove another one" in full.text
    room = press(clinician, "remove_trial:0", **many(12))
    back = press(clinician, "restore_trial:11", full, **{**many(11), "trials-0-medication": "drug 0"})
    assert len(rows(room)) == 11
    assert rows(back)[-1] == "drug 11"
    assert back.document.by_id("trials-11-weeks").attributes["value"] == "31"
