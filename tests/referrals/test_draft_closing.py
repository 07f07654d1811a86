"""What becomes of a draft that was sent or deleted, and of a page that still has its answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from blueprints.referrals.models import Draft
from tests.conftest import Wait
from tests.page import Answer, Client
from tests.referrals.drafting import PHONE, Tab, offered, rows, save, send_it, stored, two_tabs, typed

pytestmark = pytest.mark.usefixtures("unlimited")


def pressed_after(client: Client, close: Callable[[Tab], object]) -> tuple[Tab, Answer]:
    one, two = two_tabs(client)
    close(two)
    answer = one.press("review", patient_phone="213.555.0101")
    assert answer.status == 422
    assert typed(answer, PHONE) == "213.555.0101"
    assert one.id != two.id
    assert one.held["version"] == "0"
    return one, answer


def test_whoever_goes_on_with_what_was_sent_is_told_its_reference(sqlite_app: Flask, clinician: Client) -> None:
    one, answer = pressed_after(clinician, send_it)
    said = answer.document.text_of("draft-notice")
    assert said.startswith("You sent this referral as KTC-")
    assert said.endswith("To send these answers as another referral, go on.")
    assert one.press("review").status in (204, 303)
    assert stored(clinician, one.id) == "213.555.0101"


def test_whoever_goes_on_with_what_was_deleted_is_told_so(clinician: Client) -> None:
    one, answer = pressed_after(clinician, lambda tab: tab.press("discard"))
    said = answer.document.text_of("draft-notice")
    assert said.startswith("This draft was deleted")
    assert "KTC-" not in said
    assert one.press("review").status in (204, 303)


def test_back_after_sending_says_that_it_was_sent(sqlite_app: Flask, clinician: Client) -> None:
    tab = Tab(clinician)
    send_it(tab)
    with sqlite_app.app_context():
        (row,) = rows(sqlite_app)
    assert b"KTC-" not in row.blob
    address = clinician.get(f"/refer/review?draft={tab.id}").location
    assert address == f"/refer?draft={tab.id}"
    page = clinician.get(address)
    assert "You sent this referral at " in page.text
    (link,) = [e.attributes["href"] for e in page.document.all("a") if e.text.startswith("KTC-")]
    assert clinician.get(link).status == 200
    assert typed(page) == ""
    assert Tab(clinician, address).id != tab.id
    assert "You sent this" not in Client(sqlite_app).get(address).text


def undo_button(answer: Answer) -> str:
    (undo,) = [e.attributes["value"] for e in answer.document.all("button", name="action") if e.text == "Undo"]
    return undo


def after_discard(client: Client, tab: Tab) -> Answer:
    answer = tab.press("discard")
    return client.get(answer.location or answer.response.headers["HX-Redirect"])


def test_a_deleted_draft_can_be_restored_for_a_minute(clinician: Client) -> None:
    tab = Tab(clinician)
    tab.press()
    draft = tab.id
    page = after_discard(clinician, tab)
    assert "The draft was deleted." in page.text
    assert (typed(page), offered(page)) == ("", [])
    new = Tab(clinician, patient_family_name="Next")
    answer = new.press(undo_button(page))
    assert (answer.location or answer.response.headers["HX-Redirect"]) == f"/refer?draft={draft}"
    assert stored(clinician, draft, "patient_family_name") == "Canaryfield"
    assert len(offered(clinician.get("/refer"))) == 2, "what was typed meanwhile is kept too"
    assert Tab(clinician, f"/refer?draft={draft}").press("review").status in (204, 303)


def test_what_was_typed_last_is_restored_too(clinician: Client) -> None:
    tab = Tab(clinician)
    tab.answers |= {PHONE: "213.555.0101"}
    page = after_discard(clinician, tab)
    Tab(clinician).press(undo_button(page))
    assert stored(clinician, undo_button(page).partition(":")[2]) == "213.555.0101"


def test_after_a_minute_it_is_gone(sqlite_app: Flask, clinician: Client, wait: Wait) -> None:
    tab = Tab(clinician)
    tab.press()
    draft = tab.id
    page = after_discard(clinician, tab)
    undo = undo_button(page)
    wait(timedelta(seconds=61))
    assert "Undo" not in clinician.get(f"/refer?discarded={draft}").text
    save(Client(sqlite_app))
    assert by_id(sqlite_app, draft).blob == b""
    clinician.post("/refer", {**clinician.token(), "action": undo})
    assert by_id(sqlite_app, draft).closed_at
    assert "cannot be opened" in clinician.get(f"/refer?draft={draft}").text


def test_only_the_browser_that_deleted_it_restores_it(sqlite_app: Flask, clinician: Client) -> None:
    tab = Tab(clinician)
    tab.press()
    draft = tab.id
    page = after_discard(clinician, tab)
    other = Client(sqlite_app)
    assert "Undo" not in other.get(f"/refer?discarded={draft}").text
    other.post("/refer", {**other.token(), "action": undo_button(page)})
    assert by_id(sqlite_app, draft).closed_at


def by_id(app: Flask, draft: str) -> Draft:
    (row,) = [row for row in rows(app) if row.id == draft]
    return row


def test_choosing_yes_in_an_emergency_deletes_nothing_before_a_button_is_pressed(
    app: Flask, htmx_client: Client
) -> None:
    tab = Tab(htmx_client)
    tab.autosave()
    answer = tab.autosave(emergency="yes", patient_phone="1")
    assert (answer.status, answer.text) == (409, "")
    assert stored(htmx_client, tab.id) == "213.555.0188"
    assert tab.autosave(emergency="no").status == 204
    tab.press("review", emergency="yes")
    (row,) = rows(app)
    assert (row.blob, row.closed_at is None, row.undo_until) == (b"", False, None)
    late = tab.autosave(emergency="no")
    assert late.status == 409
    assert "Zebedee" not in htmx_client.get(f"/refer?draft={tab.id}").text


def test_an_emergency_empties_what_could_be_restored(sqlite_app: Flask, clinician: Client) -> None:
    tab = Tab(clinician)
    tab.press()
    form = {**tab.answers, **tab.held, "emergency": "yes"}
    tab.press("discard")
    clinician.post("/refer", {**form, "action": "save"})
    assert [row.blob for row in rows(sqlite_app) if row.id == form["draft"]] == [b""]
