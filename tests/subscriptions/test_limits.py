"""Nobody can flood a mailbox, find out who is on the list, or be mailed after a hard bounce."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from blueprints.subscriptions import services
from core import rate_limits
from core.extensions import db, limiter
from core.mail import limits, outbox
from core.rate_limits import Kind, Limit
from tests.conftest import Wait, build, close
from tests.page import Client
from tests.subscriptions.actions import OWN, READER, confirmed, link, mails, states, subjects, subscribe

pytestmark = pytest.mark.database_decides


def test_an_address_gets_one_mail_an_hour_and_three_a_day(app: Flask, client: Client, wait: Wait) -> None:
    counts = []
    for _ in range(30):
        for _ in range(2):
            assert subscribe(client).location == "/subscribe/thanks"
        limiter.reset()
        counts.append(len(mails(app)))
        wait(timedelta(minutes=61))
    assert counts[:5] == [1, 2, 3, 3, 3]
    assert counts[-1] == 6


def test_the_limit_survives_a_restart(tmp_path: Path, database_url: str) -> None:
    for _ in range(2):
        app = build(tmp_path, database_url)
        subscribe(Client(app))
        assert len(mails(app)) == 1
        close(app)


def test_an_earlier_mail_goes_on_working_when_the_next_is_withheld(app: Flask, client: Client) -> None:
    subscribe(client)
    path = link(app, "confirm")
    subscribe(client)
    assert client.post(path, headers=OWN).status == 200
    assert states(app) == ["confirmed"]


def test_the_whole_site_stops_before_it_is_a_weapon(
    app: Flask, client: Client, htmx_client: Client, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SIGN_UP", Kind("sign_up", (Limit("site", rate_limits.HOUR, 3),)))
    for number in range(3):
        assert subscribe(client, f"reader{number}@example.com").status == 303
    for person in (client, htmx_client):
        answer = subscribe(person, "late@example.com")
        assert answer.status == 503
        assert 3500 < int(answer.response.headers["Retry-After"]) <= 3600
        assert answer.document.by_id("email").attributes["value"] == "late@example.com"
    assert len(mails(app)) == len(states(app)) == 3
    wait(rate_limits.HOUR)
    assert subscribe(client, "late@example.com").status == 303


def test_a_client_is_slowed_down(app: Flask, client: Client) -> None:
    answers = [subscribe(client, f"reader{number}@example.com").status for number in range(40)]
    assert answers == [303] * 30 + [429] * 10


def test_somebody_with_many_ipv6_addresses_is_one_client(sqlite_app: Flask) -> None:
    statuses = []
    for number in range(40):
        near, far = {"REMOTE_ADDR": f"2001:db8:1::{number:x}"}, {"REMOTE_ADDR": f"2001:db8:2:{number:x}::1"}
        for address in (near, far):
            client = sqlite_app.test_client()
            data = {"email": "reader@example.com", "website": "robot"}
            statuses.append(client.post("/subscribe", data=data, environ_overrides=address).status_code)
    assert statuses[::2].count(429) == 10
    assert statuses[1::2].count(429) == 0


def test_a_suppressed_address_is_never_mailed_and_nobody_learns_of_it(
    app: Flask, client: Client, htmx_client: Client
) -> None:
    with app.app_context():
        services.suppress(READER, "asked by a provider")
    assert subscribe(client).location == "/subscribe/thanks"
    assert subscribe(htmx_client).text == subscribe(htmx_client, "new@example.com").text
    assert states(app)[0] == "suppressed"
    assert [row.recipient for row in mails(app)] == ["new@example.com"]


def test_a_hard_bounce_suppresses_a_subscriber_and_nobody_else(app: Flask, client: Client) -> None:
    confirmed(app, client)
    with app.app_context():
        outbox.refused.send(None, recipient=READER)
        outbox.refused.send(None, recipient="clinician@example.com")
    assert states(app) == ["suppressed"]
    client.post(link(app, "leave"), headers=OWN)
    assert states(app) == ["suppressed"]
    assert "You have left the list" not in subjects(app)


def test_every_kind_of_address_costs_the_same_work(app: Flask, client: Client, wait: Wait) -> None:
    """One commit, and nearly as many statements, so that the response time reveals nothing."""
    confirmed(app, client, "confirmed@example.com")
    for email in ("pending@example.com", "left@example.com"):
        subscribe(client, email)
    with app.app_context():
        services.suppress("suppressed@example.com", "test")
    wait(rate_limits.HOUR)
    costs = [work(app, client, f"{kind}@example.com") for kind in ("new", "pending", "confirmed", "suppressed")]
    again = [work(app, client, f"{kind}@example.com") for kind in ("new", "pending", "confirmed", "suppressed")]
    for commits, statements in (zip(*costs, strict=True), zip(*again, strict=True)):
        assert set(commits) == {1}
        assert max(statements) - min(statements) <= 2, statements


def work(app: Flask, client: Client, email: str) -> tuple[int, int]:
    """Commits and statements of one sign-up."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def commit(_connection: object) -> None:
        seen.append("COMMIT")

    def execute(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    event.listen(engine, "commit", commit)
    event.listen(engine, "before_cursor_execute", execute)
    assert subscribe(client, email).location == "/subscribe/thanks"
    event.remove(engine, "commit", commit)
    event.remove(engine, "before_cursor_execute", execute)
    return seen.count("COMMIT"), len(seen)
