"""Signing in and out with a password."""

from __future__ import annotations

from flask import Flask

from tests.page import Client
from tests.staff.people import make_member, sign_in


def test_somebody_signs_in_and_out(sqlite_app: Flask) -> None:
    client = Client(sqlite_app)
    assert client.get("/staff/").location == "/staff/sign-in?next=/staff/"
    page = client.get("/staff/sign-in?next=/staff/account")
    assert page.status == 200
    answer = sign_in(client, make_member(sqlite_app, "manager"), next="/staff/account")
    assert (answer.status, answer.location) == (303, "/staff/account")
    assert client.get("/staff/account").status == 200
