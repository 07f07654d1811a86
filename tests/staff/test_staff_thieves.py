"""A copy of everything that lies on the server opens no referral, whoever signed in before or is signed in now. What
opens it is in people's heads and browsers."""

from __future__ import annotations

import io
import logging
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.referrals import services
from blueprints.staff.keyring import invitations, sessions, wraps
from blueprints.staff.keyring.invitations import UnknownInvitation
from blueprints.staff.models import KeyWrap, StaffSession
from core.audit.trail import COMMAND_LINE
from core.crypto import envelope, key_text
from core.crypto.envelope import SealingError
from core.extensions import db
from tests.builders import PRODUCTION
from tests.conftest import Wait, build, close
from tests.page import Client
from tests.referrals.test_commands import arrive
from tests.staff.members import OTHER, PASSWORD, member
from tests.staff.people import Someone, sign_in
from tests.test_thieves import stored

CLINIC, RECOVERY = envelope.new_key_pair(), envelope.new_key_pair()


class Site:
    """As it stands on a server: private keys elsewhere, people signed in over the real form, one invitation open."""

    def __init__(self, app: Flask, log: io.StringIO) -> None:
        self.app, self.log = app, log
        (self.reference,) = arrive(app, "urgent")
        with app.app_context():
            self.who = member("m@example.com")
            token = invitations.invite(self.who, CLINIC.private, COMMAND_LINE)
            invitations.accept(token, "M", PASSWORD)
            self.client = Client(app)
            sign_in(self.client, Someone(self.who, "m@example.com", PASSWORD), PASSWORD)
            self.invitation = invitations.invite(member("new@example.com"), CLINIC.private, COMMAND_LINE)

    @property
    def cookie(self) -> str:
        found = self.client.client.get_cookie(sessions.COOKIE, path="/staff")
        assert found
        return found.value

    def loot(self) -> set[str]:
        """Every value of the database, the settings and the files of the instance folder, and every word of the log."""
        settings = self.app.config["SETTINGS"]
        values = [*stored(self.app), *(getattr(settings, field.name) for field in fields(settings))]
        texts = {text for value in values for text in spelled(value)}
        files = [file for file in Path(self.app.instance_path).rglob("*") if file.is_file()]
        words = [self.log.getvalue(), *(file.read_text(errors="ignore") for file in files)]
        return texts | {word for text in words for word in text.split()}


def spelled(value: object) -> Iterator[str]:
    """The ways to write it as a token, a key or a password."""
    if isinstance(value, bytes):
        yield from (value.hex(), urlsafe_b64encode(value).decode().rstrip("="), b64encode(value).decode())
        if len(value) == 32:
            yield key_text.encode(key_text.PRIVATE, value)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from spelled(one)
    elif value is not None:
        yield str(value)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    keys = {"SEALING_PUBLIC_KEYS": f"{CLINIC.public},{RECOVERY.public}", "SECRET_KEY": PRODUCTION["SECRET_KEY"]}
    app = build(tmp_path, database_url, **keys)
    log = io.StringIO()
    for handler in logging.getLogger("site").handlers:
        handler.setStream(log)  # type: ignore[attr-defined]
    yield Site(app, log)
    close(app)


@pytest.mark.database_decides
def test_a_copy_of_everything_on_the_server_opens_nothing(site: Site) -> None:
    """Also while somebody is signed in: their cookie is in their browser."""
    with site.app.app_context():
        loot = site.loot()
        assert PRODUCTION["SECRET_KEY"] in loot
        hashed = db.session.scalars(select(KeyWrap.salt)).one().hex()
        assert hashed in loot
        for secret in (CLINIC.private, RECOVERY.private, PASSWORD, site.cookie, site.invitation):
            assert secret not in loot
        for thing in loot:
            assert sessions.use(thing, site.who, note=False) is None
            assert wraps.open_with_password(site.who, thing) is None
            with pytest.raises(UnknownInvitation):
                invitations.look(thing)
            with pytest.raises(SealingError):
                services.open_referral(site.reference, thing)


@pytest.mark.database_decides
def test_the_key_is_nowhere_in_any_spelling(site: Site, tmp_path: Path) -> None:
    raw = key_text.decode(key_text.PRIVATE, CLINIC.private)
    spellings = {CLINIC.private, raw.hex(), b64encode(raw).decode(), urlsafe_b64encode(raw).decode().rstrip("=")}
    with site.app.app_context():
        database = b"".join(
            value if isinstance(value, bytes) else str(value).encode() for value in stored(site.app) if value
        )
    files = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    everything = database + files + site.log.getvalue().encode()
    assert b"/staff/sign-in" in everything
    assert raw not in everything
    for spelling in spellings:
        assert spelling.encode() not in everything


def test_what_people_hold_does_open_it(site: Site) -> None:
    """So the tests above try the right doors."""
    with site.app.app_context():
        session = sessions.use(site.cookie, site.who)
        assert session is not None
        assert session.private_key == CLINIC.private
        assert wraps.open_with_password(site.who, PASSWORD) == CLINIC.private
        assert invitations.look(site.invitation).email == "new@example.com"
        data = services.open_referral(site.reference, CLINIC.private)
        assert data is not None


@pytest.mark.database_decides
def test_with_everybodys_expired_cookies_it_opens_nothing(site: Site, wait: Wait) -> None:
    """The server refuses them, and deletes what they would open in a copy of the database."""
    with site.app.app_context():
        cookie = site.cookie
        wait(timedelta(minutes=16))
        assert sessions.use(cookie, site.who) is None
        assert not db.session.scalars(select(StaffSession.id)).all()
        assert site.client.get("/staff/account").status == 303


def test_forged_sessions_of_a_thief_with_the_secret_key_hold_no_key(site: Site) -> None:
    """SECRET_KEY forges who is signed in, and not the token that opens the key."""
    thief = Client(site.app)
    with site.client.client.session_transaction() as real, thief.client.session_transaction() as forged:
        forged.update(real)
    for path in ("/staff/people", "/staff/referrals"):
        assert thief.get(path, headers={"Sec-Fetch-Site": "same-origin"}).status == 303


def test_another_password_opens_nothing(site: Site) -> None:
    with site.app.app_context():
        assert wraps.open_with_password(site.who, OTHER) is None
