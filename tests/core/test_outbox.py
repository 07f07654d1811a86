"""Mail over a real SMTP conversation."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from core import clock, outbox
from core.extensions import db


class Postbox:
    """Takes mail, or refuses it while `closed`."""

    def __init__(self) -> None:
        self.received: list[Message] = []
        self.closed = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        if self.closed:
            return "451 Try again later"
        self.received.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=0)
    # Port 0 lets the system choose; the library's own start-up probe needs the number first.
    controller.port = _free_port()
    controller.start()
    app.config["MAIL_URL"] = f"smtp://127.0.0.1:{controller.port}"
    yield box
    controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def put(recipient: str = "reader@example.com") -> None:
    outbox.put(recipient, "Please confirm", "confirm.txt", {"X-Test": "1"}, confirm_link="c", leave_link="l")


def test_mail_goes_out_once_with_the_rows_id(app: Flask, postbox: Postbox) -> None:
    with app.app_context():
        put()
        db.session.commit()
        (row,) = outbox.newest()
        assert outbox.send_due() == 1
        assert outbox.send_due() == 0
        (mail,) = postbox.received
        assert mail["Message-ID"] == f"<{row.id}@127.0.0.1>"
        assert (mail["To"], mail["X-Test"]) == ("reader@example.com", "1")


def test_what_is_rolled_back_is_not_sent(app: Flask, postbox: Postbox) -> None:
    with app.app_context():
        put()
        db.session.rollback()
        assert outbox.send_due() == 0
    assert postbox.received == []


def test_a_refused_mail_is_tried_again_later_and_given_up_loudly(
    app: Flask, postbox: Postbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    postbox.closed = True
    start = clock.now()
    with app.app_context():
        put()
        db.session.commit()
        assert outbox.send_due() == 0
        assert outbox.newest()[0].due_at > start  # type: ignore[operator]
        for days in range(1, outbox.MAX_ATTEMPTS):
            moment = start + days * outbox.FIRST_PAUSE * 4**outbox.MAX_ATTEMPTS
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            outbox.send_due()
        assert outbox.newest()[0].due_at is None
    assert "given up after 8 tries" in caplog.text
    assert "reader@example.com" not in caplog.text


def test_the_command_says_what_it_did(app: Flask, postbox: Postbox) -> None:
    with app.app_context():
        put()
        db.session.commit()
    assert app.test_cli_runner().invoke(args=["outbox", "send"]).output == "1 sent\n"
    app.config["MAIL_URL"] = ""
    assert "MAIL_URL is not set" in app.test_cli_runner().invoke(args=["outbox", "send"]).output
