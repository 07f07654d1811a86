"""A save never overwrites what its page has not seen, and nothing that was typed is lost where it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from blueprints.referrals.models import Draft
from core.extensions import limiter
from tests.conftest import Wait
from tests.page import Answer, Client
from tests.referrals.drafting import Tab, draft_id, offered, rows, save, typed

PHONE = "patient_phone"


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture(params=["plain", "htmx"])
def clinician(request: pytest.FixtureRequest, sqlite_app: Flask) -> Client:
    return Client(sqlite_app, {"HX-Request": "true"} if request.param == "htmx" else {})


def stored(client: Client, draft: str, name: str = PHONE) -> str:
    return typed(client.get(f"/refer?draft={draft}"), name)


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


def send_it(tab: Tab) -> None:
    tab.client.post("/refer/send", tab.go_to_send())


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


def two_tabs(client: Client) -> tuple[Tab, Tab]:
    """Both have the same draft; the second one saved a newer version."""
    one = Tab(client)
    one.press()
    two = Tab(client, f"/refer?draft={one.id}")
    two.press(patient_phone="213.555.0102", **{"trials-0-weeks": "9"})
    return one, two


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
