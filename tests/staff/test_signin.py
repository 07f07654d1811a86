"""Signing in and out with a password, and what happens when a session ends."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_security.utils import verify_password
from sqlalchemy import select

from blueprints.staff import access
from blueprints.staff.keyring import sessions
from blueprints.staff.models import StaffMember, StaffSession
from blueprints.staff.signin import credentials
from core.audit.models import AuditEvent
from core.extensions import db
from tests.conftest import build, close, copy_of
from tests.page import Client
from tests.staff.conftest import SignedIn
from tests.staff.people import PASSWORD, Someone, make_member, sign_in

NEW = "nine loud geese go home"


def audit_lines(app: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(row.action, row.subject, row.detail) for row in rows if row.action.partition(".")[0] != "key"]


def cookie(client: Client, name: str = sessions.COOKIE, path: str = "/staff") -> Any:
    return client.client.get_cookie(name, path=path)


def test_somebody_signs_in_and_out(sqlite_app: Flask) -> None:
    client, someone = Client(sqlite_app), make_member(sqlite_app, "manager")
    assert client.get("/staff/account").location == "/staff/sign-in?next=/staff/account"
    assert client.get("/staff/sign-in?next=/staff/account").document.all("input", name="next", value="/staff/account")
    answer = sign_in(client, someone, next="/staff/account")
    assert (answer.status, answer.location) == (303, "/staff/account")
    assert someone.email in client.get("/staff/account").text
    left = client.post("/staff/sign-out", client.token())
    assert (left.status, left.location) == (303, "/staff/signed-out")
    assert left.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert cookie(client) is None
    assert client.get("/staff/account").location.startswith("/staff/sign-in")
    with sqlite_app.app_context():
        assert db.session.scalars(select(StaffSession)).all() == []
    subject = f"staff:{someone.id}"
    assert audit_lines(sqlite_app) == [("session.started", subject, {}), ("session.ended", subject, {})]


def test_the_cookie_of_the_key_goes_to_the_desk_only_and_no_script_reads_it(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    answer = sign_in(client, make_member(sqlite_app, "manager"))
    (line,) = [c for c in answer.response.headers.getlist("Set-Cookie") if c.startswith(f"{sessions.COOKIE}=")]
    assert {"HttpOnly", "Path=/staff", "SameSite=Strict"} <= set(line.split("; "))
    assert "Secure" not in line, "development has no TLS"


def test_the_key_opens_with_the_session_and_is_not_in_the_database(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    sign_in(client, make_member(sqlite_app, "clinician"))
    with client.client:
        client.get("/staff/account")
        assert access.private_key() == sqlite_app.config["SEALING_PRIVATE_KEY"]


@pytest.mark.parametrize("who", ["nobody", "wrong password", "inactive", "invited"])
def test_whoever_may_not_sign_in_hears_the_same_words(sqlite_app: Flask, who: str) -> None:
    client, someone = Client(sqlite_app), make_member(sqlite_app, "manager")
    with sqlite_app.app_context():
        row = db.session.get_one(StaffMember, someone.id)
        row.active = who != "inactive"
        row.password = None if who == "invited" else row.password
        db.session.commit()
    other = Someone(0, "stranger@example.com") if who == "nobody" else someone
    answer = sign_in(client, other, PASSWORD if who in ("nobody", "inactive", "invited") else NEW)
    assert answer.status == 422
    problems = " ".join(answer.document.by_id("main").text.split())
    assert "The address or the password is not right." in problems
    assert cookie(client) is None
    subject = "" if who == "nobody" else f"staff:{someone.id}"
    assert audit_lines(sqlite_app) == [("session.refused", subject, {"factor": "password"})]
    with sqlite_app.app_context():
        (line,) = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "session.refused"))
        assert "stranger" not in f"{line.actor}{line.detail}{line.subject}"


@pytest.mark.parametrize("who", ["nobody", "wrong password", "inactive", "invited"])
def test_each_refusal_compares_one_hash(sqlite_app: Flask, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So each takes the time of one, whatever is known about the address."""
    someone = make_member(sqlite_app, "manager")
    with sqlite_app.app_context():
        row = db.session.get_one(StaffMember, someone.id)
        row.active = who != "inactive"
        row.password = None if who == "invited" else row.password
        db.session.commit()
        credentials.check("warm up", "the hash of nobody")
    compared: list[str] = []

    def compare(password: str, hashed: str) -> bool:
        compared.append(hashed)
        return verify_password(password, hashed)

    monkeypatch.setattr(credentials, "verify_password", compare)
    sign_in(Client(sqlite_app), Someone(0, "no@example.com") if who == "nobody" else someone, NEW)
    (hashed,) = compared
    assert hashed.startswith("$argon2id$")


def test_production_hashes_at_full_cost(sqlite_app: Flask) -> None:
    from blueprints.staff.signin import settings

    sqlite_app.config["PRODUCTION"] = True
    assert settings._argon2(sqlite_app) == settings.ARGON2
    assert settings.ARGON2["argon2__memory_cost"] >= 64 * 1024
    sqlite_app.config["PRODUCTION"] = False
    assert settings._argon2(sqlite_app) != settings.ARGON2


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/staff/",
        "//evil.example/staff/",
        "/\\evil.example",
        "/staff/\\..\\/evil",
        "/staff/../refer",
        "/staffed",
        "/refer",
        "javascript:alert(1)",
        "/staff//evil.example",
    ],
)
def test_signing_in_leads_to_the_desk_only(sqlite_app: Flask, address: str) -> None:
    client, someone = Client(sqlite_app), make_member(sqlite_app, "manager")
    assert not client.get("/staff/sign-in", query_string={"next": address}).document.all("input", name="next")
    assert sign_in(client, someone, next=address).location == "/staff/"
    client = Client(sqlite_app)
    sent = {**client.token(), "email": someone.email, "password": PASSWORD}
    assert client.post("/staff/sign-in", sent, query_string={"next": address}).location == "/staff/"


def test_a_new_password_wraps_the_key_anew_and_ends_the_other_sessions(sqlite_app: Flask) -> None:
    someone = make_member(sqlite_app, "manager")
    here, there = Client(sqlite_app), Client(sqlite_app)
    sign_in(here, someone)
    sign_in(there, someone)
    given = {"password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW}
    wrong = here.post("/staff/password", {**here.token(), **given, "password": NEW + "!"})
    assert (wrong.status, wrong.error("password")) == (422, "The password is not right. Check whether Caps Lock is on.")
    assert here.post("/staff/password", {**here.token(), **given, "new_password_confirm": "other"}).status == 422
    assert here.post("/staff/password", {**here.token(), **given, "new_password": "a" * 20}).status == 422
    assert here.post("/staff/password", {**here.token(), **given}).location == "/staff/account"
    with here.client:
        assert here.get("/staff/account").status == 200
        assert access.private_key() == sqlite_app.config["SEALING_PRIVATE_KEY"]
    assert there.get("/staff/account").location.startswith("/staff/sign-in")
    assert sign_in(Client(sqlite_app), someone).status == 422
    later = Client(sqlite_app)
    assert sign_in(later, someone, NEW).status == 303
    with later.client:
        later.get("/staff/account")
        assert access.private_key() == sqlite_app.config["SEALING_PRIVATE_KEY"]
    assert ("password.changed", f"staff:{someone.id}", {}) in audit_lines(sqlite_app)


def test_the_public_part_has_no_desk(tmp_path: Any, sqlite_tables: Any) -> None:
    app = build(tmp_path, copy_of(sqlite_tables, tmp_path), SITE_PARTS="public")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/staff"):
            path = rule.rule.replace("<token>", "x")
            assert Client(app).get(path).status == 404, path
            assert Client(app).post(path).status == 404, path
    close(app)


def test_public_pages_do_not_look_into_the_session(sqlite_app: Flask, signed_in: SignedIn) -> None:
    """Flask-Login and Flask-Principal would, and the page cache would keep nothing."""
    for client in (Client(sqlite_app), signed_in("manager")):
        response = client.get("/cost").response
        assert "cookie" not in response.vary
        assert "Set-Cookie" not in response.headers
