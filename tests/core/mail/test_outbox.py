"""Mail over a real SMTP conversation, with servers that refuse, stall, drop the line or are not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from core import clock
from core.extensions import db
from core.mail import commands, outbox, transport, worker
from tests.conftest import Wait
from tests.postbox import Postbox, listening

pytestmark = pytest.mark.database_decides


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    with listening(Postbox()) as box:
        app.config["MAIL_URL"] = box.url
        yield box


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)


def put(app: Flask, recipient: str = "reader@example.com", count: int = 1) -> None:
    with app.app_context():
        for _ in range(count):
            outbox.enqueue(
                recipient, "Please confirm", "email/confirm.md", {"X-Test": "1"}, confirm_link="c", leave_link="l"
            )
        db.session.commit()


def send(app: Flask) -> int:
    with app.app_context():
        return sum(worker.deliver())


def only(app: Flask) -> outbox.Message:
    with app.app_context():
        (row,) = outbox.newest()
        return row


def test_mail_goes_out_once_with_the_rows_id_as_text_and_html(app: Flask, postbox: Postbox) -> None:
    put(app)
    row = only(app)
    assert [send(app), send(app)] == [1, 0]
    (mail,) = postbox.received
    assert mail["Message-ID"] == f"<{row.id}@127.0.0.1>"
    assert (mail["To"], mail["X-Test"], mail["Auto-Submitted"]) == ("reader@example.com", "1", "auto-generated")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert only(app).status == "sent"


def test_what_was_sent_is_no_longer_readable(app: Flask, postbox: Postbox) -> None:
    """A confirmation link in a stolen database would confirm."""
    put(app)
    send(app)
    assert only(app).body == ""


def test_what_is_rolled_back_or_withheld_is_not_sent(app: Flask, postbox: Postbox) -> None:
    with app.app_context():
        outbox.enqueue("reader@example.com", "Subject", "email/confirm.md", confirm_link="c", leave_link="l")
        db.session.rollback()
        outbox.enqueue(
            "reader@example.com", "Subject", "email/confirm.md", send=False, confirm_link="c", leave_link="l"
        )
        db.session.commit()
    assert send(app) == 0
    assert only(app).status == "withheld"


@pytest.mark.parametrize("says", ["421 Busy", "451 Try again later", "452 4.2.2 Mailbox full"])
@pytest.mark.parametrize("stage", ["recipient_says", "data_says"])
@pytest.mark.usefixtures("no_jitter")
def test_a_temporary_refusal_is_tried_again_with_growing_pauses_for_two_days(
    app: Flask, postbox: Postbox, wait: Wait, caplog: pytest.LogCaptureFixture, says: str, stage: str
) -> None:
    setattr(postbox, stage, says)
    put(app)
    start, pauses = clock.now(), []
    while True:
        assert send(app) == 0
        if (due := only(app).due_at) is None:
            break
        pauses.append(due - clock.now())
        assert send(app) == 0, "it is not due yet"
        wait(pauses[-1])
    minutes = [round(pause / timedelta(minutes=1)) for pause in pauses]
    assert minutes[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert set(minutes[9:]) == {240}
    assert timedelta(days=2) <= clock.now() - start < timedelta(days=2, hours=5)
    assert only(app).status == "failed"
    assert f"failed after {len(pauses) + 1} tries: {says[:3]}" in caplog.text
    assert "reader@example.com" not in caplog.text


def test_pauses_differ_so_that_mail_does_not_come_back_at_once(app: Flask, postbox: Postbox) -> None:
    postbox.data_says = "451 Try again later"
    put(app, count=20)
    send(app)
    with app.app_context():
        dues = {row.due_at for row in outbox.newest() if row.due_at}
    assert len(dues) == 20
    assert max(dues) - min(dues) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("says", "no_mailbox"),
    [
        ("550 No such user", True),
        ("550 5.1.1 <reader@example.com> unknown", True),
        ("553 5.1.3 Bad address", True),
        ("550 5.7.1 Your address is blocked", False),
        ("554 5.7.1 Relay access denied", False),
        ("552 5.2.2 Mailbox full", False),
    ],
)
def test_a_hard_refusal_is_final_and_only_a_missing_mailbox_is_the_address(
    app: Flask, postbox: Postbox, caplog: pytest.LogCaptureFixture, says: str, no_mailbox: bool
) -> None:
    """A server that blocks us must not empty the list."""
    heard: list[str] = []

    def hear(_sender: object, recipient: str) -> None:
        heard.append(recipient)

    postbox.recipient_says = says
    put(app)
    with outbox.refused.connected_to(hear):
        assert [send(app), send(app)] == [0, 0]
    assert heard == (["reader@example.com"] if no_mailbox else [])
    row = only(app)
    assert (row.status, row.attempts) == ("failed", 1)
    assert row.last_error
    assert row.last_error.startswith(says[:3])
    assert "reader" not in row.last_error + caplog.text


def test_a_message_that_the_server_cannot_take_does_not_stop_the_next(app: Flask) -> None:
    with listening(Postbox(), enable_SMTPUTF8=False) as box:
        app.config["MAIL_URL"] = box.url
        put(app, "münchen@example.com")
        put(app)
        assert send(app) == 1
    assert len(box.received) == 1
    with app.app_context():
        assert outbox.count()[outbox.Status.FAILED] == 1


def test_a_line_that_drops_is_opened_again(app: Flask, postbox: Postbox, wait: Wait) -> None:
    postbox.drops = 1
    put(app, count=3)
    assert send(app) == 2
    wait(timedelta(minutes=2))
    assert send(app) == 1
    assert len(set(postbox.ids)) == len(postbox.ids) == 3


def test_a_server_that_stalls_is_left_after_a_while(
    app: Flask, postbox: Postbox, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_AFTER_MESSAGE", 0.2)
    postbox.stalls = 1
    put(app, count=2)
    assert send(app) == 1
    wait(timedelta(minutes=2))
    assert send(app) == 1


def test_a_server_that_is_not_there_costs_one_message_a_try(app: Flask, free: int) -> None:
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{free}"
    put(app, count=3)
    with pytest.raises(worker.Unreachable):
        send(app)
    with app.app_context():
        assert sorted(row.attempts for row in outbox.newest()) == [0, 0, 1]
        assert outbox.count() == {"queued": 3, "sending": 0, "failed": 0}


def test_while_it_is_being_sent_anybody_can_write(
    app: Flask, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No transaction is open while the mail server thinks; on SQLite it would block every form."""
    put(app)
    wrote: list[bool] = []

    async def look_around(*_: object) -> str:
        if not wrote:
            wrote.append(True)
            put(app, "second@example.com")
        return "250 OK"

    monkeypatch.setattr(postbox, "handle_DATA", look_around)
    assert send(app) == 2


def test_single_mails_go_before_broadcasts(app: Flask, postbox: Postbox) -> None:
    with app.app_context():
        words = outbox.Broadcast(name="n", subject="Broadcast", body="Hello ~who~", headers={"X-Who": "~who~"})
        db.session.add(words)
        now = clock.now()
        row = outbox.Message(id="1", recipient="a@example.com", subject="", body="", headers={}, broadcast=words)
        row.merge_fields, row.created_at, row.due_at, row.attempts = {"who": "Ada"}, now, now - timedelta(days=1), 0
        db.session.add(row)
        db.session.commit()
    put(app)
    assert send(app) == 2
    assert [mail["Subject"] for mail in postbox.received] == ["Please confirm", "Broadcast"]
    assert postbox.received[1]["X-Who"] == "Ada"
    for part in postbox.received[1].iter_parts():
        assert "Hello Ada" in part.get_content()


def test_old_rows_are_tidied_away(app: Flask, postbox: Postbox, wait: Wait) -> None:
    put(app)
    send(app)
    put(app)
    wait(outbox.KEPT_FOR + timedelta(minutes=1))
    with app.app_context():
        outbox.purge()
        assert [row.status for row in outbox.newest()] == ["queued"]


def test_the_commands_say_what_is_there_and_what_they_did(app: Flask, postbox: Postbox) -> None:
    run = app.test_cli_runner().invoke
    put(app)
    assert "queued  …@example.com" in run(args=["outbox", "list"]).output
    postbox.recipient_says = "550 5.7.1 no"
    assert run(args=["outbox", "send"]).output == "0 sent, 1 failed\n"
    listed = run(args=["outbox", "list"]).output
    assert "failed  …@example.com  tries 1  550 5.7.1 at RCPT" in listed
    assert "reader" not in listed
    postbox.recipient_says = "250 OK"
    assert run(args=["outbox", "send"]).output == "0 sent, 1 failed\n"
    assert run(args=["outbox", "retry"]).exit_code == 2
    assert run(args=["outbox", "retry", only(app).id]).output == "1 will be tried again\n"
    assert run(args=["outbox", "send"]).output == "1 sent\n"
    assert run(args=["outbox", "retry", "--all"]).output == "0 will be tried again\n"


def test_the_command_is_calm_where_nothing_can_be_sent(app: Flask, free: int) -> None:
    run = app.test_cli_runner().invoke
    assert "MAIL_URL is not set" in run(args=["outbox", "send"]).output
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{free}"
    put(app)
    answer = run(args=["outbox", "send"])
    assert "cannot be reached (ConnectionRefusedError); the mail is kept." in answer.output
    assert answer.exit_code == 0


def test_watching_waits_longer_while_the_server_is_away(
    app: Flask, free: int, monkeypatch: pytest.MonkeyPatch, no_jitter: None
) -> None:
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{free}"
    put(app, count=20)
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, seconds: float | None = None) -> bool:
            waits.append(seconds or 0)
            return len(waits) == 7

    monkeypatch.setattr(commands, "stopped_by_signal", lambda: nullcontext(Stop()))
    app.test_cli_runner().invoke(args=["outbox", "send", "--watch"])
    assert waits == [10, 20, 40, 80, 160, 300, 300]


def test_the_migration_keeps_what_waits(app: Flask) -> None:
    put(app)
    import flask_migrate

    with app.app_context():
        flask_migrate.downgrade(revision="20261123_list")
        assert db.session.scalar(text("SELECT count(*) FROM outbox")) == 1
        db.session.rollback()
        flask_migrate.upgrade()
        assert outbox.count()[outbox.Status.QUEUED] == 1
