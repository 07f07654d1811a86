"""The gate for mail that strangers cause: exact when requests come at once, and silent about whom it knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import verification
from blueprints.subscriptions import services
from core import clock, rate_limits
from core.extensions import db
from core.mail import limits, outbox
from core.mail.limits import RECEIPT, SIGN_UP, Verdict, fold
from core.rate_limits import DAY, HOUR, Kind, Limit, RateEvent
from tests.conftest import Wait

READER = "reader@example.com"


def put(app: Flask, kind: Kind, recipient: str = READER, network: str = "192.0.2.1") -> Verdict:
    with app.app_context():
        verdict = limits.enqueue(kind, network, recipient, "Subject", "email/already.md", leave_link="l")
        db.session.commit()
        return verdict


def sent(app: Flask) -> int:
    with app.app_context():
        return sum(row.status == "queued" for row in outbox.newest(500))


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ("Reader@Example.COM", "reader@example.com"),
        ("reader+news+more@example.com", "reader@example.com"),
        ("r.e.a.d.e.r@example.com", "r.e.a.d.e.r@example.com"),
        ("R.ea.der+x@GoogleMail.com", "reader@gmail.com"),
        ("reader@gmail.com", "reader@gmail.com"),
        ("reader@xn--bcher-kva.example", "reader@bücher.example"),
        ("+@example.com", "+@example.com"),
        ("desk+1@localhost", "desk@localhost"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_one_mailbox_is_counted_once_however_it_is_written(typed: str, counted: str) -> None:
    assert fold(typed) == counted


@pytest.mark.parametrize("odd", ["desk@localhost", "no address", "", "a\0b@example.com", "\udcff@example.com"])
def test_any_text_has_a_key_that_the_database_takes(app: Flask, odd: str) -> None:
    with app.app_context():
        key = limits.email_key(odd)
        limits.suppress([key])
        db.session.commit()
        assert limits.suppressed_of([key, READER]) == {key}
        services.suppress_refused(None, odd)


def test_tags_and_dots_do_not_get_around_a_limit_and_suppress_nobody_else(app: Flask) -> None:
    for number in range(8):
        put(app, RECEIPT, f"r.eader+{number}@gmail.com")
    assert sent(app) == 6
    with app.app_context():
        limits.suppress([limits.email_key("other+tag@example.com")])
        db.session.commit()
    assert put(app, RECEIPT, "Other+TAG@example.com") is Verdict.WITHHELD
    assert put(app, RECEIPT, "other@example.com") is Verdict.SENT


def test_limits_are_exact_when_requests_come_at_once(app: Flask) -> None:
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda n: put(app, RECEIPT, network=f"192.0.2.{n}"), range(16)))
    assert sorted(v.value for v in verdicts) == ["sent"] * 6 + ["withheld"] * 10
    assert sent(app) == 6


@pytest.mark.parametrize(
    ("limit", "paused"), [("network", Verdict.NETWORK_PAUSED), ("site", Verdict.SITE_PAUSED)], ids=["network", "site"]
)
def test_a_network_and_the_site_are_limited_exactly(app: Flask, limit: rate_limits.Scope, paused: Verdict) -> None:
    kind = Kind("test", (Limit(limit, HOUR, 5),))
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda n: put(app, kind, f"r{n}@example.com"), range(12)))
    assert verdicts.count(Verdict.SENT) == sent(app) == 5
    assert verdicts.count(paused) == 7
    # Another network has a limit of its own; the site is one.
    assert (put(app, kind, network="198.51.100.7") is Verdict.SENT) == (limit == "network")


def test_what_a_client_may_still_do_tells_nothing_of_an_address(app: Flask) -> None:
    """A try that was withheld counts for the network as one that left."""
    kind = Kind("test", (Limit("address", DAY, 1), Limit("network", DAY, 3)))
    with app.app_context():
        limits.suppress([limits.email_key(READER)])
        db.session.commit()
    for network, address in (("192.0.2.1", READER), ("192.0.2.2", "new@example.com")):
        answers = [put(app, kind, address, network).paused for _ in range(5)]
        assert answers == [False, False, False, True, True]


def test_a_paused_network_hears_the_same_of_every_address(app: Flask) -> None:
    kind = Kind("test", (Limit("address", DAY, 1), Limit("network", DAY, 1)))
    with app.app_context():
        limits.suppress([limits.email_key(READER)])
        db.session.commit()
    put(app, kind, "new@example.com")
    for address in (READER, "new@example.com", "another@example.com"):
        assert put(app, kind, address) is Verdict.NETWORK_PAUSED


@pytest.mark.parametrize("kind", [SIGN_UP, limits.LIST_CHANGE, RECEIPT, verification.USUAL], ids=lambda k: k.name)
def test_no_limit_looks_back_further_than_counts_are_kept(kind: Kind) -> None:
    assert all(limit.within <= rate_limits.KEPT_FOR and limit.most > 0 for limit in kind.limits)


def test_an_hour_ends_at_its_moment_and_not_before(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    for later, verdict in (
        (timedelta(0), Verdict.SENT),
        (HOUR - timedelta(microseconds=1), Verdict.WITHHELD),
        (HOUR, Verdict.SENT),
    ):
        moment = start + later
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        assert put(app, SIGN_UP) is verdict


def test_nobody_stands_in_the_clear_and_a_day_later_not_at_all(app: Flask, wait: Wait) -> None:
    put(app, SIGN_UP)
    with app.app_context():
        kept = "".join(repr(row) for row in db.session.execute(text("SELECT * FROM rate_events")))
        assert len(rate_limits.moments(fold(READER))) == 1
    assert READER not in kept
    assert "192.0.2.1" not in kept
    wait(rate_limits.KEPT_FOR)
    put(app, RECEIPT, "other@example.com")
    with app.app_context():
        assert [row.kind for row in db.session.scalars(select(RateEvent))] == ["receipt"]
    wait(rate_limits.KEPT_FOR)
    app.config["MAIL_URL"] = "smtp://127.0.0.1:1"
    app.test_cli_runner().invoke(args=["outbox", "send"])
    with app.app_context():
        assert db.session.scalars(select(RateEvent)).all() == []


def test_under_another_key_nobody_is_recognized(app: Flask) -> None:
    with app.app_context():
        limits.suppress([READER])
        db.session.commit()
        assert limits.suppressed_of([READER])
        app.config["ADDRESS_HASH_KEY"] = "another"
        assert not limits.suppressed_of([READER])


def test_the_migration_carries_over_counts_and_suppressions(app: Flask) -> None:
    people = {"r.eader+x@gmail.com": "pending", "gone@example.com": "suppressed", "old@example.com": "confirmed"}
    with app.app_context():
        flask_migrate.downgrade(revision="20261123_lists")
        now = clock.now()
        for number, (email, status) in enumerate(people.items(), 1):
            row = {"id": number, "email": email, "status": status, "now": now}
            db.session.execute(
                text(
                    "INSERT INTO subscribers (id, email, email_key, status, leave_token, created_at)"
                    " VALUES (:id, :email, :email, :status, :email, :now)"
                ),
                row,
            )
        for number, ago, withheld in ((1, 2, False), (1, 3, True), (3, 25, False)):
            values = {"who": number, "when": now - timedelta(hours=ago), "withheld": withheld}
            words = "INSERT INTO subscriber_mails (subscriber_id, written_at, withheld) VALUES (:who, :when, :withheld)"
            db.session.execute(text(words), values)
        db.session.commit()
        flask_migrate.upgrade()
        assert len(rate_limits.moments(fold("reader@gmail.com"))) == 1
        assert len(db.session.scalars(select(RateEvent)).all()) == 2
        assert limits.suppressed_of([limits.email_key(email) for email in people]) == {"gone@example.com"}
