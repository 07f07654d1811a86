"""An issue while it is sent: watched, stopped and continued."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.newsletters import sendings, services
from core import clock
from core.extensions import db
from core.mail import commands, outbox, worker
from tests.conftest import Wait, build, close
from tests.page import Client
from tests.postbox import Postbox
from tests.staff.conftest import SignedIn
from tests.staff.mailing import ADDRESS, NAME, counts, deliver, press, ready, recipients, trail, with_htmx
from tests.subscriptions.actions import people


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
