"""Where a broadcast has merge_fields, each message has its own values there, put in once and never looked at again."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import format_datetime

import pytest
from flask import Flask

from core import clock
from core.mail import render
from core.mail.outbox import Broadcast, Message

BODY = "Hello ~who~, your number is ~number~.\n\nWe wrote ~date~, ~id~, ~recipient~ and ~unknown~, ~a~who~."
ADDRESSES = ["~date~@example.com", "~id~@example.com", "~who~@example.com", "~recipient~@example.com"]


def message(recipient: str, **merge_fields: str) -> Message:
    words = Broadcast(name="n", subject="Broadcast", body=BODY, headers={"X-Who": "~who~ ~number~"})
    row = Message(id="the-id", recipient=recipient, broadcast=words, merge_fields=merge_fields)
    row.created_at = clock.now().replace(microsecond=0)
    return row


@pytest.mark.parametrize("recipient", ADDRESSES)
def test_an_address_that_looks_like_a_place_arrives_as_typed(sqlite_app: Flask, recipient: str) -> None:
    with sqlite_app.app_context():
        row = message(recipient, who="Ada", number="7")
        sent = message_from_bytes(render.as_bytes(row), policy=policy.default)
    assert sent["To"] == recipient
    assert sent["Message-ID"] == "<the-id@127.0.0.1>"
    assert sent["Date"] == format_datetime(row.created_at)


def test_a_value_that_looks_like_a_place_stays_a_value(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        row = message("reader@example.com", who="~number~", number="~who~")
        sent = message_from_bytes(render.as_bytes(row), policy=policy.default)
        plain, rich = render.parts(row)
    assert sent["X-Who"] == "~number~ ~who~"
    said = "Hello ~number~, your number is ~who~."
    kept = "We wrote ~date~, ~id~, ~recipient~ and ~unknown~, ~a~number~."
    for words in (plain, rich, *(part.get_content() for part in sent.iter_parts())):
        assert said in words
        assert kept in words


@pytest.mark.parametrize("recipient", [*ADDRESSES, "reader@example.com"])
def test_the_quick_way_makes_the_same_message(sqlite_app: Flask, recipient: str) -> None:
    with sqlite_app.app_context():
        row = message(recipient, who="Ädä", number="~who~")
        quick, slow = (
            message_from_bytes(made, policy=policy.default)
            for made in (render.as_bytes(row), render.as_email(row, "8bit").as_bytes())
        )
    assert len(quick) == len(slow)
    names = set(quick) - {"Content-Type"}
    assert {name: quick.get_all(name) for name in names} == {name: slow.get_all(name) for name in names}
    contents = [[part.get_content() for part in made.iter_parts()] for made in (quick, slow)]
    assert contents[0] == contents[1]


def test_no_line_can_be_put_into_the_headers(sqlite_app: Flask) -> None:
    with sqlite_app.app_context(), pytest.raises(ValueError, match="line"):
        render.as_bytes(message("reader@example.com\r\nBcc: all@example.com", who="Ada", number="7"))
