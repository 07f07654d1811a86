"""A save never overwrites what its page has not seen, and nothing that was typed is lost where it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.conftest import Wait
from tests.page import Client
from tests.referrals.drafting import PHONE, Tab, draft_id, offered, rows, send_it, stored, two_tabs, typed

pytestmark = pytest.mark.usefixtures("unlimited")


def test_a_save_in_the_background_says_what_the_page_then_holds(htmx_client: Client) -> None:
    tab = Tab(htmx_client)
    for version in ("1", "2"):
        answer = tab.autosave(patient_phone=f"213.555.010{version}")
        assert (answer.status, answer.text) == (204, "")
        assert (draft_id(answer), answer.response.headers["Draft-Version"]) == (tab.id, version)
    assert stored(htmx_client, tab.id) == "213.555.0102"


def test_an_empty_form_in_the_background_is_not_said_to_be_saved(htmx_client: Client) -> None:
    tab = Tab(htmx_client)
    answer = htmx_client.post("/refer", {**tab.held, "action": "save", "background": "1"})
    assert answer.status == 204
    assert "Draft-Id" not in answer.response.headers


LATER: dict[str, Callable[[Tab], object]] = {
    "a row button": lambda tab: tab.press("add_trial", patient_phone="213.555.0102"),
    "a removed row": lambda tab: tab.press("remove_trial:0", patient_phone="213.555.0102"),
    "a review": lambda tab: tab.press("review", patient_phone="213.555.0102"),
    "a later save": lambda tab: tab.autosave(patient_phone="213.555.0102"),
    "the same, taken back": lambda tab: (tab.autosave(patient_phone="1"), tab.autosave(patient_phone="213.555.0102")),
}


@pytest.mark.parametrize("is_first", [True, False], ids=["first save", "next save"])
@pytest.mark.parametrize("later", LATER)
def test_a_late_save_changes_nothing(app: Flask, htmx_client: Client, later: str, is_first: bool) -> None:
    tab = Tab(htmx_client)
    if not is_first:
        tab.autosave()
    late = tab.typing(patient_phone="213.555.0101")
    LATER[later](tab)
    held, before = dict(tab.held), rows(app)
    answer = tab.send(late)
    assert (answer.status, answer.text) == (409, "")
    assert tab.held == held
    assert [row.version for row in rows(app)] == [row.version for row in before]
    assert stored(htmx_client, tab.id) == "213.555.0102"
    assert tab.autosave(patient_phone="213.555.0103").status == 204


@pytest.mark.parametrize("is_first", [True, False], ids=["first save", "next save"])
@pytest.mark.parametrize("action", ["discard", "sent"])
def test_a_late_save_brings_nothing_back(
    app: Flask, htmx_client: Client, action: str, is_first: bool, wait: Wait
) -> None:
    tab = Tab(htmx_client)
    if not is_first:
        tab.autosave()
    late = tab.typing(patient_phone="213.555.0101")
    if action == "sent":
        send_it(tab)
    else:
        tab.press(action)
    wait(timedelta(minutes=2))
    answer = htmx_client.post("/refer", late)
    assert answer.status == 409
    assert "not being saved" in answer.text
    assert ("KTC-" in answer.text) == (action == "sent")
    (row,) = rows(app)
    assert row.closed_at
    assert offered(htmx_client.get("/refer")) == []


def test_a_discard_of_what_was_never_saved_holds_against_a_late_save(app: Flask, htmx_client: Client) -> None:
    tab = Tab(htmx_client)
    late = tab.typing()
    htmx_client.post("/refer", {**tab.held, "action": "discard"})
    assert htmx_client.post("/refer", late).status == 409
    (row,) = rows(app)
    assert (row.blob, row.closed_at is None) == (b"", False)


def test_a_save_in_the_background_of_the_older_tab_becomes_a_draft_of_its_own(app: Flask, htmx_client: Client) -> None:
    one, two = two_tabs(htmx_client)
    original = one.id
    answer = one.autosave(patient_phone="213.555.0101")
    assert answer.status == 409
    assert "both versions are kept" in answer.text
    assert one.id == draft_id(answer) != original
    assert stored(htmx_client, original) == "213.555.0102"
    assert stored(htmx_client, one.id) == "213.555.0101"
    assert one.autosave(patient_phone="213.555.0103").status == 204
    assert two.autosave(patient_phone="213.555.0104").status == 204
    assert (stored(htmx_client, one.id), stored(htmx_client, two.id)) == ("213.555.0103", "213.555.0104")
    assert len(rows(app)) == 2
    assert len({row.blob for row in rows(app)}) == 2


def test_refused_saves_of_one_tab_make_one_copy(app: Flask, htmx_client: Client) -> None:
    """A page that does not hear of the refusal sends again and again."""
    one, _ = two_tabs(htmx_client)
    sent = [one.typing(patient_phone=f"213.555.010{n}") for n in range(5)]
    answers = [htmx_client.post("/refer", form) for form in (*sent[:2], sent[4], sent[3])]
    assert len({draft_id(answer) for answer in answers[:3]}) == 1
    assert stored(htmx_client, draft_id(answers[0])) == "213.555.0104"
    assert len(rows(app)) <= 3


@pytest.mark.parametrize("action", ["save", "review", "add_trial"])
def test_a_button_of_the_older_tab_keeps_and_shows_both_versions(clinician: Client, action: str) -> None:
    one, two = two_tabs(clinician)
    original = one.id
    answer = one.press(action, patient_phone="213.555.0101")
    assert answer.status == 422
    assert "both versions are kept" in answer.text
    assert "They differ in: Patient's phone; Medications." in " ".join(answer.document.text_of("draft-notice").split())
    assert typed(answer, PHONE) == "213.555.0101"
    (link,) = [e.attributes["href"] for e in answer.document.all("a") if "Open the other version" in e.text]
    assert link == f"/refer?draft={original}"
    assert typed(clinician.get(link), PHONE) == "213.555.0102"
    assert one.id == draft_id(answer) != original
    assert one.press("review").status in (204, 303)
    assert stored(clinician, one.id) == "213.555.0101"
    assert two.press("review").status in (204, 303)


def test_the_same_answers_are_no_conflict(sqlite_app: Flask, clinician: Client) -> None:
    """Such as a form that was sent again because the answer did not arrive."""
    tab = Tab(clinician)
    form = {**tab.answers, **tab.held, "action": "save"}
    for _ in range(2):
        answer = clinician.post("/refer", form)
        assert answer.status in (204, 303)
        assert answer.response.headers["Draft-Version"] == "1"
    (row,) = rows(sqlite_app)
    assert row.version == 1
