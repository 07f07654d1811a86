"""The shell of safety: bodies, origins, form tokens, hosts, limits, and what reaches the log."""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from core.extensions import db
from tests.builders import CANARIES, PRODUCTION, referral
from tests.conftest import build, close
from tests.page import Client

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("status", "options"),
    [
        (415, {"data": b'{"email": "a@b.com"}', "content_type": "application/json"}),
        (415, {"data": b"email=a", "content_type": "text/plain"}),
        (415, {"data": b"email=a"}),
        (415, {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"}),
        (415, {"data": b"email=a", "content_type": FORM, "headers": {"Content-Encoding": "gzip"}}),
        (411, {"headers": {"Transfer-Encoding": "chunked"}}),
        (413, {"data": b"email=" + b"a" * 65536, "content_type": FORM}),
        (413, {"data": b"&".join(b"f%d=1" % n for n in range(201)), "content_type": FORM}),
    ],
)
@pytest.mark.parametrize("path", ["/refer", "/subscribe", "/refer/check/referrer_npi"])
def test_only_whole_small_plain_forms_are_read(
    sqlite_client: Client, path: str, status: int, options: dict[str, Any]
) -> None:
    response = sqlite_client.client.post(path, **options)
    assert response.status_code == status
    assert 'href="tel:988"' in response.text


def test_a_form_without_its_token_comes_back_filled(sqlite_client: Client) -> None:
    for token in ({}, {"csrf_token": "forged"}):
        answer = sqlite_client.post("/refer", {**token, "action": "review", **referral()})
        assert answer.status == 400
        assert answer.document.by_id("patient_given_name").attributes["value"] == "Zebedee"
        assert "Your answers are still here" in answer.text
        fresh = answer.document.fields()["csrf_token"]
        again = sqlite_client.post("/refer", {"csrf_token": fresh, "action": "review", **referral()})
        assert again.location.startswith("/refer/review?draft=")


def test_a_token_of_another_session_is_refused(sqlite_app: Flask, sqlite_client: Client) -> None:
    foreign = Client(sqlite_app).token()
    sqlite_client.get("/refer")
    assert sqlite_client.post("/refer", {**foreign, "action": "review", **referral()}).status == 400


def test_the_review_comes_back_when_its_token_is_wrong(sqlite_client: Client) -> None:
    sqlite_client.post("/refer", {**sqlite_client.token(), "action": "review", **referral()})
    answer = sqlite_client.post("/refer/send", {"csrf_token": "forged"})
    assert answer.status == 400
    assert "Nothing has been sent yet" in answer.text
    assert sqlite_client.post("/refer/send", answer.document.fields()).location.startswith("/refer/sent/KTC-")


def test_a_right_token_from_another_site_is_refused(sqlite_client: Client) -> None:
    answer = sqlite_client.post("/refer", {**sqlite_client.token(), **referral()}, {"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 400
    assert answer.response.headers["HX-Reswap"] == "none"


@pytest.mark.parametrize(
    ("path", "data"), [("/refer", referral()), ("/subscribe", {"email": "reader@example.com", "website": ""})]
)
def test_too_many_tries_keep_what_was_typed(sqlite_client: Client, path: str, data: dict[str, Any]) -> None:
    token = sqlite_client.token()
    for _ in range(61):
        response = sqlite_client.client.post(path, data={**token, "action": "save", **data})
        if response.status_code == 429:
            break
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "Your answers are still here" in response.text
    assert next(iter(value for value in data.values() if "@" in value)) in response.text


def test_a_broken_database_keeps_what_was_typed(sqlite_app: Flask, sqlite_client: Client) -> None:
    token = sqlite_client.token()
    with sqlite_app.app_context():
        for table in ("drafts", "subscribers"):
            db.session.execute(text(f"DROP TABLE {table}"))
        db.session.commit()
    answer = sqlite_client.post("/refer", {**token, "action": "review", **referral()})
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    assert answer.document.by_id("patient_given_name").attributes["value"] == "Zebedee"
    answer = sqlite_client.post("/subscribe", {"email": "reader@example.com"})
    assert answer.status == 503
    assert answer.document.by_id("email").attributes["value"] == "reader@example.com"


def test_content_is_there_without_a_database(sqlite_app: Flask, sqlite_client: Client) -> None:
    with sqlite_app.app_context():
        db.session.remove()
        db.engine.dispose()
        Path(db.engine.url.database or "").unlink()
    assert sqlite_client.get("/").status == 200


def test_faults_and_refusals_leave_no_answer_in_the_log(
    sqlite_app: Flask, sqlite_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"cannot keep {CANARIES[0]}")

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.getLogger("site").handlers[0].formatter)
    for name in ("site", sqlite_app.logger.name):
        logging.getLogger(name).addHandler(handler)
    token = sqlite_client.token()
    monkeypatch.setattr("blueprints.referrals.drafts.save", fail)
    assert sqlite_client.post("/refer", {**token, "action": "review", **referral()}).status == 500
    sqlite_client.post("/refer?name=Zebedee", {"action": "review", **referral()})
    monkeypatch.setattr("blueprints.subscriptions.services.confirm", fail)
    assert sqlite_client.post("/subscribe/confirm/Zebedee", {"a": "b"}).status == 500
    log = written.getvalue()
    assert "RuntimeError" in log
    assert "POST /refer 500" in log
    assert "fault in POST /subscribe/confirm/<token>" in log
    for canary in CANARIES:
        assert canary not in log


def test_foreign_hosts_are_refused(tmp_path: Path) -> None:
    app = build(tmp_path, f"sqlite:///{tmp_path / 'hosts.sqlite3'}", TRUSTED_HOSTS="clinic.example")
    client = app.test_client()
    assert client.get("/", headers={"Host": "clinic.example"}).status_code == 200
    for host in ("evil.example", "clinic.example.evil.example", "evil.example:80", "127.0.0.1"):
        refused = client.get("/", headers={"Host": host})
        assert refused.status_code == 400
        assert "evil" not in refused.text
    close(app)


def test_every_answer_carries_these_headers(sqlite_client: Client) -> None:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    expected = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    for path in ("/", "/refer", "/nothing-here", "/static/js/site.js"):
        with sqlite_client.client.get(path) as answer:
            assert {name: answer.headers.get(name) for name in expected} == expected, path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing-here", 404), ("PUT", "/refer", 405), ("DELETE", "/", 405), ("GET", "/refer/send", 405)],
)
def test_error_pages_wear_the_sites_look(sqlite_client: Client, method: str, path: str, status: int) -> None:
    response = sqlite_client.client.open(path, method=method, data=b"a=b", content_type=FORM)
    assert response.status_code == status
    assert 'href="tel:988"' in response.text
    assert "<h1>" in response.text


def test_the_mailbox_is_not_there_in_production(tmp_path: Path) -> None:
    app = build(tmp_path, f"sqlite:///{tmp_path / 'production.sqlite3'}", **PRODUCTION)
    client = app.test_client()
    answer = client.get("/dev/mailbox", headers={"Host": "clinic.example"}, base_url="https://clinic.example")
    assert answer.status_code == 404
    page = client.get("/refer", base_url="https://clinic.example")
    cookies = page.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-session", "__Host-referral_draft"}
    assert all("Secure" in cookie for cookie in cookies)
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    close(app)


def test_each_request_leaves_one_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = build(tmp_path, f"sqlite:///{tmp_path / 'production.sqlite3'}", **PRODUCTION)
    caplog.set_level(logging.INFO, "site")

    def line(path: str, **options: Any) -> list[str]:
        caplog.clear()
        app.test_client().open(path, base_url="https://clinic.example", **options)
        return [re.sub(r"[0-9]+ ms", "… ms", record.getMessage()) for record in caplog.records]

    for _ in range(2):
        assert line("/safety") == ["GET /safety 200 … ms"]
        assert line("/safety", method="HEAD") == ["HEAD /safety 200 … ms"]
        assert line("/safety", headers={"If-None-Match": "*"}) == ["GET /safety 304 … ms"]
        assert line("/safety?name=canary") == ["GET /safety 200 … ms"]
        assert line("/canary") == ["GET (no route) 404 … ms"]
        assert line("/static/js/site.js") == []
    close(app)
