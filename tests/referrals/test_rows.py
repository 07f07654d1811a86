"""Medication rows: added, removed and put back, with and without htmx, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import referral
from tests.page import Answer, Visitor


def rows(answer: Answer) -> list[str]:
    """The medications in the rows, in their order."""
    marked = [e.attributes["data-trial"] for e in answer.document.elements if "data-trial" in e.attributes]
    return [answer.document.by_id(f"trials-{n}-medication").attributes.get("value", "") for n in marked]


def press(visitor: Visitor, action: str, answer: Answer | None = None, **changes: Any) -> Answer:
    token = answer.document.fields() if answer else visitor.token()
    answer = visitor.post("/refer", {**token, **referral(**changes), "action": action})
    assert answer.status == 200
    return answer


def focused(answer: Answer) -> list[str]:
    return [e.text for e in answer.document.elements if "autofocus" in e.attributes]


@pytest.fixture(params=["plain", "htmx"])
def clinician(request: pytest.FixtureRequest, visitor: Visitor, htmx: Visitor) -> Visitor:
    return htmx if request.param == "htmx" else visitor


def test_a_new_form_has_one_row(reader: Visitor) -> None:
    assert rows(reader.get("/refer")) == [""]


def test_adding_a_row_keeps_the_others_and_leads_to_the_new_one(clinician: Visitor) -> None:
    answer = press(clinician, "add_trial")
    assert rows(answer) == ["sertraline", "Effexor", ""]
    assert focused(answer) == ["Medication 3"]
    assert answer.document.by_id("trials-1-daily_dose_mg").attributes["value"] == "not known"
    assert rows(clinician.get("/refer")) == ["sertraline", "Effexor", ""], "the draft has the blank row too"


def test_a_removed_row_can_be_put_back(clinician: Visitor) -> None:
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


def test_removing_the_last_row_leaves_a_blank_one(visitor: Visitor) -> None:
    answer = press(visitor, "remove_trial:0", **only("Zoloft"))
    assert rows(answer) == [""]


@pytest.mark.parametrize("action", ["remove_trial:7", "remove_trial:999", "remove_trial"])
def test_removing_what_is_not_there_removes_nothing(reader: Visitor, action: str) -> None:
    assert rows(press(reader, action)) == ["sertraline", "Effexor"]


def test_twelve_rows_are_the_most(reader: Visitor) -> None:
    many: dict[str, Any] = {f"trials-{n}-medication": f"drug {n}" for n in range(12)}
    answer = press(reader, "add_trial", **many)
    assert len(rows(answer)) == 12
    assert not [e for e in answer.document.all("button") if e.attributes.get("value") == "add_trial"]


def test_numbers_with_gaps_are_closed(reader: Visitor) -> None:
    gap: dict[str, Any] = {"trials-40-medication": "lithium"}
    answer = press(reader, "add_trial", **gap)
    assert rows(answer) == ["sertraline", "Effexor", "lithium", ""]
    assert answer.document.by_id("trials-2-medication").attributes["value"] == "lithium"


def test_what_was_in_error_stays_in_error(reader: Visitor) -> None:
    answer = press(reader, "add_trial", strict="1", referrer_npi="12")
    assert "10 digits" in answer.error("referrer_npi")
    assert focused(answer) == ["Medication 3"]


def test_the_change_is_announced(htmx: Visitor) -> None:
    assert press(htmx, "remove_trial:1").document.text_of("live") == "Medication 2 removed."
