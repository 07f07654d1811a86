"""Second factors: codes of an app, recovery codes, and what production asks for."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
from flask import Flask
from passlib.totp import TOTP
from sqlalchemy import select

from blueprints.staff import access
from blueprints.staff.models import Passkey, StaffMember
from core import clock
from core.audit.models import AuditEvent
from core.extensions import db
from tests.page import Answer, Client
from tests.staff.people import PASSWORD, Someone, make_member, sign_in

CODE, CODES = "/staff/two-factor/code", "/staff/recovery-codes"


def app_of(answer: Answer) -> TOTP:
    """The app on their phone, after it has read the page."""
    key = answer.document.all("code")[0].text
    return TOTP(key=key.replace("-", "").replace(" ", ""))


def set_up_app(client: Client) -> TOTP:
    assert client.get("/staff/two-factor").status == 200
    shown = client.post("/staff/two-factor", {**client.token(), "setup": "authenticator"})
    assert shown.document.all("svg"), "the QR code is in the page"
    phone = app_of(shown)
    set_up = client.post(CODE, {**client.token(), "code": phone.generate().token})
    assert (set_up.status, set_up.location) == (303, "/staff/second-factor/set"), set_up.text
    return phone


def forget_last_code(app: Flask) -> None:
    """As if the last code was long ago."""
    with app.app_context():
        for row in db.session.scalars(select(StaffMember)):
            row.tf_last_counter = 1
        db.session.commit()


def with_app(app: Flask, *roles: str) -> tuple[Someone, TOTP]:
    """Somebody whose second factor is an app."""
    someone, client = make_member(app, *(roles or ("manager",))), Client(app)
    sign_in(client, someone)
    phone = set_up_app(client)
    forget_last_code(app)
    return someone, phone


def is_signed_in(client: Client) -> bool:
    return client.get("/staff/account").status == 200


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_the_app_is_asked_for_after_the_password(sqlite_app: Flask) -> None:
    someone, phone = with_app(sqlite_app)
    client = Client(sqlite_app)
    answer = sign_in(client, someone, next="/staff/password")
    assert answer.location == CODE
    assert not is_signed_in(client), "the password alone is not enough"
    assert client.get(answer.location).status == 200
    wrong = client.post(answer.location, {**client.token(), "code": "000000"})
    assert (wrong.status, wrong.error("code")[:22]) == (422, "That code is not right")
    assert not is_signed_in(client)
    right = client.post(answer.location, {**client.token(), "code": phone.generate().token})
    assert (right.status, right.location) == (303, "/staff/password")
    assert is_signed_in(client)
    with client.client:
        client.get("/staff/account")
        assert access.private_key() == sqlite_app.config["SEALING_PRIVATE_KEY"]
    assert actions(sqlite_app)[-2:] == ["session.refused", "session.started"]


def test_a_code_works_once(sqlite_app: Flask) -> None:
    someone, phone = with_app(sqlite_app)
    code = phone.generate().token
    for number, status in enumerate((303, 422)):
        client = Client(sqlite_app)
        sign_in(client, someone)
        assert client.post(CODE, {**client.token(), "code": code}).status == status, number
        assert is_signed_in(client) == (status == 303)


@pytest.mark.database_decides
def test_a_code_works_once_when_two_send_it_at_the_same_time(app: Flask) -> None:
    someone, phone = with_app(app)
    code, start, statuses = phone.generate().token, threading.Barrier(4), []

    def enter() -> None:
        client = Client(app)
        sign_in(client, someone)
        given = {**client.token(), "code": code}
        start.wait(20)
        statuses.append(client.post(CODE, given).status)

    at_once(enter)
    assert sorted(statuses) == [303, 422, 422, 422]


def at_once(act: Any) -> None:
    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def codes_of(client: Client) -> list[str]:
    made = client.post(CODES, {**client.token(), "generate_new_codes": "1"})
    return re.findall(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}", made.text)


def test_recovery_codes_are_shown_once_and_each_works_once(sqlite_app: Flask) -> None:
    someone, phone = with_app(sqlite_app)
    client = Client(sqlite_app)
    sign_in(client, someone)
    client.post(CODE, {**client.token(), "code": phone.generate().token})
    codes = codes_of(client)
    assert len(set(codes)) == 8
    for address in (CODES, f"{CODES}?show_codes=1"):
        assert not any(code in client.get(address).text for code in codes)
    with sqlite_app.app_context():
        kept = db.session.get_one(StaffMember, someone.id).mf_recovery_codes or []
        assert not set(codes) & set(kept)
    for code, status in ((codes[0], 303), (codes[0], 422), (codes[1].upper().replace("-", " "), 303)):
        other = Client(sqlite_app)
        sign_in(other, someone)
        answer = other.post("/staff/two-factor/recovery-code", {**other.token(), "code": code})
        assert (answer.status, is_signed_in(other)) == (status, status == 303)
    assert "6 left" in other.get("/staff/account").text


@pytest.mark.database_decides
def test_a_recovery_code_works_once_when_two_send_it_at_the_same_time(app: Flask) -> None:
    someone, phone = with_app(app)
    client = Client(app)
    sign_in(client, someone)
    client.post(CODE, {**client.token(), "code": phone.generate().token})
    code, start, statuses = codes_of(client)[0], threading.Barrier(4), []

    def enter() -> None:
        other = Client(app)
        sign_in(other, someone)
        given = {**other.token(), "code": code}
        start.wait(20)
        statuses.append(other.post("/staff/two-factor/recovery-code", given).status)

    at_once(enter)
    assert sorted(statuses) == [303, 422, 422, 422]


@pytest.fixture
def strict_app(sqlite_app: Flask) -> Flask:
    """Where everybody needs a second factor, as in production."""
    sqlite_app.config["STAFF_SECOND_FACTOR"] = True
    return sqlite_app


def test_production_leads_whoever_has_no_second_factor_to_set_one_up(strict_app: Flask) -> None:
    someone, client = make_member(strict_app, "manager"), Client(strict_app)
    sign_in(client, someone)
    for address in ("/staff/", "/staff/account", "/staff/password", "/staff/unlock", CODES):
        assert client.get(address).location == "/staff/second-factor", address
    with client.client:
        client.get("/staff/account")
        assert access.signed_in() is None
    page = client.get("/staff/second-factor")
    assert {"/staff/two-factor", "/staff/passkeys"} <= {a.attributes["href"] for a in page.document.all("a")}
    assert client.get("/staff/passkeys").status == 200
    set_up_app(client)
    assert client.get("/staff/second-factor/set").location == CODES
    assert client.get(CODES).status == 200
    assert is_signed_in(client)
    with client.client:
        client.get("/staff/account")
        assert access.private_key() == strict_app.config["SEALING_PRIVATE_KEY"]


def test_production_keeps_the_last_second_factor(strict_app: Flask) -> None:
    someone, client = make_member(strict_app, "manager"), Client(strict_app)
    sign_in(client, someone)
    set_up_app(client)
    refused = client.post("/staff/two-factor", {**client.token(), "setup": "disable"})
    assert refused.status == 422
    assert "Add a passkey first" in refused.text
    strict_app.config["STAFF_SECOND_FACTOR"] = False
    assert client.post("/staff/two-factor", {**client.token(), "setup": "disable"}).status == 303


def test_setting_up_lasts_half_an_hour(strict_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(strict_app)
    sign_in(client, make_member(strict_app, "manager"))
    later = time.time() + 31 * 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get("/staff/second-factor").location.startswith("/staff/sign-in")


def test_second_factors_change_only_soon_after_the_password(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may sit at a desk that was left. With no grace period at all this page was a fault."""
    someone, client = make_member(sqlite_app, "manager"), Client(sqlite_app)
    sign_in(client, someone)
    for address in ("/staff/passkeys", "/staff/two-factor", CODES):
        assert client.get(address).status == 200
    with client.client.session_transaction() as session:
        session["fs_paa"] -= 31 * 60
        session.pop("fs_gexp")
    for address in ("/staff/passkeys", "/staff/two-factor", CODES):
        assert client.get(address).location.startswith("/staff/password/again")
    assert client.get("/staff/password/again?next=/staff/passkeys").status == 200
    wrong = client.post("/staff/password/again", {**client.token(), "password": "no", "next": "/staff/passkeys"})
    assert wrong.status == 422
    right = client.post("/staff/password/again", {**client.token(), "password": PASSWORD, "next": "/staff/passkeys"})
    assert right.location == "/staff/passkeys"
    assert client.get("/staff/passkeys").status == 200


def test_what_the_desk_does_not_need_is_off(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    sign_in(client, make_member(sqlite_app, "manager"))
    for path in ("/staff/two-factor/help", "/staff/register", "/staff/reset", "/staff/confirm", "/staff/us-signin"):
        assert client.get(path).status == 404, path
    assert client.post("/staff/two-factor/some-token", client.token()).status == 404
    for path in ("/login", "/logout", "/tf-setup", "/wan-signin", "/fs-static/js/webauthn.js"):
        assert client.get(path).status == 404, path
    json = {"Accept": "application/json"}
    assert client.get("/staff/passkeys", headers=json).response.mimetype == "text/html"


def test_a_copy_of_the_database_has_no_secret_of_the_app(sqlite_app: Flask) -> None:
    someone, phone = with_app(sqlite_app)
    with sqlite_app.app_context():
        kept = db.session.get_one(StaffMember, someone.id).tf_totp_secret or ""
    assert phone.base32_key not in kept
    assert '"enckey"' in kept


def test_whoever_has_both_chooses(sqlite_app: Flask) -> None:
    """The views' own forms have choices as pairs, of which WTForms warns: that would be an error here."""
    someone, phone = with_app(sqlite_app)
    add_passkey(sqlite_app, someone)
    client = Client(sqlite_app)
    assert sign_in(client, someone, next="/staff/password").location == "/staff/two-factor/choose"
    page = client.get("/staff/two-factor/choose")
    assert {b.attributes.get("value") for b in page.document.all("button", name="which")} == {
        "authenticator",
        "webauthn",
    }
    address = page.document.all("form")[0].attributes["action"]
    assert client.post(address, {**client.token(), "which": "passport"}).location == "/staff/sign-in"
    sign_in(client, someone, next="/staff/password")
    chosen = client.post(address, {**client.token(), "which": "authenticator"})
    assert (
        client.post(chosen.location, {**client.token(), "code": phone.generate().token}).location == "/staff/password"
    )


def add_passkey(app: Flask, someone: Someone) -> None:
    """One that nobody can use."""
    with app.app_context():
        row = Passkey(user_id=someone.id, credential_id=b"1", public_key=b"2", name="Laptop", usage="first")
        row.backup_state, row.device_type, row.lastuse_datetime = False, "single_device", clock.now()
        db.session.add(row)
        db.session.commit()


def test_whoever_has_a_passkey_cannot_leave_it_out(sqlite_app: Flask) -> None:
    """Flask-Security asks for passkeys of the usage "secondary" only, and would let the password alone pass."""
    someone = make_member(sqlite_app, "manager")
    add_passkey(sqlite_app, someone)
    client = Client(sqlite_app)
    assert sign_in(client, someone).location == "/staff/passkeys/sign-in"
    assert not is_signed_in(client)
    page = client.post("/staff/passkeys/sign-in", client.token())
    assert (
        '"allowCredentials": [{"id": "MQ"'
        in page.document.all("form", data_passkey="get")[0].attributes["data-options"]
    )
