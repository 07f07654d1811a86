"""Links by which somebody sets a password and gets the clinic's key."""

from __future__ import annotations

import io
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.staff.keyring import invitations, members, passwords, sessions, wraps
from blueprints.staff.keyring.invitations import UnknownInvitation
from blueprints.staff.models import StaffMember
from core.audit.trail import COMMAND_LINE
from core.extensions import db
from core.mail import outbox, render
from tests.conftest import Wait
from tests.page import Client
from tests.staff.conftest import SignedIn
from tests.staff.members import OTHER, PASSWORD, key_of, member, signed_in, wrapped

CODE, SET = "/staff/invitation", "/staff/invitation/password"


def invited(app: Flask, email: str = "new@example.com") -> str:
    """The token of a link for somebody new."""
    with app.app_context():
        return invitations.invite(member(email, "clinician"), key_of(app), COMMAND_LINE)


def give(client: Client, code: str) -> str:
    """Where the page with the code leads, or what it says is wrong."""
    answer = client.post(CODE, {**client.token(), "code": code})
    return answer.location or answer.error("code")


def fill_in(client: Client, **changes: str) -> object:
    answers = {"name": "Dr. New", "password": OTHER, "again": OTHER, **changes}
    return client.post(SET, {**client.token(), **answers})


def test_somebody_is_invited_sets_a_password_and_signs_in(sqlite_app: Flask) -> None:
    token, client = invited(sqlite_app), Client(sqlite_app)
    assert client.get(CODE).status == 200
    assert give(client, token) == SET
    page = client.get(SET)
    assert "new@example.com" in page.text
    assert page.document.by_id("name").attributes["value"] == "New"
    answer = fill_in(client)
    assert (answer.status, answer.location) == (303, "/staff/sign-in")  # type: ignore[attr-defined]
    signed = client.post("/staff/sign-in", {**client.token(), "email": "new@example.com", "password": OTHER})
    assert signed.status == 303
    with sqlite_app.app_context():
        who = members.by_email("new@example.com")
        assert (who.name, who.has_password) == ("Dr. New", True)
        assert wraps.open_with_password(who.id, OTHER) == key_of(sqlite_app)


def test_a_link_can_be_pasted_whole(sqlite_app: Flask) -> None:
    token = invited(sqlite_app)
    with sqlite_app.app_context():
        link = invitations.link(token)
    assert "#" in link
    assert give(Client(sqlite_app), link) == SET


def test_a_link_works_once(sqlite_app: Flask) -> None:
    token, client = invited(sqlite_app), Client(sqlite_app)
    give(client, token)
    fill_in(client)
    assert "was used" in give(Client(sqlite_app), token)
    assert client.get(SET).location == CODE


def test_a_link_ends_after_three_days(sqlite_app: Flask, wait: Wait) -> None:
    token, client = invited(sqlite_app), Client(sqlite_app)
    give(client, token)
    wait(timedelta(hours=71, minutes=59))
    assert client.get(SET).status == 200
    wait(timedelta(minutes=1))
    assert client.get(SET).location == CODE
    assert fill_in(client).status == 422  # type: ignore[attr-defined]
    with sqlite_app.app_context(), pytest.raises(UnknownInvitation):
        invitations.accept(token, "N", OTHER)


def test_a_newer_link_ends_the_older_one(sqlite_app: Flask) -> None:
    old = invited(sqlite_app)
    with sqlite_app.app_context():
        new = invitations.invite(members.by_email("new@example.com").id, key_of(sqlite_app), COMMAND_LINE)
    assert "replaced by a newer one" in give(Client(sqlite_app), old)
    assert give(Client(sqlite_app), new) == SET


@pytest.mark.database_decides
def test_a_link_that_two_use_at_once_works_for_one(app: Flask) -> None:
    token, together = invited(app), Barrier(2, timeout=30)

    def accept(password: str) -> str:
        with app.test_request_context("/staff/invitation/password", method="POST"):
            invitations.look(token)
            db.session.rollback()
            together.wait()
            try:
                invitations.accept(token, "N", password)
            except UnknownInvitation:
                return ""
            return password

    with ThreadPoolExecutor(2) as pool:
        (won,) = filter(None, pool.map(accept, (PASSWORD, OTHER)))
    with app.app_context():
        who = members.by_email("new@example.com").id
        row = db.session.get_one(StaffMember, who)
        assert wraps.open_with_password(who, won) == key_of(app)
        assert passwords.is_password(won, row.password or "")


def test_a_forgotten_password_is_set_anew_and_every_session_ends(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        token = signed_in(sqlite_app, who)
        before = db.session.get_one(StaffMember, who).fs_uniquifier
        link = invitations.invite(who, key_of(sqlite_app), COMMAND_LINE)
        # The link alone ends nothing: whoever makes one for somebody must not lock them out.
        assert sessions.use(token, who) is not None
        invitations.accept(link, "M", OTHER)
        assert sessions.use(token, who) is None
        assert db.session.get_one(StaffMember, who).fs_uniquifier != before
        assert wraps.open_with_password(who, PASSWORD) is None
        assert wraps.open_with_password(who, OTHER) == key_of(sqlite_app)


@pytest.mark.parametrize("lost", [False, True])
def test_the_second_factor_stays_unless_it_was_lost(sqlite_app: Flask, lost: bool) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        row = db.session.get_one(StaffMember, who)
        row.tf_primary_method, row.tf_totp_secret, row.mf_recovery_codes = "authenticator", "secret", ["a", "b"]
        db.session.commit()
        link = invitations.invite(who, key_of(sqlite_app), COMMAND_LINE, new_factor=lost)
        assert members.find(who).second_factor
        invitations.accept(link, "M", OTHER)
        assert members.find(who).second_factor is not lost


def test_without_the_key_somebody_gets_a_password_and_no_copy(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        invitations.accept(invitations.invite(who, None, COMMAND_LINE), "M", OTHER)
        assert not wraps.has_wrap(who)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"password": "short", "again": "short"}, "password", passwords.TOO_SHORT),
        ({"password": "Password1234!", "again": "Password1234!"}, "password", passwords.COMMON),
        ({"password": " herons wade here", "again": " herons wade here"}, "password", passwords.EDGES),
        ({"password": "new@example.com", "again": "new@example.com"}, "password", passwords.PERSONAL),
        ({"again": "something else now"}, "again", "not the same"),
        ({"password": "", "again": ""}, "password", "Choose a password."),
        ({"name": ""}, "name", "Enter your name."),
    ],
)
def test_a_form_that_is_refused_says_why_and_the_link_still_works(
    sqlite_app: Flask, changes: dict[str, str], field: str, said: str
) -> None:
    client = Client(sqlite_app)
    give(client, invited(sqlite_app))
    answer = fill_in(client, **changes)
    assert answer.status == 422  # type: ignore[attr-defined]
    assert said in answer.error(field)  # type: ignore[attr-defined]
    assert OTHER not in answer.text  # type: ignore[attr-defined]
    assert fill_in(client).status == 303  # type: ignore[attr-defined]


def test_what_is_typed_is_checked_on_the_way(sqlite_app: Flask) -> None:
    client, htmx = Client(sqlite_app), {"HX-Request": "true"}
    give(client, invited(sqlite_app))
    said = client.client.post(f"{CODE}/check/password", data={**client.token(), "password": "short"}, headers=htmx)
    assert passwords.TOO_SHORT in said.get_data(as_text=True)
    assert client.client.post(f"{CODE}/check/other", data=client.token()).status_code == 404


def test_neither_log_nor_address_nor_mail_holds_the_token(sqlite_app: Flask, signed_in: SignedIn) -> None:
    lines = io.StringIO()
    for handler in logging.getLogger("site").handlers:
        handler.setStream(lines)  # type: ignore[attr-defined]
    manager = signed_in("manager")
    given = {"email": "new@example.com", "name": "New", "roles": "clinician", "notify": "y"}
    page = manager.post("/staff/people/add", {**manager.token(), **given})
    token = page.document.by_id("invitation-link").text.rpartition("#")[2]
    client = Client(sqlite_app)
    addresses = [give(client, token), fill_in(client).location]  # type: ignore[attr-defined]
    with sqlite_app.app_context():
        mails = [row for row in outbox.newest(10) if row.recipient == "new@example.com"]
        words = "\n".join(part for row in mails for part in render.parts(row))
    assert len(token) == 43
    assert "You are invited" in mails[-1].words.subject
    assert "POST /staff/invitation" in lines.getvalue()
    for text in (lines.getvalue(), *addresses, words):
        assert token not in text


def test_an_invitation_of_somebody_who_left_is_of_no_use(sqlite_app: Flask) -> None:
    token = invited(sqlite_app)
    with sqlite_app.app_context():
        member("boss@example.com")
        members.remove(members.by_email("new@example.com").id, None, COMMAND_LINE)
    assert "was used" in give(Client(sqlite_app), token)


def test_the_database_holds_no_token(sqlite_app: Flask) -> None:
    token = invited(sqlite_app)
    with sqlite_app.app_context():
        for table in db.metadata.sorted_tables:
            assert token not in repr(db.session.execute(select(table)).all())
