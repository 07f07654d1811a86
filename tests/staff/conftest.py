"""Somebody of the staff who has signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.extensions import limiter
from tests.page import Client
from tests.postbox import Postbox, listening
from tests.staff.mailing import ready
from tests.staff.people import signed_in_client

SignedIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def unlimited(sqlite_tables: Path) -> None:
    """The tries of other tests do not count. There is nothing to forget before the first application is made."""
    limiter.reset()


@pytest.fixture
def signed_in(sqlite_app: Flask) -> SignedIn:
    """Makes a member of staff with these roles, a password and a wrap of the clinic's key, and signs them in over the
    real form. Returns their browser:

        client = signed_in("clinician")
        assert client.get("/staff/referrals").status == 200
        client.post("/staff/…", {**client.token(), "field": "value"})

    Several roles: `signed_in("clinician", "manager")`. Options: `email=`; `key=None` for somebody without a wrap, whose
    session holds no key; `app=` for another application than `sqlite_app`, such as that of the fixture `app` on both
    databases; `headers={"HX-Request": "true"}` for a browser with JavaScript. Without roles it is a manager.
    The member's id: tests.staff.people.make_member returns it; sign them in with tests.staff.people.sign_in.
    """

    def make(*roles: str, app: Flask | None = None, **options: Any) -> Client:
        return signed_in_client(app or sqlite_app, *roles, **options)

    return make


@pytest.fixture
def file(sqlite_app: Flask, tmp_path: Path) -> Path:
    """An issue that is ready."""
    return ready(sqlite_app, tmp_path)


@pytest.fixture
def postbox(sqlite_app: Flask) -> Iterator[Postbox]:
    with listening(Postbox()) as box:
        sqlite_app.config["MAIL_URL"] = box.url
        yield box


@pytest.fixture
def desk(signed_in: SignedIn, file: Path) -> Client:
    return signed_in("manager", email="manager@example.com")
