"""What is mailed about things: constant subjects, and nothing that somebody typed."""

from __future__ import annotations

from core import outbox


def received(recipient: str) -> None:
    outbox.put(recipient, "We have received your answers", "things/received.md", link=outbox.link("/things"))
