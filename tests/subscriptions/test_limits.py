"""Nobody can fill another's mailbox, find out who is on the list, or be mailed after a hard bounce."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from blueprints.subscriptions import services
from core import clock, outbox
from core.extensions import limiter
from tests.conftest import build, close
from tests.page import Visitor
from tests.subscriptions.actions import OWN, READER, confirmed, link, mails, states, subjects, subscribe

Wait = Callable[[timedelta], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    def pass_time(time: timedelta) -> None:
        later = clock.now() + time
        monkeypatch.setattr(clock, "now", lambda: later)

    return pass_time


def test_an_address_gets_one_mail_an_hour_and_three_a_day(app: Flask, visitor: Visitor, wait: Wait) -> None:
    counts = []
    for _ in range(30):
        for _ in range(2):
            assert subscribe(visitor).location == "/subscribe/thanks"
        limiter.reset()
        counts.append(len(mails(app)))
        wait(timedelta(minutes=61))
    assert counts[:5] == [1, 2, 3, 3, 3]
    assert counts[-1] == 6


def test_the_limit_survives_a_restart(tmp_path: Path, database_url: str) -> None:
    for _ in range(2):
        app = build(tmp_path, database_url)
        subscribe(Visitor(app))
        assert len(mails(app)) == 1
        close(app)


def test_an_earlier_mail_goes_on_working_when_the_next_is_withheld(app: Flask, visitor: Visitor) -> None:
    subscribe(visitor)
    path = link(app, "confirm")
    subscribe(visitor)
    assert visitor.post(path, headers=OWN).status == 200
    assert states(app) == ["confirmed"]


def test_the_whole_site_stops_before_it_is_a_weapon(
    app: Flask, visitor: Visitor, htmx: Visitor, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "ALL_MAILS_AN_HOUR", 3)
    for number in range(3):
        assert subscribe(visitor, f"reader{number}@example.com").status == 303
    for person in (visitor, htmx):
        answer = subscribe(person, "late@example.com")
        assert answer.status == 503
        assert 3500 < int(answer.response.headers["Retry-After"]) <= 3600
        assert answer.document.by_id("email").attributes["value"] == "late@example.com"
    assert len(mails(app)) == len(states(app)) == 3
    wait(services.HOUR)
    assert subscribe(visitor, "late@example.com").status == 303


def test_a_client_is_slowed_down(app: Flask, visitor: Visitor) -> None:
    answers = [subscribe(visitor, f"reader{number}@example.com").status for number in range(40)]
    assert answers == [303] * 30 + [429] * 10


def test_a_suppressed_address_is_never_mailed_and_nobody_learns_of_it(
    app: Flask, visitor: Visitor, htmx: Visitor
) -> None:
    with app.app_context():
        services.suppress(READER, "asked by a provider")
    assert subscribe(visitor).location == "/subscribe/thanks"
    assert subscribe(htmx).text == subscribe(htmx, "new@example.com").text
    assert states(app)[0] == "suppressed"
    assert [row.recipient for row in mails(app)] == ["new@example.com"]


def test_a_hard_bounce_suppresses_a_subscriber_and_nobody_else(app: Flask, visitor: Visitor) -> None:
    confirmed(app, visitor)
    with app.app_context():
        outbox.refused.send(None, recipient=READER)
        outbox.refused.send(None, recipient="clinician@example.com")
    assert states(app) == ["suppressed"]
    visitor.post(link(app, "leave"), headers=OWN)
    assert states(app) == ["suppressed"]
    assert "You have left the list" not in subjects(app)


def test_every_kind_of_address_takes_as_long(app: Flask, visitor: Visitor, wait: Wait) -> None:
    """Medians over many tries in turn; a kind that skipped the write would take less than half."""
    limiter.enabled = False
    kinds: dict[str, list[float]] = {"new": [], "pending": [], "confirmed": [], "suppressed": []}
    confirmed(app, visitor, "confirmed@example.com")
    subscribe(visitor, "pending@example.com")
    with app.app_context():
        services.suppress("suppressed@example.com", "test")
    for number in range(40):
        for kind, times in kinds.items():
            started = time.perf_counter()
            subscribe(visitor, f"new{number}@example.com" if kind == "new" else f"{kind}@example.com")
            times.append(time.perf_counter() - started)
        wait(services.HOUR)
    limiter.enabled = True
    medians = [statistics.median(times) for times in kinds.values()]
    assert max(medians) < 1.6 * min(medians), dict(zip(kinds, medians, strict=True))
