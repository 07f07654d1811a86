"""From the form to the reference, on both databases."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import drafts, services
from blueprints.referrals.drafts import PageState
from blueprints.referrals.facts import ReferralFacts
from blueprints.referrals.models import Referral
from core import clock
from core.crypto import envelope
from core.extensions import db
from core.mail import outbox
from tests.builders import CANARIES, referral
from tests.page import Answer, Client
from tests.referrals.drafting import Tab

pytestmark = pytest.mark.database_decides

REFERENCE = re.compile(r"^KTC-[2-9BCDFGHJKMNPQRSTVWXYZ]{8}$")


def fill_in(client: Client, **changes: Any) -> Answer:
    return Tab(client, **changes).press("review")


def send(client: Client) -> str:
    """Send the draft that was saved last."""
    review = client.get("/refer/review")
    answer = client.post("/refer/send", review.document.fields())
    return answer.location or answer.response.headers["HX-Redirect"]


def test_a_referral_is_reviewed_sent_and_opened_by_the_clinic(app: Flask, client: Client) -> None:
    fill_in(client)
    review = client.get("/refer/review")
    assert "April 17, 1961" in review.text
    assert "F33.2 Major depressive disorder, recurrent severe" in review.text
    (change,) = [a.attributes["href"] for a in review.document.all("a") if a.text == "Change You"]
    assert re.fullmatch(r"/refer\?draft=[\w-]{22}#referrer", change)
    address = send(client)
    reference = address.removeprefix("/refer/sent/")
    assert REFERENCE.match(reference)
    assert client.get(address).document.text_of("reference") == reference

    with app.app_context():
        opened = services.open_referral(reference, app.config["SEALING_PRIVATE_KEY"]).data
    assert opened["patient_birth_date"] == "1961-04-17"
    assert opened["referrer_phone"] == "+13105550123;ext=12"
    assert opened["patient_phone"] == "+12135550188"
    assert opened["diagnosis_code"] == "F33.2"
    assert opened["insurance_member_id"] == "CANARY-MEMBER-7"
    assert opened["service_requested"] == ("spravato", "clinic_to_advise")


def test_the_review_shows_what_applies_and_what_stands_out(client: Client) -> None:
    fill_in(client, suicide_risk="high", urgent_handoff="emergency_care_arranged", phq9_date="01/02/2026")
    review = client.get("/refer/review")
    asked = {e.text for e in review.document.all("dt")}
    assert {"Your NPI", "Is there a safety plan?", "Date of birth"} <= asked
    assert not {"I do not have an NPI", "Why is it urgent?", "A PHQ-9 was not done"} & asked
    assert "sent as urgent" in review.text
    assert "more than 28 days old" in review.text


def test_an_answer_to_a_question_that_is_not_asked_counts_for_nothing(app: Flask, client: Client) -> None:
    left_over = {
        "priority_reason": "Left over, no more.",
        "safety_plan": "no",
        "urgent_handoff": "calling_clinic_now",
    }
    fill_in(client, suicide_risk="none_known", referrer_no_npi="y", phq9_not_done="y", **left_over)
    asked = {e.text for e in client.get("/refer/review").document.all("dt")}
    assert not {"Your NPI", "PHQ-9 total", "Why is it urgent?", "Is there a safety plan?"} & asked
    reference = send(client).removeprefix("/refer/sent/")
    with app.app_context():
        opened = services.open_referral(reference, app.config["SEALING_PRIVATE_KEY"]).data
    for name in ("referrer_npi", "priority_reason", "safety_plan", "urgent_handoff", "phq9_date"):
        assert opened[name] == ""
    assert opened["phq9_score"] is opened["phq9_item9"] is None


def test_with_htmx_it_goes_the_same_way(htmx_client: Client) -> None:
    assert fill_in(htmx_client).response.headers["HX-Redirect"].startswith("/refer/review?draft=")
    address = send(htmx_client)
    assert REFERENCE.match(address.removeprefix("/refer/sent/"))


def test_sending_again_gives_the_same_reference(app: Flask, client: Client) -> None:
    fill_in(client)
    hidden = client.get("/refer/review").document.fields()
    first = client.post("/refer/send", hidden).location
    assert client.post("/refer/send", hidden).location == first
    with app.app_context():
        assert len(list(services.summaries())) == 1


def test_answers_that_changed_in_another_tab_are_shown_and_not_sent(app: Flask, client: Client) -> None:
    tab = Tab(client)
    read = tab.go_to_send()
    Tab(client, f"/refer?draft={tab.id}", patient_family_name="Othername").press("review")
    answer = client.post("/refer/send", read)
    assert answer.status == 422
    assert "Nothing was sent" in answer.text
    assert "Othername" in answer.text
    with app.app_context():
        assert list(services.summaries()) == []
    assert REFERENCE.match(client.post("/refer/send", answer.document.fields()).location.removeprefix("/refer/sent/"))


def test_eight_at_once_make_one_referral(app: Flask, client: Client) -> None:
    fill_in(client)
    hidden = client.get("/refer/review").document.fields()
    cookies = "; ".join(
        f"{name}={cookie.value}" for name in ("session", "referral_draft") if (cookie := client.client.get_cookie(name))
    )

    def press(_: int) -> str:
        other = app.test_client(use_cookies=False)
        return other.post("/refer/send", data=hidden, headers={"Cookie": cookies}).headers["Location"]

    with ThreadPoolExecutor(8) as pool:
        addresses = set(pool.map(press, range(8)))
    assert len(addresses) == 1
    assert REFERENCE.match(addresses.pop().removeprefix("/refer/sent/"))
    with app.app_context():
        assert len(list(services.summaries())) == 1


@pytest.mark.parametrize("action", ["review", "save", "nonsense"])
def test_an_emergency_keeps_nothing_and_shows_where_help_is(app: Flask, client: Client, action: str) -> None:
    tab = Tab(client)
    tab.press()
    answer = tab.press(action, emergency="yes")
    assert answer.status == 200
    assert 'href="tel:911"' in answer.text
    assert 'href="tel:988"' in answer.text
    assert "Zebedee" not in answer.text
    with app.app_context():
        assert db.session.scalar(text("SELECT sum(length(blob)) FROM drafts")) == 0
    assert "Zebedee" not in client.get(f"/refer?draft={tab.id}").text


def test_a_draft_comes_back_in_the_same_browser_only(app: Flask, client: Client) -> None:
    answer = client.post("/refer", {**client.token(), "action": "save", **referral(referrer_npi="12")})
    page = client.get(answer.location)
    assert "Zebedee" in page.text
    assert "Draft saved at" in page.text
    assert "Zebedee" not in Client(app).get(answer.location).text


def test_htmx_saves_without_a_word(htmx_client: Client) -> None:
    answer = htmx_client.post("/refer", {**htmx_client.token(), "action": "save", **referral()})
    assert (answer.status, answer.text) == (204, "")
    assert "HX-Redirect" not in answer.response.headers
    cookie = answer.response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_draft_is_deleted_on_request_and_after_a_day(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = Tab(client)
    tab.press()
    deleted = tab.id
    tab.press("discard")
    assert "Zebedee" not in client.get(f"/refer?draft={deleted}").text

    tab = Tab(client)
    tab.press()
    later = clock.now() + drafts.LIFETIME
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "Zebedee" not in client.get(f"/refer?draft={tab.id}").text
    with app.app_context():
        drafts.save("t" * 86, PageState("one"), {})
        assert db.session.scalar(text("SELECT count(*) FROM drafts")) == 1


def test_a_half_filled_draft_cannot_be_reviewed_or_sent(app: Flask, client: Client) -> None:
    tab = Tab(client, diagnosis="")
    tab.press()
    for address in ("/refer/review", f"/refer/review?draft={tab.id}"):
        assert client.get(address).location == f"/refer?draft={tab.id}"
    assert client.post("/refer/send", tab.held).location == f"/refer?draft={tab.id}"
    with app.app_context():
        assert list(services.summaries()) == []


def test_an_unknown_reference_is_not_found(client: Client) -> None:
    assert client.get("/refer/sent/KTC-22222222").status == 404


def test_nothing_of_the_patient_is_stored_or_logged_in_the_clear(
    app: Flask, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    fill_in(client)
    reference = send(client).removeprefix("/refer/sent/")
    fill_in(client, referrer_npi="1")
    with app.app_context():
        rows = [
            repr(row)
            for table in ("drafts", "referrals", "referral_events", "outbox")
            for row in db.session.execute(text(f"SELECT * FROM {table}"))
        ]
        opened = json.dumps(services.open_referral(reference, app.config["SEALING_PRIVATE_KEY"]).data)
    assert len(rows) == 5
    # Four digits are found in a long random token sooner or later.
    readable = re.sub(r"[\w+/=-]{22,}", "", "".join(rows))
    for canary in CANARIES:
        assert canary in opened
        assert canary not in (readable if canary.isdigit() else "".join(rows))
        assert canary not in caplog.text
    assert client.client.get_cookie("referral_draft").value not in "".join(rows)  # type: ignore[union-attr]


def test_a_referral_moved_to_another_row_does_not_open(app: Flask, client: Client) -> None:
    fill_in(client)
    first = send(client).removeprefix("/refer/sent/")
    fill_in(client)
    second = send(client).removeprefix("/refer/sent/")
    with app.app_context():
        one, two = db.session.scalars(select(Referral)).all()
        one.blob, one.wraps, two.blob, two.wraps = two.blob, two.wraps, one.blob, one.wraps
        db.session.commit()
        for reference in (first, second):
            with pytest.raises(envelope.SealingError):
                services.open_referral(reference, app.config["SEALING_PRIVATE_KEY"])


def test_without_a_key_the_form_is_closed(app: Flask, client: Client) -> None:
    app.config["SEALING_PUBLIC_KEYS"] = ()
    assert client.get("/refer").status == 503
    assert client.client.post("/refer", data=referral()).status_code in (400, 503)


def test_the_operator_lists_and_opens(app: Flask, client: Client) -> None:
    fill_in(client, suicide_risk="high", urgent_handoff="emergency_care_arranged")
    reference = send(client).removeprefix("/refer/sent/")
    runner = app.test_cli_runner()
    listed = runner.invoke(args=["referrals", "list"])
    assert reference in listed.output
    assert "urgent" in listed.output
    assert "Zebedee" not in listed.output
    shown = runner.invoke(args=["referrals", "show", reference])
    assert json.loads(shown.output)["patient_given_name"] == "Zebedee"
    assert "no referral" in runner.invoke(args=["referrals", "show", "KTC-22222222"]).output
    app.config["SEALING_PRIVATE_KEY"] = envelope.new_key_pair().private
    assert "sealed for key" in runner.invoke(args=["referrals", "show", reference]).output


def test_the_referral_its_event_and_its_mail_come_together(app: Flask, client: Client) -> None:
    fill_in(client)
    app.config["REFERRAL_FACTS"] = ReferralFacts(email="desk@clinic.example")
    reference = send(client).removeprefix("/refer/sent/")
    with app.app_context():
        (kept,) = db.session.scalars(select(Referral))
        assert [(event.kind, event.happened_at) for event in kept.events] == [("submitted", kept.received_at)]
        mail = {message.recipient: message for message in outbox.newest()}
    assert set(mail) == {"referrer@example.com", "desk@clinic.example"}
    for message in mail.values():
        assert reference in message.body
        assert reference not in message.subject
    assert "routine" in mail["desk@clinic.example"].body


def test_what_the_clinic_promises_stands_on_the_page_and_in_the_receipt(app: Flask, client: Client) -> None:
    app.config["REFERRAL_FACTS"] = ReferralFacts(read_within="2 hours", decided_within="5 days")
    fill_in(client)
    page = client.get(send(client)).text
    with app.app_context():
        (receipt,) = outbox.newest()
    for said in (page, receipt.body):
        assert "within 2 hours" in said
        assert "within 5 days" in said


def test_where_mail_cannot_be_queued_nothing_is_sent_and_the_draft_stays(app: Flask, client: Client) -> None:
    fill_in(client)
    form = client.get("/refer/review").document.fields()
    with app.app_context():
        db.session.execute(text("ALTER TABLE outbox RENAME TO gone"))
        db.session.commit()
    assert client.post("/refer/send", form).status == 503
    with app.app_context():
        assert not list(services.summaries())
        db.session.execute(text("ALTER TABLE gone RENAME TO outbox"))
        db.session.commit()
    assert send(client).startswith("/refer/sent/KTC-")
