"""Receipts pass the gate: nobody's mailbox is filled, and the referral is kept all the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import event

from blueprints.referrals import services
from blueprints.referrals.verification import Origin
from core.extensions import db
from core.mail import limits, outbox, render
from core.rate_limits import HOUR, Kind, Limit
from tests.builders import CANARIES, referral
from tests.page import Answer, Client
from tests.referrals.charts import details

VICTIM = "victim@example.com"


def refer(app: Flask, address: str = "192.0.2.1", email: str = VICTIM, **changes: str) -> str:
    """The address of the page after one referral from a client of that network address."""
    client, network = Client(app), {"environ_overrides": {"REMOTE_ADDR": address}}
    answers = {**client.token(), "action": "review", **referral(referrer_email=email, **changes)}
    client.post("/refer", answers, **network)
    return client.post("/refer/send", client.get("/refer/review").document.fields(), **network).location


def submit(app: Flask, key: str, network: str = "192.0.2.1", **changes: str) -> str:
    with app.app_context():
        said, keys = details(referrer_email=VICTIM, **changes), app.config["SEALING_PUBLIC_KEYS"]
        return services.submit(said, key, None, keys, "desk@clinic.example", Origin(network))


def suppress(app: Flask, email: str) -> None:
    with app.app_context():
        limits.suppress([limits.email_key(email)])
        db.session.commit()


def receipts(app: Flask) -> list[str]:
    with app.app_context():
        rows = [row for row in outbox.newest(500) if row.status != "withheld"]
        return [row.recipient for row in rows if row.subject == "We have received your referral"]


def sent_page(app: Flask, path: str) -> str:
    """Its words, without the reference."""
    page = Client(app).get(path)
    assert page.status == 200
    return page.text.replace(path.rpartition("/")[2], "REFERENCE")


@pytest.mark.full
def test_seventy_referrals_from_eleven_clients_mail_a_victim_six_times(app: Flask) -> None:
    for number in range(70):
        assert refer(app, f"192.0.2.{number % 11}").startswith("/refer/sent/KTC-")
    assert receipts(app) == [VICTIM] * 6
    with app.app_context():
        assert len(list(services.summaries())) == 70


def test_the_limit_holds_when_they_come_at_once(app: Flask) -> None:
    with ThreadPoolExecutor(8) as pool:
        references = set(pool.map(lambda n: submit(app, f"key-{n}", f"192.0.2.{n}"), range(16)))
    assert len(references) == 16
    assert len(receipts(app)) == 6


def test_tags_and_capitals_make_no_other_mailbox(app: Flask) -> None:
    for number in range(8):
        refer(app, email=f"Victim+{number}@example.com")
    assert len(receipts(app)) == 6


def test_nobody_learns_from_the_page_what_is_known_of_an_address(app: Flask) -> None:
    for number in range(6):
        submit(app, f"key-{number}")
    suppress(app, "suppressed@example.com")
    pages = [sent_page(app, refer(app, email=f"{name}@example.com")) for name in ("new", "suppressed", "victim")]
    assert receipts(app).count("new@example.com") == 1
    assert len(receipts(app)) == 7
    assert len(set(pages)) == 1
    assert "on its way" not in pages[0]
    assert "unless it takes no email from us or has had several today" in pages[0]


@pytest.mark.parametrize("scope", ["network", "site"])
def test_where_no_receipt_can_come_the_page_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch, scope: str) -> None:
    monkeypatch.setattr(limits, "RECEIPT", Kind("receipt", (Limit(scope, HOUR, 1),)))  # type: ignore[arg-type]
    assert "we also write" in sent_page(app, refer(app))
    suppress(app, VICTIM)
    pages = [sent_page(app, refer(app, email=email)) for email in (VICTIM, "new@example.com")]
    assert len(set(pages)) == 1
    assert "No email comes this time" in pages[0]
    assert receipts(app) == [VICTIM]


def test_every_address_costs_the_same_work(app: Flask) -> None:
    for number in range(6):
        submit(app, f"key-{number}")
    suppress(app, "suppressed@example.com")
    costs = [work(app, f"{name}@example.com") for name in ("new", "suppressed", "victim")]
    assert {commits for commits, _ in costs} == {1}
    assert len({statements for _, statements in costs}) == 1, costs


def work(app: Flask, email: str) -> tuple[int, int]:
    """Commits and statements of sending one referral."""
    seen: list[str] = []

    def commit(_connection: object) -> None:
        seen.append("COMMIT")

    def execute(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    client = Client(app)
    client.post("/refer", {**client.token(), "action": "review", **referral(referrer_email=email)})
    form = client.get("/refer/review").document.fields()
    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", commit)
    event.listen(engine, "before_cursor_execute", execute)
    answer: Answer = client.post("/refer/send", form)
    event.remove(engine, "commit", commit)
    event.remove(engine, "before_cursor_execute", execute)
    assert answer.location.startswith("/refer/sent/KTC-")
    return seen.count("COMMIT"), len(seen)


def test_the_mails_say_nothing_of_the_patient_or_of_the_network(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    refer(app, "198.51.100.77")
    for number in range(25):
        submit(app, f"key-{number}", "198.51.100.77", clinical_summary=CANARIES[-1])
    with app.app_context():
        rows = outbox.newest(500)
        said = "".join(row.subject + "".join(render.parts(row)) + str(row.headers) for row in rows)
        kept = said + "".join(repr(row._asdict()) for row in services.summaries())
    assert "Many referrals are arriving at once" in said
    for canary in (*CANARIES, "canary", "198.51.100.77"):
        assert canary not in kept


def test_a_referrer_without_an_email_address_gets_no_receipt_and_the_referral_is_kept(app: Flask) -> None:
    assert refer(app, email="").startswith("/refer/sent/KTC-")
    with app.app_context():
        assert outbox.newest() == []
        (kept,) = services.summaries()
    assert kept.email == "no receipt sent"
