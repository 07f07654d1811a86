"""Newsletters on the desk: read, tried, sent, watched, stopped and continued."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text

from blueprints.newsletters import sendings, services
from blueprints.subscriptions.models import Subscriber
from core import clock
from core.audit.models import AuditEvent
from core.extensions import db
from core.mail import commands, outbox, worker
from tests.conftest import Wait, build, close
from tests.content.words import CONTENT, change
from tests.page import Answer, Client
from tests.postbox import Postbox, listening
from tests.staff.conftest import SignedIn

NAME = "2026-12-new-pages"
ADDRESS = f"/staff/newsletters/{NAME}"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def file(sqlite_app: Flask, tmp_path: Path) -> Path:
    """An issue that is ready."""
    return ready(sqlite_app, tmp_path)


def ready(app: Flask, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    app.extensions["content"].folder = folder
    change(folder / "newsletters" / f"{NAME}.md", "draft: true\n", "")
    return folder / "newsletters" / f"{NAME}.md"


@pytest.fixture
def postbox(sqlite_app: Flask) -> Iterator[Postbox]:
    with listening(Postbox()) as box:
        sqlite_app.config["MAIL_URL"] = box.url
        yield box


@pytest.fixture
def desk(signed_in: SignedIn, file: Path) -> Client:
    return signed_in("manager", email="manager@example.com")


def with_htmx(desk: Client) -> Client:
    """The same browser, as htmx asks."""
    twin = Client(desk.app, HTMX)
    twin.client = desk.client
    return twin


def people(app: Flask, count: int, status: str = "confirmed", prefix: str = "reader") -> None:
    now = clock.now()
    rows = [
        {"email": f"{prefix}{n}@example.com", "email_key": f"{prefix}{n}@example.com", "status": status}
        | {"created_at": now, "leave_token": f"token-{prefix}-{n}"}
        for n in range(count)
    ]
    with app.app_context():
        db.session.execute(insert(Subscriber), rows)
        db.session.commit()


def press(desk: Client, button: str, headers: dict[str, str] | None = None, **typed: str) -> Answer:
    return desk.post(f"{ADDRESS}/{button}", {**desk.token(), **typed}, headers)


def deliver(app: Flask, limit: int = 1000) -> int:
    """As a worker that looks once and is stopped after `limit` messages."""
    with app.app_context():
        outbox.refill.send()
        sent = 0
        run: Any = worker.deliver()
        for outcome in run:
            sent += outcome
            if sent >= limit:
                break
        run.close()
        return sent


def recipients(box: Postbox) -> list[str]:
    return sorted(mail["To"] for mail in box.received)


def trail(app: Flask) -> list[tuple[str, str, str, dict[str, object]]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        return [(row.actor, row.action, row.subject, row.detail) for row in rows if row.action.startswith("newsletter")]


def counts(page: Answer) -> str:
    return page.document.text_of("progress")


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


def test_progress_comes_in_place_and_then_the_whole_page(
    sqlite_app: Flask, desk: Client, postbox: Postbox, wait: Wait
) -> None:
    people(sqlite_app, 2)
    press(desk, "send", people="2")
    htmx = with_htmx(desk)
    part = press(htmx, "progress")
    assert part.status == 200
    assert part.document.elements[0].attributes["id"] == "progress"
    assert counts(part).startswith("0 of 2 handled")
    assert press(desk, "progress").location == ADDRESS
    wait(timedelta(seconds=10))
    assert deliver(sqlite_app, limit=1) == 1
    assert counts(press(htmx, "progress")).startswith("1 of 2 handled")
    deliver(sqlite_app)
    assert press(htmx, "progress").response.headers["HX-Redirect"] == ADDRESS


def test_a_stop_withdraws_what_is_left_and_continuing_sends_it_once(
    sqlite_app: Flask, desk: Client, postbox: Postbox, wait: Wait
) -> None:
    people(sqlite_app, 5)
    press(desk, "send", people="5")
    wait(timedelta(seconds=10))
    deliver(sqlite_app, limit=2)
    assert press(desk, "stop").location == ADDRESS
    page = desk.get(ADDRESS)
    assert counts(page) == "2 of 5 handled 2 of 5 2 sent 3 withdrawn"
    assert "3 people have not received it." in page.text
    wait(timedelta(minutes=5))
    assert deliver(sqlite_app) == 0
    assert Client(sqlite_app).post("/subscribe/leave/token-reader-4", headers={"Sec-Fetch-Site": "none"}).status == 200
    assert press(desk, "send", people="3").status == 422
    assert press(desk, "send", people="2").status == 303
    wait(timedelta(seconds=10))
    deliver(sqlite_app)
    news = [mail["To"] for mail in postbox.received if mail["Subject"] == "What’s new on our site"]
    assert sorted(news) == [f"reader{n}@example.com" for n in range(4)]
    assert counts(desk.get(ADDRESS)) == "4 of 4 sent 4 of 4 4 sent"


def test_what_a_worker_has_claimed_goes_out_and_is_not_sent_again(
    sqlite_app: Flask, desk: Client, postbox: Postbox, wait: Wait
) -> None:
    """Up to ten broadcasts are sent before they are recorded: those must not be withdrawn and sent a second time."""
    people(sqlite_app, 3)
    press(desk, "send", people="3")
    wait(timedelta(seconds=10))
    with sqlite_app.app_context():
        run: Any = worker.deliver()
        assert next(run)
        press(desk, "stop")
        list(run)
        run.close()
    assert len(postbox.received) == 3
    assert "0 people have not received it." in desk.get(ADDRESS).text


def test_mail_that_comes_back_to_the_queue_after_a_stop_is_withdrawn(
    sqlite_app: Flask, desk: Client, postbox: Postbox, wait: Wait
) -> None:
    people(sqlite_app, 1)
    press(desk, "send", people="1")
    wait(timedelta(seconds=10))
    postbox.data_says = "451 later"
    with sqlite_app.app_context():
        run = iter(worker.Worker(postbox.url).__enter__()._claim())
        press(desk, "stop")
        (row,) = run
        outbox.move(db.session, outbox.Status.QUEUED, outbox.TABLE.c.id == row.id, due_at=clock.now())
        db.session.commit()
    postbox.data_says = "250 OK"
    assert deliver(sqlite_app) == 0
    assert "1 people have not received it." in desk.get(ADDRESS).text


def test_nothing_to_stop_is_said(sqlite_app: Flask, desk: Client) -> None:
    for _ in range(2):
        answer = press(desk, "stop")
        assert answer.status == 409
        assert "there was nothing to stop" in answer.text
    assert trail(sqlite_app) == []


def test_a_long_list_is_queued_by_the_workers_and_progress_survives_a_restart(
    sqlite_app: Flask,
    desk: Client,
    signed_in: SignedIn,
    postbox: Postbox,
    wait: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    monkeypatch.setattr(services, "BATCHES_OF_A_REQUEST", 1)
    people(sqlite_app, 7)
    press(desk, "send", people="7")
    assert counts(desk.get(ADDRESS)).endswith("2 waiting 5 not queued yet")
    again = build(tmp_path, sqlite_app.config["SQLALCHEMY_DATABASE_URI"], MAIL_URL=postbox.url)
    again.extensions["content"].folder = sqlite_app.extensions["content"].folder
    manager = signed_in("manager", app=again)
    assert counts(manager.get(ADDRESS)).startswith("0 of 7 handled")
    with again.app_context():
        commands._refill()
    assert counts(manager.get(ADDRESS)).endswith("7 waiting")
    wait(timedelta(seconds=10))
    assert deliver(again, limit=3) == 3
    assert counts(desk.get(ADDRESS)).startswith("3 of 7 handled")
    assert deliver(again) == 4
    assert recipients(postbox) == [f"reader{n}@example.com" for n in range(7)]
    close(again)


def test_a_stop_while_it_is_queued_ends_the_queueing(
    sqlite_app: Flask, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    monkeypatch.setattr(services, "BATCHES_OF_A_REQUEST", 1)
    people(sqlite_app, 5)
    press(desk, "send", people="5")
    press(desk, "stop")
    with sqlite_app.app_context():
        outbox.refill.send()
        assert db.session.scalar(text("SELECT count(*) FROM outbox WHERE status = 'queued'")) == 0
        assert sendings.look(NAME).left == 5


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


@pytest.mark.database_decides
def test_sending_and_stopping_on_both_databases(app: Flask, signed_in: SignedIn, tmp_path: Path) -> None:
    ready(app, tmp_path)
    people(app, 3)
    desk = signed_in("manager", app=app)
    assert press(desk, "send", people="3").status == 303
    assert press(desk, "stop").status == 303
    assert "3 people have not received it." in desk.get(ADDRESS).text
    assert press(desk, "send", people="3").status == 303
    assert counts(desk.get(ADDRESS)).startswith("0 of 3 handled")
