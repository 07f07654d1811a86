"""How often somebody may be wrong, and that nobody is locked out by others."""

from __future__ import annotations

from flask import Flask

from core.extensions import limiter
from tests.page import Answer, Client
from tests.staff.people import PASSWORD, Someone, make_member, sign_in
from tests.staff.test_signin_factors import CODE, with_app

WRONG = "five wrong words go here"


def guess(app: Flask, someone: Someone, network: str, client: Client | None = None) -> Answer:
    browser = client or Client(app)
    given = {**browser.token(), "email": someone.email, "password": WRONG}
    return browser.post("/staff/sign-in", given, environ_base={"REMOTE_ADDR": network})


def test_strangers_who_guess_wait_and_the_owner_does_not(sqlite_app: Flask) -> None:
    someone, own = make_member(sqlite_app, "manager"), Client(sqlite_app)
    sign_in(own, someone)
    own.post("/staff/sign-out", own.token())
    statuses = [guess(sqlite_app, someone, f"198.51.100.{number}").status for number in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    refused = guess(sqlite_app, someone, "198.51.100.99")
    assert "Wait 15 minutes" in refused.text
    assert 800 < int(refused.response.headers["Retry-After"]) <= 900
    assert sign_in(Client(sqlite_app), someone).status == 429, "also with the right password"
    assert sign_in(own, someone).status == 303, "in a browser that is known"


def test_an_address_that_nobody_has_waits_alike(sqlite_app: Flask) -> None:
    nobody = Someone(0, "nobody@example.com")
    statuses = [guess(sqlite_app, nobody, f"198.51.100.{number}").status for number in range(12)]
    assert statuses == [422] * 10 + [429] * 2


def test_a_known_browser_has_an_end_of_tries_too(sqlite_app: Flask) -> None:
    someone, own = make_member(sqlite_app, "manager"), Client(sqlite_app)
    sign_in(own, someone)
    own.post("/staff/sign-out", own.token())
    statuses = [guess(sqlite_app, someone, "198.51.100.1", own).status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_a_browser_is_known_for_those_who_signed_in_there_only(sqlite_app: Flask) -> None:
    someone, other = make_member(sqlite_app, "manager"), make_member(sqlite_app, "clinician")
    browser = Client(sqlite_app)
    sign_in(browser, other)
    browser.post("/staff/sign-out", browser.token())
    for number in range(10):
        guess(sqlite_app, someone, f"198.51.100.{number}")
    assert guess(sqlite_app, someone, "198.51.100.50", browser).status == 429


def test_one_network_cannot_try_everybody(sqlite_app: Flask) -> None:
    statuses = [guess(sqlite_app, Someone(0, f"a{n}@example.com"), "198.51.100.1").status for n in range(31)]
    assert statuses == [422] * 30 + [429]


def test_codes_are_limited_by_themselves(sqlite_app: Flask) -> None:
    """Whoever has stolen a password cannot try all codes, and the owner's browser has tries of its own."""
    someone, phone = with_app(sqlite_app)
    limiter.reset()
    own = Client(sqlite_app)
    sign_in(own, someone)
    code = phone.generate().token
    assert own.post(CODE, {**own.token(), "code": code}).status == 303
    statuses = []
    for _ in range(3):
        thief = Client(sqlite_app)
        assert sign_in(thief, someone, PASSWORD).status == 303, "the right password costs no try"
        statuses += [thief.post(CODE, {**thief.token(), "code": "000000"}).status for _ in range(4)]
    assert statuses == [422] * 10 + [429] * 2
    own.post("/staff/sign-out", own.token())
    sign_in(own, someone)
    assert own.post(CODE, {**own.token(), "code": "000000"}).status == 422
