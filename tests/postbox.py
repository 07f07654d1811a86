"""A mail server on 127.0.0.1 that takes mail, or behaves as badly as it is told to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Postbox:
    """`recipient_says` and `data_says` are its answers; `drops` and `stalls` how many messages it treats so."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.recipient_says = self.data_says = "250 OK"
        self.drops = self.stalls = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.received]

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.recipient_says.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_says

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's names
        if self.drops:
            self.drops -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return ""
        if self.stalls:
            self.stalls -= 1
            await asyncio.sleep(3600)
        if self.data_says.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.received.append(mail)
        return self.data_says


@contextmanager
def listening(box: Postbox, **options: Any) -> Iterator[Postbox]:
    controller = Controller(box, hostname="127.0.0.1", port=0, **options)
    # Port 0 lets the system choose; the library's own start-up probe needs the number first.
    box.port = controller.port = _free_port()
    controller.start()
    yield box
    controller.stop(no_assert=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
