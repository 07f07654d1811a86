"""What is mailed about things: constant subjects, and nothing that somebody typed."""

from __future__ import annotations

from core.mail import limits
from core.rate_limits import DAY, HOUR, Kind, Limit
from core.web import urls

RECEIVED = Kind("things", (Limit("address", DAY, 6), Limit("network", DAY, 100), Limit("site", HOUR, 100)))


def received(recipient: str, network: str) -> None:
    subject, link = "We have received your answers", urls.link("/things")
    limits.enqueue(RECEIVED, network, recipient, subject, "things/received.md", link=link)
