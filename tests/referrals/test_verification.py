"""Marks instead of refusals: how far a referral is verified, and what the clinic hears when many come at once."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import services, verification
from blueprints.referrals.facts import ReferralFacts
from blueprints.referrals.models import Referral
from blueprints.referrals.services import Summary
from blueprints.referrals.verification import Marks, Origin
from core import clock
from core.extensions import db
from core.mail import outbox, render
from core.rate_limits import DAY, HOUR, Kind, Limit
from tests.builders import referral
from tests.conftest import Wait
from tests.page import Client
from tests.referrals.test_receipts import refer, submit

OWN = {"Sec-Fetch-Site": "same-origin"}
FEW = Kind("referral", (Limit("network", HOUR, 3), Limit("site", HOUR, 5)))


def only(app: Flask) -> Summary:
    with app.app_context():
        (found,) = services.summaries()
        return found


def link(app: Flask) -> str:
    """The path in the newest receipt."""
    with app.app_context():
        for row in outbox.newest(500):
            if found := re.search(r"http://127.0.0.1:5000(/refer/confirm/\S+?)>?$", render.parts(row)[0], re.MULTILINE):
                return found[1]
    raise AssertionError("no link")


def told(app: Flask) -> Counter[str]:
    """Subjects of the mails to the clinic."""
    with app.app_context():
        return Counter(row.subject for row in outbox.newest(500) if row.recipient == "desk@clinic.example")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "USUAL", FEW)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_only_the_button_confirms_and_only_once(app: Flask, headers: dict[str, str]) -> None:
    reference = refer(app).rpartition("/")[2]
    path, person = link(app), Client(app, headers)
    for _ in range(3):
        page = person.client.get(path, headers=headers)
        assert page.status_code == 200
        assert f'action="{path}"' in page.get_data(as_text=True)
    person.client.head(path)
    assert only(app).email == "not confirmed"
    assert reference in person.post(path, headers=OWN).text
    assert only(app).email == "confirmed"
    again = person.post(path, headers=OWN)
    assert again.status == 404
    assert "not known" in again.text
    with app.app_context():
        (kept,) = db.session.scalars(select(Referral))
        assert [entry.kind for entry in kept.events] == ["submitted", "confirmed"]


def test_another_site_a_guess_and_a_token_of_another_purpose_confirm_nothing(app: Flask) -> None:
    refer(app)
    path, client = link(app), Client(app)
    assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status == 400
    for wrong in (path[:-1], "/refer/confirm/guess", path.replace("/refer/", "/subscribe/")):
        assert client.post(wrong, headers=OWN).status == 404
    assert only(app).email == "not confirmed"


def test_the_link_ends_at_its_moment_and_not_before(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    refer(app)
    path = link(app)
    until = only(app).received_at + timedelta(days=14)
    monkeypatch.setattr(clock, "now", lambda: until)
    page = Client(app).post(path, headers=OWN)
    assert page.status == 410
    assert "The referral was received all the same" in page.text
    monkeypatch.setattr(clock, "now", lambda: until - timedelta(microseconds=1))
    assert Client(app).post(path, headers=OWN).status == 200


def test_two_presses_at_once_confirm_once(app: Flask) -> None:
    refer(app)
    path = link(app)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: Client(app).post(path, headers=OWN).status, range(4)))
    assert statuses == [200, 404, 404, 404]


def test_the_database_holds_no_token_once_the_mail_has_left(app: Flask) -> None:
    refer(app)
    token = link(app).rpartition("/")[2]
    with app.app_context():
        rows = [repr(row) for row in db.session.execute(text("SELECT * FROM referrals"))]
    assert token not in "".join(rows)


def test_without_a_receipt_nobody_can_confirm(app: Flask) -> None:
    for number in range(7):
        submit(app, f"key-{number}")
    with app.app_context():
        states = Counter(found.email for found in services.summaries())
    assert states == {"not confirmed": 6, "no receipt sent": 1}


def test_time_on_the_form_and_the_age_of_the_draft_are_marks(app: Flask, wait: Wait) -> None:
    client = Client(app)
    hidden = client.get("/refer").document.fields()
    wait(timedelta(seconds=40))
    saved = client.post("/refer", {**hidden, "action": "save", **referral()})
    wait(timedelta(seconds=300))
    page = client.get(saved.location).document.fields()
    assert page["opened"] == hidden["opened"]
    client.post("/refer", {**page, "action": "review", **referral()})
    wait(timedelta(seconds=20))
    client.post("/refer/send", client.get("/refer/review").document.fields())
    marks = only(app).marks
    assert marks.seconds_on_form is not None
    assert marks.draft_seconds is not None
    assert 360 <= marks.seconds_on_form < 400
    assert 320 <= marks.draft_seconds < 360
    assert only(app).signs == []


@pytest.mark.parametrize("opened", [None, "", "nonsense", "2020-01-01T00:00:00+00:00.forged", "é"])
def test_who_does_not_say_when_the_form_was_opened_is_not_refused(app: Flask, opened: str | None) -> None:
    assert refer(app, **({} if opened is None else {"opened": opened})).startswith("/refer/sent/KTC-")
    assert only(app).marks.seconds_on_form is None


@pytest.mark.parametrize("filled", ["https://spam.example", "\0\u202e", " "])
def test_a_filled_honeypot_is_a_mark_and_no_refusal(app: Flask, filled: str) -> None:
    assert refer(app, website=filled).startswith("/refer/sent/KTC-")
    assert only(app).marks.honeypot_filled
    assert "hidden field filled in" in only(app).signs
    with app.app_context():
        opened = services.open_referral(only(app).reference, app.config["SEALING_PRIVATE_KEY"])
    assert "website" not in opened.data


def test_the_honeypot_is_out_of_reach_of_people_and_of_autofill(sqlite_client: Client) -> None:
    page = sqlite_client.get("/refer")
    (box,) = [e for e in page.document.all("input", name="website") if e.attributes["id"] == "referral-website"]
    assert box.attributes["type"] == "text"
    assert (box.attributes["autocomplete"], box.attributes["tabindex"]) == ("off", "-1")
    assert box.attributes["data-lpignore"] == "true"
    assert page.document.all("div", class_="honeypot", aria_hidden="true", inert="")


def test_two_hundred_clinicians_behind_one_address_can_refer(app: Flask) -> None:
    """Above the limits they are marked; the clinic gets one word about it and not two hundred."""
    for number in range(199):
        submit(app, f"key-{number}")
    assert refer(app, email="last@example.com").startswith("/refer/sent/KTC-")
    with app.app_context():
        marks = [found.marks for found in services.summaries()]
    assert len(marks) == 200
    assert sum(mark.many_at_once for mark in marks) == 180
    assert max(mark.same_network_in_a_day for mark in marks) == 199
    assert told(app) == {"A referral has arrived": 20, "Many referrals are arriving at once": 1}


@pytest.mark.usefixtures("few")
def test_the_breaker_is_exact_when_they_come_at_once(app: Flask) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: submit(app, f"key-{n}", f"192.0.2.{n}"), range(16)))
    assert told(app) == {"A referral has arrived": 5, "Many referrals are arriving at once": 1}


@pytest.mark.usefixtures("few")
def test_the_clinic_is_told_once_in_an_episode(app: Flask, wait: Wait) -> None:
    for number in range(6):
        submit(app, f"key-{number}")
    assert told(app)["Many referrals are arriving at once"] == 1
    submit(app, "elsewhere", "198.51.100.1")
    assert told(app)["Many referrals are arriving at once"] == 1
    wait(HOUR)
    submit(app, "quiet again")
    assert told(app) == {"A referral has arrived": 4, "Many referrals are arriving at once": 1}
    for number in range(6):
        submit(app, f"next-{number}")
    assert told(app)["Many referrals are arriving at once"] == 2


@pytest.mark.usefixtures("few")
def test_a_marked_referral_is_announced_when_it_is_confirmed(app: Flask) -> None:
    app.config["REFERRAL_FACTS"] = ReferralFacts(email="desk@clinic.example")
    refer(app, "192.0.2.1", email="first@example.com")
    Client(app).post(link(app), headers=OWN)
    assert told(app)["A referral has arrived"] == 1
    for number in range(2):
        submit(app, f"key-{number}")
    reference = refer(app, "192.0.2.1", email="genuine@example.com").rpartition("/")[2]
    before = told(app)["A referral has arrived"]
    assert "unverified, many at once" in app.test_cli_runner().invoke(args=["referrals", "list"]).output
    assert Client(app).post(link(app), headers=OWN).status == 200
    assert told(app)["A referral has arrived"] == before + 1
    with app.app_context():
        assert reference in outbox.newest(1)[0].body
        (found,) = [found for found in services.summaries() if found.reference == reference]
    assert (found.email, found.signs) == ("confirmed", ["many at once", "3 more from its network"])


def test_the_operator_sees_what_is_known(app: Flask, wait: Wait) -> None:
    refer(app, website="spam")
    runner = app.test_cli_runner()
    (_, line) = runner.invoke(args=["referrals", "list"]).output.splitlines()
    assert line.endswith("new        not confirmed    hidden field filled in")
    Client(app).post(link(app), headers=OWN)
    listed = json.loads(runner.invoke(args=["referrals", "list", "--format", "json"]).output)
    shown = json.loads(runner.invoke(args=["referrals", "show", listed["reference"]]).output)
    for found in (listed, shown):
        assert found["email"] == "confirmed"
        assert found["marks"]["honeypot_filled"] is True


def test_a_referral_from_before_the_marks_is_listed(app: Flask) -> None:
    refer(app)
    with app.app_context():
        db.session.execute(text("UPDATE referrals SET marks = NULL, confirm_hash = NULL"))
        db.session.commit()
    assert only(app)[4:6] == ("no receipt sent", Marks())
    assert Marks.read({"many_at_once": True, "a mark of another version": 1}) == Marks(many_at_once=True)


def test_a_network_is_forgotten_after_a_day(app: Flask, wait: Wait) -> None:
    submit(app, "first", "198.51.100.1")
    wait(DAY)
    submit(app, "second", "198.51.100.1")
    with app.app_context():
        assert [found.marks.same_network_in_a_day for found in services.summaries()] == [0, 0]
        assert db.session.scalar(text("SELECT count(*) FROM rate_events WHERE kind = 'referral'")) == 1
    assert Origin().network == ""
