"""The pages of the referral promise what the clinic has said, and send nobody where nothing is given."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Flask

from tests.builders import referral
from tests.page import Client

DEAD_ENDS = re.compile(r"(?<!not )(call|ask|contact|reach|tell) the center|its fax number|fax them", re.I)


def send(client: Client) -> str:
    """The words of the page that follows a referral."""
    client.post("/refer", {**client.token(), "action": "review", **referral()})
    page = client.get("/refer/review")
    return client.get(client.post("/refer/send", page.document.fields()).location).text


def test_where_no_phone_and_no_fax_are_given_nobody_is_sent_there(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    for words in (client.get("/refer").text, client.get("/refer/print").text, send(client)):
        assert not DEAD_ENDS.search(words)
    sqlite_app.config["SEALING_PUBLIC_KEYS"] = ()
    assert not DEAD_ENDS.search(client.get("/refer").text)


def test_papers_go_to_the_fax_that_is_given(sqlite_app: Flask) -> None:
    sqlite_app.jinja_env.globals["clinic"] = replace(sqlite_app.config["CLINIC"], fax="(310) 555-0100")
    assert "Fax them to" in Client(sqlite_app).get("/refer").text


def test_urgent_referrals_have_a_promise_of_their_own(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    assert "Urgent referrals are read" not in client.get("/refer").text
    sqlite_app.config["REFERRAL_FACTS"] = replace(sqlite_app.config["REFERRAL_FACTS"], urgent_read_within="2 hours")
    assert "Urgent referrals are read within 2 hours." in client.get("/refer").text
    assert "an urgent one <strong>within 2 hours</strong>" in send(client)
