"""Newsletters on the desk: read, tried, sent, watched, stopped and continued."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from core.mail import outbox
from tests.conftest import Wait
from tests.content.words import change
from tests.page import Client
from tests.postbox import Postbox
from tests.staff.conftest import SignedIn
from tests.staff.mailing import ADDRESS, HTMX, NAME, counts, deliver, press, recipients, trail, with_htmx
from tests.subscriptions.actions import people


def test_an_issue_goes_from_draft_to_sent(sqlite_app: Flask, desk: Client, postbox: Postbox, wait: Wait) -> None:
    people(sqlite_app, 3)
    assert "Not sent yet" in desk.get("/staff/newsletters").text
    assert "It goes to <strong>3</strong> people" in desk.get(ADDRESS).text
    answer = press(desk, "send", people="3")
    assert (answer.status, answer.location) == (303, ADDRESS)
    assert "Sending" in desk.get("/staff/newsletters").text
    assert counts(desk.get(ADDRESS)).startswith("0 of 3 handled")
    wait(timedelta(seconds=10))
    assert deliver(sqlite_app) == 3
    assert recipients(postbox) == [f"reader{n}@example.com" for n in range(3)]
    page = desk.get(ADDRESS)
    assert counts(page) == "3 of 3 sent 3 of 3 3 sent"
    assert "data-hx-trigger" not in page.document.by_id("progress").attributes
    assert "3 of 3" in desk.get("/staff/newsletters").text
    assert not page.document.all("form", id="send-form")
    people(sqlite_app, 1, prefix="late")
    assert "Send it to those who came later" in desk.get(ADDRESS).text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2", "It goes to 3 people now, and you typed 2. Nothing was sent."),
        ("", "Type the number of people it goes to."),
        ("everybody", "Type the number in digits, such as 312."),
        ("-3", "Type the number in digits, such as 312."),
        ("99999999999999999999", "Type the number in digits, such as 312."),
    ],
)
def test_a_wrong_number_sends_nothing_and_is_kept(
    sqlite_app: Flask, desk: Client, headers: dict[str, str], typed: str, said: str
) -> None:
    people(sqlite_app, 3)
    answer = press(with_htmx(desk) if headers else desk, "send", people=typed)
    assert answer.status == 422
    assert answer.error("people") == said
    assert answer.document.by_id("people").attributes.get("value", "") == typed
    assert trail(sqlite_app) == []
    with sqlite_app.app_context():
        assert outbox.newest() == []


def test_the_number_is_what_the_server_counts_now(sqlite_app: Flask, desk: Client) -> None:
    people(sqlite_app, 3)
    desk.get(ADDRESS)
    people(sqlite_app, 1, prefix="late")
    assert "It goes to 4 people now" in press(desk, "send", people="3").error("people")
    assert press(desk, "send", people="4").status == 303


def test_a_number_may_be_written_with_its_separator(sqlite_app: Flask, desk: Client) -> None:
    people(sqlite_app, 1234)
    assert "<strong>1,234</strong>" in desk.get(ADDRESS).text
    assert press(desk, "send", people="1,234").status == 303


def test_who_did_what_is_in_the_trail(sqlite_app: Flask, desk: Client) -> None:
    people(sqlite_app, 3)
    press(desk, "test")
    press(desk, "send", people="3")
    press(desk, "stop")
    press(desk, "send", people="3")
    me, subject = "manager@example.com", f"newsletter:{NAME}"
    assert trail(sqlite_app) == [
        (me, "newsletter.tested", subject, {}),
        (me, "newsletter.started", subject, {"readers": 3}),
        (me, "newsletter.stopped", subject, {"withdrawn": 3}),
        (me, "newsletter.started", subject, {"readers": 3}),
    ]


def test_a_copy_goes_to_whoever_asks_for_it(sqlite_app: Flask, desk: Client, postbox: Postbox) -> None:
    answer = press(desk, "test")
    assert answer.location == f"{ADDRESS}?done=tested"
    assert "A copy is on its way to you." in desk.get(answer.location).text
    deliver(sqlite_app)
    (mail,) = postbox.received
    assert (mail["To"], mail["Subject"]) == ("manager@example.com", "Test: What’s new on our site")


def test_the_preview_is_the_mail_in_a_frame_that_runs_nothing(desk: Client, sqlite_app: Flask) -> None:
    page = desk.get(ADDRESS)
    (frame,) = page.document.all("iframe")
    assert frame.attributes["src"] == f"{ADDRESS}/html"
    assert "What’s new on our site" in page.document.all("pre")[0].text
    inner = desk.client.get(f"{ADDRESS}/html")
    assert "sandbox" in inner.headers["Content-Security-Policy"]
    assert "script-src" not in inner.headers["Content-Security-Policy"]
    assert inner.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "http://127.0.0.1:5000/refer" in inner.text


def test_what_is_not_ready_is_not_sent_and_says_why(sqlite_app: Flask, desk: Client, file: Path) -> None:
    people(sqlite_app, 1)
    change(file, "are new.", "are new. It helped 60% of them.")
    page = desk.get(ADDRESS)
    assert "needs a source" in page.document.text_of("newsletter")
    assert str(file.parent) not in page.text
    assert press(desk, "send", people="1").status == 422
    change(file, "reviewed_by", "draft: true\nreviewed_by")
    assert "is a draft" in desk.get(ADDRESS).text
    change(file, "are new.", "are new.\n\n::: chart course\n:::\n")
    page = desk.get(ADDRESS)
    assert "a mail cannot show a chart" in page.text
    assert press(desk, "test").status == 409
    assert trail(sqlite_app) == []


def test_other_words_under_the_same_name_are_refused(sqlite_app: Flask, desk: Client, file: Path) -> None:
    people(sqlite_app, 1)
    press(desk, "send", people="1")
    press(desk, "stop")
    change(file, "are new.", "are quite new.")
    answer = press(desk, "send", people="1")
    assert answer.status == 422
    assert "It was sent before with other words." in answer.text


def test_only_managers_may(signed_in: SignedIn, file: Path) -> None:
    clinician = signed_in("clinician", "coordinator")
    for address in ("/staff/newsletters", ADDRESS, f"{ADDRESS}/html", "/staff/lists"):
        assert clinician.get(address).status == 403
    for button in ("test", "send", "stop", "progress"):
        assert press(clinician, button, people="0").status == 403
    for address in ("/staff/lists/import", "/staff/lists/export"):
        assert clinician.post(address, clinician.token()).status == 403


def test_an_issue_that_is_not_there_is_404(desk: Client) -> None:
    for name in ("nothing", "index", "..%2Findex"):
        assert desk.get(f"/staff/newsletters/{name}").status == 404
    assert desk.post("/staff/newsletters/nothing/send", {**desk.token(), "people": "1"}).status == 404
