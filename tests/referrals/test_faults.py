"""A full disk, a locked database, a killed server: what was acknowledged is there, and nothing typed is lost."""

from __future__ import annotations

import http.client
import http.cookiejar
import signal
import sqlite3
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from core.extensions import db
from tests.builders import referral
from tests.page import Answer, Client, Document
from tests.referrals.drafting import Tab
from tests.servers import start

LONG = {"clinical_summary": "long " * 790}
DEADLINE = 60


@contextmanager
def pragma(app: Flask, words: str) -> Iterator[None]:
    """A setting of SQLite on each connection that the application uses, until the block ends."""

    def set_it(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA {words}")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", set_it)
    yield
    event.remove(engine, "checkout", set_it)


@contextmanager
def full_disk(app: Flask) -> Iterator[None]:
    """SQLite's own "database or disk is full": the file may not grow by a page."""
    with app.app_context():
        db.engine.dispose()
        with sqlite3.connect(str(db.engine.url.database)) as file:
            file.execute("VACUUM")  # Pages that migrations freed are room.
        file.close()
        pages = db.session.scalar(text("PRAGMA page_count"))
        db.session.remove()
    with pragma(app, f"max_page_count={pages}"):
        yield
    with pragma(app, "max_page_count=1000000"), app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.remove()


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Somebody else writes, for longer than the site waits."""
    other = sqlite3.connect(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pragma(app, "busy_timeout=50"):
        yield
    other.execute("ROLLBACK")
    other.close()


FAULTS = pytest.mark.parametrize("fault", [full_disk, locked], ids=["full disk", "locked"])


def press(client: Client, action: str) -> Answer:
    return client.post("/refer", {**client.token(), **referral(**LONG), "action": action})


@FAULTS
@pytest.mark.parametrize("javascript", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("action", ["review", "save", "add_trial"])
def test_what_cannot_be_saved_comes_back_as_it_was_typed(
    sqlite_app: Flask, fault: Any, javascript: bool, action: str
) -> None:
    clinician = Client(sqlite_app, {"HX-Request": "true"} if javascript else {})
    token = clinician.token()
    with fault(sqlite_app):
        answer = clinician.post("/refer", {**token, **referral(**LONG), "action": action})
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    document = answer.document
    assert document.by_id("patient_family_name").attributes["value"] == "Canaryfield"
    assert document.by_id("trials-1-medication").attributes["value"] == "Effexor"
    assert document.text_of("clinical_summary") == LONG["clinical_summary"].strip()
    assert press(clinician, "review").status in (204, 303), "afterwards the same answers go through"


@FAULTS
def test_what_cannot_be_sent_is_not_acknowledged_and_can_be_sent_later(sqlite_app: Flask, fault: Any) -> None:
    clinician = Client(sqlite_app)
    press(clinician, "review")
    form = clinician.get("/refer/review").document.fields()
    with fault(sqlite_app):
        answer = clinician.post("/refer/send", form)
        assert answer.status == 503
        assert "KTC-" not in answer.text
    assert "/refer/sent/KTC-" in clinician.post("/refer/send", form).location


def test_the_day_after_the_draft_is_there_and_goes_through(sqlite_app: Flask) -> None:
    """The browser was closed: the session with the form's token is gone, the draft's cookie is not."""
    clinician = Client(sqlite_app)
    old = clinician.token()
    press(clinician, "save")
    clinician.client.delete_cookie("session")
    refused = clinician.post("/refer", {**old, **referral(patient_postal_code="90210"), "action": "review"})
    assert refused.status == 400
    assert refused.document.by_id("patient_postal_code").attributes["value"] == "90210"
    fresh = refused.document.fields()
    assert clinician.post("/refer", {**fresh, **referral(), "action": "review"}).status == 303


def test_in_two_tabs_the_later_answers_are_shown_before_they_are_sent(sqlite_app: Flask) -> None:
    clinician = Client(sqlite_app)
    tab = Tab(clinician)
    read = tab.go_to_send()
    Tab(clinician, f"/refer?draft={tab.id}").press("remove_trial:0")
    answer = clinician.post("/refer/send", read)
    assert answer.status == 422
    assert "Zoloft" not in answer.text
    assert "Effexor" in answer.text


class Browser:
    """Sends referrals to a real server, one after the other, and remembers what was acknowledged."""

    def __init__(self, address: str) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.open, self.address = urllib.request.build_opener(cookies).open, address
        self.acknowledged: list[str] = []

    def fetch(self, path: str, data: dict[str, Any] | None = None) -> tuple[str, Document]:
        body = urllib.parse.urlencode(data, doseq=True).encode() if data else None
        with self.open(self.address + path, body, timeout=DEADLINE) as answer:
            return answer.url, Document(answer.read().decode())

    def refer(self) -> None:
        form = self.fetch("/refer")[1].fields()
        review = self.fetch("/refer", {**form, **referral(), "action": "review"})[1].fields()
        url, _ = self.fetch("/refer/send", review)
        self.acknowledged.append(url.rpartition("/")[2])

    def refer_until_the_server_is_gone(self) -> None:
        while True:
            try:
                self.refer()
            except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
                return


def first_line(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    server.stdout.readline()


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path: Path, free: int) -> None:
    browsers = [Browser(f"http://127.0.0.1:{free}") for _ in range(3)]
    with start(tmp_path, free) as server, ThreadPoolExecutor(3) as people:
        first_line(server)
        working = [people.submit(browser.refer_until_the_server_is_gone) for browser in browsers]
        while sum(len(browser.acknowledged) for browser in browsers) < 6:
            assert not any(work.done() for work in working)
        server.send_signal(signal.SIGKILL)
        for work in working:
            work.result(DEADLINE)
    with start(tmp_path, free) as server:
        first_line(server)
        for browser in browsers:
            browser.refer()
    acknowledged = sorted(reference for browser in browsers for reference in browser.acknowledged)
    with sqlite3.connect(next((tmp_path / "instance").glob("*.sqlite3"))) as kept:
        references = [row[0] for row in kept.execute("SELECT reference FROM referrals ORDER BY reference")]
        (events,) = kept.execute("SELECT count(*) FROM referral_events").fetchone()
        (mails,) = kept.execute("SELECT count(*) FROM outbox").fetchone()
    assert set(acknowledged) <= set(references)
    assert len(references) == len(set(references)) == events == mails
    assert len(references) <= len(acknowledged) + len(browsers)
