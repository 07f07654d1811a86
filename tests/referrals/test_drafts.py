"""Each referral has a draft of its own, and what was read of it is what is sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.referrals import drafts, services
from blueprints.referrals.drafts import PageState
from blueprints.referrals.models import Draft
from core import clock
from core.extensions import db
from tests.conftest import Wait
from tests.page import Client
from tests.referrals.drafting import LOST, Tab, draft_id, half, keys, offered, reopen, rows, save, typed

TOKEN = "t" * 86


pytestmark = pytest.mark.usefixtures("unlimited")


def test_an_empty_form_makes_no_draft(sqlite_app: Flask, sqlite_client: Client) -> None:
    token = sqlite_client.token()
    for action in ("save", "add_trial", "review"):
        sqlite_client.post("/refer", {**token, "priority": "routine", "trials-0-medication": " ", "action": action})
    assert rows(sqlite_app) == []
    sqlite_client.post("/refer", {**token, "patient_language": "es", "action": "save"})
    assert len(rows(sqlite_app)) == 1


def test_opening_the_form_writes_nothing(sqlite_app: Flask, sqlite_client: Client) -> None:
    assert typed(sqlite_client.get("/refer")) == ""
    assert half(sqlite_client)
    assert rows(sqlite_app) == []


def test_a_draft_that_was_emptied_is_not_offered_and_can_be_filled_again(sqlite_client: Client) -> None:
    tab = Tab(sqlite_client)
    tab.press()
    sqlite_client.post("/refer", {**tab.held, "action": "save"})
    assert offered(sqlite_client.get("/refer")) == []
    tab = Tab(sqlite_client, f"/refer?draft={tab.id}")
    assert typed(tab.answer) == ""
    tab.press()
    assert typed(tab.answer) == "Canaryfield"


def test_a_new_form_is_empty_and_offers_the_drafts(clinician: Client, wait: Wait) -> None:
    one = save(clinician, patient_given_name="Tamsin", patient_family_name="Example")
    wait(timedelta(minutes=1))
    other = save(clinician, patient_given_name="", patient_family_name="")
    page = clinician.get("/refer")
    assert typed(page) == ""
    assert offered(page) == [f"/refer?draft={draft_id(other)}", f"/refer?draft={draft_id(one)}"]
    assert "Draft for T. E., saved " in page.text
    assert "Draft without a name, saved " in page.text
    assert "Tamsin" not in page.text
    assert typed(reopen(clinician, one)) == "Example"


def test_two_patients_in_two_tabs_never_mix(sqlite_app: Flask, clinician: Client) -> None:
    one, two = (Tab(clinician, patient_family_name=name) for name in ("One", "Two"))
    assert one.id != two.id
    one.press()
    two.press()
    one.press("add_trial", patient_phone="213.555.0101")
    two.press(patient_phone="213.555.0102")
    forms = [two.go_to_send(), one.go_to_send()]
    for form in forms:
        answer = clinician.post("/refer/send", form)
        assert "/refer/sent/KTC-" in answer.location or answer.response.headers["HX-Redirect"]
    with sqlite_app.app_context():
        key = sqlite_app.config["SEALING_PRIVATE_KEY"]
        sent = {opened.data["patient_family_name"]: opened.data for _, opened in services.opened(key)}  # type: ignore[union-attr]
    assert {name: data["patient_phone"][-4:] for name, data in sent.items()} == {"One": "0101", "Two": "0102"}


def test_another_name_in_the_same_tab_is_the_same_draft(sqlite_app: Flask, clinician: Client) -> None:
    tab = Tab(clinician)
    tab.press()
    tab.press(patient_family_name="Othername")
    (row,) = rows(sqlite_app)
    assert (row.id, row.version) == (tab.id, 2)
    assert typed(clinician.get(f"/refer?draft={tab.id}")) == "Othername"


def test_two_patients_one_after_the_other_are_two_referrals(sqlite_app: Flask, sqlite_client: Client) -> None:
    for name in ("One", "Two"):
        tab = Tab(sqlite_client, patient_family_name=name)
        sqlite_client.post("/refer/send", tab.go_to_send())
    assert keys(sqlite_app) == 2


def test_a_stale_button_gives_its_own_reference_and_leaves_the_next_draft_alone(
    sqlite_app: Flask, sqlite_client: Client
) -> None:
    stale = Tab(sqlite_client).go_to_send()
    first = sqlite_client.post("/refer/send", stale).location
    later = Tab(sqlite_client, patient_family_name="Next")
    later.press("review")
    assert sqlite_client.post("/refer/send", stale).location == first
    assert keys(sqlite_app) == 1
    assert typed(sqlite_client.get(f"/refer?draft={later.id}")) == "Next"


@pytest.mark.parametrize("seen", [None, "", "0" * 16])
def test_what_was_not_read_is_not_sent(sqlite_app: Flask, sqlite_client: Client, seen: str | None) -> None:
    form = {**Tab(sqlite_client).go_to_send(), "seen": seen}
    answer = sqlite_client.post("/refer/send", {name: value for name, value in form.items() if value is not None})
    assert answer.status == 422
    assert keys(sqlite_app) == 0
    assert sqlite_client.post("/refer/send", answer.document.fields()).status == 303


def test_the_same_answers_in_another_draft_were_not_read(sqlite_app: Flask, sqlite_client: Client) -> None:
    read, other = Tab(sqlite_client).go_to_send(), Tab(sqlite_client)
    other.press("review")
    assert sqlite_client.post("/refer/send", {**read, "draft": other.id}).status == 422
    assert keys(sqlite_app) == 0


def test_the_review_of_no_certain_draft_shows_the_last_one(sqlite_client: Client, wait: Wait) -> None:
    one, two = (Tab(sqlite_client, patient_family_name=name) for name in ("One", "Two"))
    one.press("review")
    wait(timedelta(seconds=5))
    two.press("review")
    wait(timedelta(seconds=5))
    one.press("review", patient_phone="213.555.0101")
    page = sqlite_client.get("/refer/review")
    assert "One" in page.text
    assert {e.attributes["href"].partition("#")[0] for e in page.document.all("a") if e.text.startswith("Change")} == {
        f"/refer?draft={one.id}"
    }
    assert "Two" in sqlite_client.get(f"/refer/review?draft={two.id}").text


def test_a_half_filled_draft_leads_back_to_its_form(sqlite_client: Client) -> None:
    tab = Tab(sqlite_client, diagnosis="")
    tab.press()
    assert sqlite_client.get(f"/refer/review?draft={tab.id}").location == f"/refer?draft={tab.id}"


@pytest.mark.parametrize("named", ["x" * 22, "nonsense", "", "é" * 22, "a" * 64, "../" * 8])
def test_a_draft_that_is_not_there_is_said_to_be_lost(sqlite_client: Client, named: str) -> None:
    page = sqlite_client.get("/refer", query_string={"draft": named})
    assert (page.status, typed(page)) == (200, "")
    assert (LOST in page.text) == (named in ("x" * 22, "a" * 64))
    assert sqlite_client.get("/refer/review", query_string={"draft": named}).location.startswith("/refer")


def test_a_draft_of_another_browser_is_neither_opened_nor_written(sqlite_app: Flask, sqlite_client: Client) -> None:
    """Its id is no secret."""
    theirs = draft_id(save(Client(sqlite_app), patient_family_name="Theirs"))
    tab = Tab(sqlite_client, f"/refer?draft={theirs}")
    assert (typed(tab.answer), LOST in tab.answer.text) == ("", True)
    for version in ("0", "1"):
        tab.held |= {"draft": theirs, "version": version}
        for action in ("save", "discard", f"undo_discard:{theirs}", "review"):
            tab.client.post("/refer", {**tab.answers, **tab.held, "action": action})
    (row,) = [row for row in rows(sqlite_app) if row.id == theirs]
    assert (row.version, row.closed_at) == (1, None)


@pytest.mark.postgres
def test_a_draft_is_there_until_its_moment_and_not_after_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        draft = drafts.save(TOKEN, PageState("one"), {"patient_family_name": ["One"]})
        (kept,) = db.session.scalars(select(Draft))
        until = kept.expires_at
        monkeypatch.setattr(clock, "now", lambda: until)
        assert (drafts.purge(), drafts.load(TOKEN, draft.id) is None) == (0, False)
        monkeypatch.setattr(clock, "now", lambda: until + timedelta(microseconds=1))
        assert (drafts.load(TOKEN, draft.id), drafts.list_drafts(TOKEN), drafts.purge()) == (None, [], 1)


def test_after_a_day_the_page_still_has_the_answers(clinician: Client, wait: Wait) -> None:
    tab = Tab(clinician)
    tab.press()
    wait(drafts.LIFETIME + timedelta(minutes=1))
    answer = tab.press("review")
    assert answer.status in (400, 422)
    assert typed(answer) == "Canaryfield"
    while tab.press("review").status in (400, 422):
        assert typed(answer) == "Canaryfield"
    assert "Canaryfield" in clinician.get(f"/refer/review?draft={tab.id}").text
