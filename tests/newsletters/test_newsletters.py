"""Sending an issue: once to everybody who is confirmed, whatever is run twice, killed or refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.newsletters import commands, issues, services
from core import clock
from core.extensions import db
from core.mail import outbox
from tests.conftest import Wait, build, close
from tests.content.words import CONTENT, change
from tests.page import Client
from tests.postbox import Postbox, listening
from tests.subscriptions.actions import people

pytestmark = pytest.mark.database_decides

Run = Callable[..., str]
ISSUE = "newsletters/2026-12-new-pages.md"


@pytest.fixture
def file(app: Flask, tmp_path: Path) -> Path:
    """An issue that is ready."""
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    app.extensions["content"].folder = folder
    change(folder / ISSUE, "draft: true\n", "")
    return folder / ISSUE


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    with listening(Postbox()) as box:
        app.config["MAIL_URL"] = box.url
        yield box


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(commands, "POLL_INTERVAL", 0.02)

    def invoke(*arguments: str | Path, code: int = 0) -> str:
        result = app.test_cli_runner().invoke(args=["newsletter", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result.output

    return invoke


def recipients(app: Flask) -> list[str]:
    with app.app_context():
        return sorted(db.session.scalars(text("SELECT recipient FROM outbox")))


def send(run: Run, file: Path, *options: str) -> str:
    return run("send", file, "--rate", "0", *options).splitlines()[-1]


def test_each_confirmed_reader_gets_it_once_however_often_it_is_sent(
    app: Flask, postbox: Postbox, run: Run, file: Path
) -> None:
    people(app, 3)
    for status in ("pending", "left", "suppressed"):
        people(app, 2, status, status)
    assert send(run, file) == "3 messages: 3 sent"
    assert send(run, file) == "3 messages: 3 sent"
    people(app, 1, prefix="newcomer")
    assert send(run, file) == "4 messages: 4 sent"
    names = ["newcomer0@example.com", *(f"reader{n}@example.com" for n in range(3))]
    assert sorted(mail["To"] for mail in postbox.received) == names


def test_each_mail_has_one_readers_way_out_and_nobody_elses(app: Flask, postbox: Postbox, run: Run, file: Path) -> None:
    people(app, 2)
    send(run, file)
    for mail in postbox.received:
        token = mail["To"].removesuffix("@example.com").replace("reader", "token-reader-")
        other = {"token-reader-0", "token-reader-1"} - {token}
        assert mail["List-Unsubscribe"] == f"<http://127.0.0.1:5000/subscribe/leave/{token}>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for part in mail.iter_parts():
            words = part.get_content()
            assert f"/subscribe/leave/{token}" in words
            assert other.isdisjoint(words.split("/"))
            assert "No clinician has reviewed these words yet." in words
            for wrong in ("~token~", "[@", "](/", ":::"):
                assert wrong not in words
    assert Client(app).post("/subscribe/leave/token-reader-0", headers={"Origin": "https://m.example"}).status == 200


def test_a_kill_while_queueing_loses_nobody_and_doubles_nobody(
    app: Flask, file: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(app, 7)
    monkeypatch.setattr(services, "BATCH", 3)
    with app.app_context():
        library = app.extensions["content"].library()
        issue = issues.from_page(library.newsletters[0], library, "http://127.0.0.1:5000")
        steps = services.queue(services.begin(issue, 0))
        assert next(steps) == 3
        steps.close()
        db.session.rollback()
    assert len(recipients(app)) == 3
    for _ in range(2):
        assert "7 messages: 7 queued\n" in run("send", file)
    assert recipients(app) == [f"reader{n}@example.com" for n in range(7)]


def test_the_rate_is_kept_over_several_runs(app: Flask, file: Path, run: Run) -> None:
    people(app, 4)
    run("send", file, "--rate", "2")
    people(app, 2, prefix="late")
    run("send", file, "--rate", "2")
    with app.app_context():
        dues = sorted(row.due_at for row in outbox.newest() if row.due_at)
    gaps = [later - earlier for earlier, later in zip(dues, dues[1:], strict=False)]
    assert gaps == [timedelta(seconds=0.5)] * 5


def test_whoever_leaves_while_it_waits_does_not_get_it(app: Flask, file: Path, run: Run, client: Client) -> None:
    people(app, 2)
    send(run, file)
    client.post("/subscribe/leave/token-reader-0", headers={"Sec-Fetch-Site": "same-origin"})
    with app.app_context():
        queued = [row.recipient for row in outbox.newest() if row.broadcast_id and row.status == "queued"]
    assert queued == ["reader1@example.com"]


def test_a_reader_without_a_mailbox_is_not_written_to_again(app: Flask, postbox: Postbox, run: Run, file: Path) -> None:
    people(app, 2)
    postbox.recipient_says = "550 5.1.1 unknown"
    assert send(run, file) == "2 messages: 2 withdrawn"
    with app.app_context():
        assert outbox.retry() == 0
        assert set(db.session.scalars(text("SELECT status FROM subscribers"))) == {"suppressed"}


def test_what_is_refused_for_now_waits_for_the_worker(app: Flask, postbox: Postbox, run: Run, file: Path) -> None:
    people(app, 2)
    postbox.data_says = "451 later"
    output = run("send", file, "--rate", "0")
    assert "2 messages: 2 queued\n" in output
    assert "flask outbox send --watch" in output


def test_what_became_of_an_issue_is_said_rightly_after_the_purge(
    app: Flask, postbox: Postbox, run: Run, file: Path, wait: Wait, client: Client
) -> None:
    people(app, 3)
    send(run, file)
    people(app, 1, prefix="late")
    postbox.data_says = "554 5.7.1 no"
    assert send(run, file) == "4 messages: 3 sent, 1 failed"
    people(app, 2, prefix="leaves")
    app.config["MAIL_URL"] = ""
    send(run, file)
    for n in range(2):
        client.post(f"/subscribe/leave/token-leaves-{n}", headers={"Sec-Fetch-Site": "same-origin"})
    became = "6 messages: 3 sent, 1 failed, 2 withdrawn"
    assert send(run, file) == became
    wait(outbox.KEPT_FOR + timedelta(days=1))
    with app.app_context():
        outbox.purge()
        assert db.session.scalar(text("SELECT count(*) FROM outbox WHERE broadcast_id IS NOT NULL")) == 0
    assert send(run, file) == became


def test_whoever_left_after_it_failed_is_not_mailed_by_a_retry(
    app: Flask, postbox: Postbox, run: Run, file: Path, client: Client
) -> None:
    people(app, 2)
    postbox.data_says = "554 5.7.1 no"
    assert send(run, file) == "2 messages: 2 failed"
    client.post("/subscribe/leave/token-reader-0", headers={"Sec-Fetch-Site": "same-origin"})
    postbox.data_says = "250 OK"
    retried = app.test_cli_runner().invoke(args=["outbox", "retry", "--all"])
    assert retried.output == "1 will be tried again\n"
    assert send(run, file) == "2 messages: 1 sent, 1 withdrawn"
    assert not [mail for mail in postbox.received if "reader0" in mail["To"] and "What is new" in mail["Subject"]]


def test_a_message_that_is_tried_again_later_holds_up_no_newcomer(
    app: Flask, postbox: Postbox, run: Run, file: Path, wait: Wait
) -> None:
    wait(timedelta(0))
    people(app, 1)
    postbox.data_says = "451 later"
    send(run, file)
    people(app, 1, prefix="newcomer")
    app.config["MAIL_URL"] = ""
    send(run, file)
    with app.app_context():
        assert [row.due_at for row in outbox.newest() if "newcomer" in row.recipient] == [clock.now()]


def test_a_database_that_is_away_is_one_line(app: Flask, run: Run, file: Path) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE subscribers RENAME TO gone"))
    assert run("send", file, code=1).startswith("Error: The database cannot be reached (")


def test_other_words_under_the_same_name_are_refused(app: Flask, run: Run, file: Path) -> None:
    people(app, 1)
    send(run, file)
    change(file, "are new.", "are quite new.")
    assert "was already sent with different text" in run("send", file, code=1)


def test_what_is_not_ready_is_not_sent(app: Flask, run: Run, file: Path) -> None:
    people(app, 1)
    change(file, "are new.", "are new. It helped 60% of them.")
    assert "needs a source" in run("send", file, code=1)
    change(file, " It helped 60% of them.", "")
    change(file, "reviewed_by", "draft: true\nreviewed_by")
    assert "is a draft" in run("send", file, code=1)
    assert "is not an issue" in run("send", CONTENT / "crisis.md", code=1)
    assert recipients(app) == []


def test_the_law_asks_for_a_postal_address(app: Flask, run: Run, file: Path) -> None:
    people(app, 1)
    app.config["PRODUCTION"] = True
    assert "postal address" in run("send", file, code=1)
    assert recipients(app) == []


def test_a_preview_shows_text_html_and_what_is_wrong(app: Flask, run: Run, file: Path) -> None:
    assert run("preview", file).startswith("Subject: What’s new on our site\n")
    assert "refer a patient <http://127.0.0.1:5000/refer>" in run("preview", file)
    html = run("preview", file, "--html")
    assert '<a href="http://127.0.0.1:5000/refer">refer a patient</a>' in html
    assert "<img" not in html
    change(file, "are new.", "are a cure.")
    assert "promises too much" in run("preview", file)
    change(file, "are a cure.", "are new.\n\n::: chart nowhere\n:::\n")
    assert "there is no chart nowhere" in run("preview", file, code=1)
    change(file, "chart nowhere", "chart course")
    assert "a mail cannot show a chart" in run("preview", file, code=1)


def test_a_test_mail_goes_to_one_address(app: Flask, postbox: Postbox, run: Run, file: Path) -> None:
    people(app, 2)
    assert run("test", file, "me@example.com") == "1 sent\n"
    (mail,) = postbox.received
    assert (mail["To"], mail["Subject"]) == ("me@example.com", "Test: What’s new on our site")
    assert "is not an email address" in run("test", file, "me", code=1)


def test_an_issue_is_public_and_in_the_feed_once_it_is_no_draft(app: Flask, client: Client) -> None:
    address = f"/{ISSUE.removesuffix('.md')}"
    assert client.get(address).status == 404
    assert "None has been sent yet." in client.get("/newsletters/").text
    assert address not in client.get("/updates.atom").text + client.get("/sitemap.xml").text


def test_a_public_issue_has_a_page_with_its_sources(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    change(folder / ISSUE, "draft: true\n", "")
    app = build(tmp_path, f"sqlite:///{tmp_path / 'test.sqlite3'}", CONTENT=folder)
    client, address = Client(app), f"/{ISSUE.removesuffix('.md')}"
    page = client.get(address)
    assert page.status == 200
    assert page.document.by_id("ref-fdaspravato")
    assert f'href="{address}"' in client.get("/newsletters/").text
    assert f"{address}</id>" in client.get("/updates.atom").text
    assert f"{address}</loc>" in client.get("/sitemap.xml").text
    close(app)


def test_what_is_held_names_the_newsletters(app: Flask, file: Path, run: Run, client: Client) -> None:
    people(app, 1)
    send(run, file)
    client.post("/subscribe/leave/token-reader-0/copy", headers={"Sec-Fetch-Site": "same-origin"})
    with app.app_context():
        (row,) = [row for row in outbox.newest() if row.broadcast_id is None]
    held = json.loads(row.body[row.body.index("{") : row.body.rindex("}") + 1])
    assert [mail["subject"] for mail in held["mails"]] == ["What’s new on our site"]
    assert datetime.fromisoformat(held["mails"][0]["written_at"])
