"""What happens when a session ends, or has no key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.staff import access
from blueprints.staff.keyring import sessions
from blueprints.staff.models import StaffSession
from core.extensions import db
from core.web import hypermedia
from tests.conftest import Wait
from tests.page import Client
from tests.staff.conftest import SignedIn
from tests.staff.people import PASSWORD, make_member, sign_in
from tests.staff.test_signin import NEW, cookie


def test_a_session_ends_after_fifteen_idle_minutes(sqlite_app: Flask, signed_in: SignedIn, wait: Wait) -> None:
    client = signed_in("manager")
    for _ in range(3):
        wait(timedelta(minutes=10))
        assert client.get("/staff/account").status == 200
    wait(timedelta(minutes=15, seconds=1))
    assert client.get("/staff/account").location.startswith("/staff/sign-in")
    assert client.get("/staff/sign-in").status == 200, "Flask-Security must not take them for signed in"
    assert client.get("/staff/password").location.startswith("/staff/sign-in")


def test_what_a_page_asks_by_itself_does_not_keep_a_session(
    sqlite_app: Flask, signed_in: SignedIn, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("manager")
    monkeypatch.setattr(sqlite_app.view_functions["staff.stay"], "background", True, raising=False)
    for _ in range(2):
        wait(timedelta(minutes=10))
        answer = client.post("/staff/stay", client.token())
    assert answer.status == 401


def test_staying_signed_in(signed_in: SignedIn, wait: Wait) -> None:
    client = signed_in("manager")
    wait(timedelta(minutes=14))
    answer = client.post("/staff/stay", client.token(), {"HX-Request": "true"})
    assert (answer.status, answer.response.headers["X-Signed-In-For"]) == (204, "900")
    wait(timedelta(minutes=14))
    assert client.get("/staff/account").status == 200


@pytest.fixture
def noting(sqlite_app: Flask) -> Flask:
    """A site with a page of the desk that keeps what was typed."""

    @access.requires(access.SIGNED_IN)
    def take() -> Any:
        from flask import request

        return hypermedia.go_to(f"/staff/account?note={request.form['note']}")

    sqlite_app.add_url_rule("/staff/noting", "staff.noting", take, methods=["POST"])
    return sqlite_app


def test_what_was_typed_when_the_session_ended_can_be_sent_again(
    noting: Flask, signed_in: SignedIn, wait: Wait
) -> None:
    someone = make_member(noting, "clinician")
    client = Client(noting)
    sign_in(client, someone)
    given = {**client.token(), "note": "<called>", "password": "secret", "new_password": "secret"}
    wait(timedelta(minutes=16))
    kept = client.post("/staff/noting", given)
    assert kept.status == 401
    assert kept.document.fields() | {"csrf_token": ""} == {"note": "<called>", "csrf_token": ""}
    assert "secret" not in kept.text
    (link,) = kept.document.all("a", target="_blank")
    assert link.attributes["href"] == "/staff/sign-in"
    # The other tab.
    assert sign_in(client, someone).status == 303
    assert client.post("/staff/noting", kept.document.fields()).location == "/staff/account?note=%3Ccalled%3E"


def test_what_was_typed_before_signing_out_can_be_sent_again(noting: Flask) -> None:
    """Signing out renews the token of forms."""
    someone, client = make_member(noting, "clinician"), Client(noting)
    sign_in(client, someone)
    given = {**client.token(), "note": "called"}
    client.post("/staff/sign-out", client.token())
    kept = client.post("/staff/noting", given)
    assert (kept.status, kept.document.fields()["note"]) == (401, "called")
    sign_in(client, someone)
    again = client.post("/staff/noting", kept.document.fields())
    assert again.location == "/staff/account?note=called"
    stale = client.post("/staff/noting", given)
    assert (stale.status, stale.document.fields()["note"]) == (400, "called")
    assert client.post("/staff/noting", stale.document.fields()).status == 303


def test_a_script_that_asks_after_the_session_ended_gets_no_page_to_swap_in(
    noting: Flask, signed_in: SignedIn, wait: Wait
) -> None:
    client = signed_in("clinician", headers={"HX-Request": "true"})
    given = {**client.token(), "note": "called"}
    wait(timedelta(minutes=16))
    answer = client.post("/staff/noting", given)
    assert (answer.status, answer.response.headers["HX-Reswap"]) == (401, "none")


def test_a_link_of_another_site_leads_on_from_our_own(sqlite_app: Flask, signed_in: SignedIn) -> None:
    """Browsers leave a SameSite=Strict cookie out of that request."""
    client = signed_in("manager")
    key = cookie(client)
    client.client.delete_cookie(sessions.COOKIE, path="/staff")
    arrived = client.get("/staff/account", headers={"Sec-Fetch-Site": "cross-site"})
    assert arrived.status == 200
    (refresh,) = arrived.document.all("meta", http_equiv="refresh")
    assert refresh.attributes["content"] == "0; url=/staff/account"
    client.client.set_cookie(sessions.COOKIE, key.value, path="/staff")
    assert client.get("/staff/account", headers={"Sec-Fetch-Site": "same-origin"}).status == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {}])
def test_a_browser_that_has_lost_its_key_signs_in(signed_in: SignedIn, headers: dict[str, str]) -> None:
    client = signed_in("manager")
    client.client.delete_cookie(sessions.COOKIE, path="/staff")
    if not headers:
        assert client.get("/staff/account").document.all("meta", http_equiv="refresh"), "asked once"
    assert client.get("/staff/account", headers=headers).location == "/staff/sign-in?next=/staff/account"


def test_the_key_of_one_person_is_of_no_use_to_another(sqlite_app: Flask, signed_in: SignedIn) -> None:
    one, other = signed_in("manager"), signed_in("clinician")
    other.client.set_cookie(sessions.COOKIE, cookie(one).value, path="/staff", httponly=True, samesite="Strict")
    assert other.get("/staff/account").location.startswith("/staff/sign-in")


def test_signing_out_everywhere(sqlite_app: Flask) -> None:
    someone = make_member(sqlite_app, "manager")
    here, there = Client(sqlite_app), Client(sqlite_app)
    sign_in(here, someone)
    sign_in(there, someone)
    assert here.post("/staff/sign-out-everywhere", here.token()).location == "/staff/signed-out"
    for client in (here, there):
        assert client.get("/staff/account").location.startswith("/staff/sign-in")


def test_a_session_without_the_key_asks_for_the_password(sqlite_app: Flask, signed_in: SignedIn) -> None:
    @access.requires(access.SIGNED_IN)
    def reading() -> str:
        return access.private_key()[:8]

    sqlite_app.add_url_rule("/staff/reading", "staff.reading", reading, methods=["GET", "POST"])
    someone = make_member(sqlite_app, "clinician")
    client = Client(sqlite_app)
    with client.client:
        sign_in(client, someone)
        token, key = cookie(client).value, sqlite_app.config["SEALING_PRIVATE_KEY"]
    with sqlite_app.app_context():
        db.session.execute(StaffSession.__table__.update().values(blob=None, public_key=None))
        db.session.commit()
    assert token
    assert key
    assert client.get("/staff/reading?a=b").location == "/staff/unlock?next=/staff/reading?a%3Db"
    kept = client.post("/staff/reading", {**client.token(), "note": "typed"})
    assert (kept.status, kept.document.fields()["note"]) == (401, "typed")
    page = client.get("/staff/unlock?next=/staff/reading")
    wrong = client.post("/staff/unlock", {**page.document.fields(), "password": NEW})
    assert (wrong.status, wrong.error("password")[:9]) == (422, "The passw")
    right = client.post("/staff/unlock", {**page.document.fields(), "password": PASSWORD})
    assert right.location == "/staff/reading"
    assert client.client.get("/staff/reading").text == key[:8]


def test_somebody_without_a_wrap_is_told_whom_to_ask(signed_in: SignedIn) -> None:
    client = signed_in("manager", key=None)
    answer = client.post("/staff/unlock", {**client.token(), "password": PASSWORD})
    assert answer.status == 422
    assert "Ask a manager" in answer.text
