"""The pages on which managers look after the people of the staff."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.staff import roles
from blueprints.staff.keyring import invitations, members, sessions, wraps
from blueprints.staff.keyring.members import EmailTaken, UnknownMember
from blueprints.staff.models import Invitation
from core.audit.models import AuditEvent
from core.audit.trail import COMMAND_LINE
from core.extensions import db
from core.mail import outbox
from tests.page import Answer, Client
from tests.staff.conftest import SignedIn
from tests.staff.members import key_of, member, wrapped
from tests.staff.members import signed_in as session_of
from tests.staff.people import PASSWORD, make_member, sign_in, signed_in_client

GIVEN = {"email": "new@example.com", "name": "Dr. New", "roles": "clinician"}


def post(client: Client, path: str, **answers: object) -> Answer:
    return client.post(f"/staff/people{path}", {**client.token(), **answers})


def actions(subject: str) -> list[str]:
    events = select(AuditEvent.action).where(AuditEvent.subject == subject).order_by(AuditEvent.id)
    return list(db.session.scalars(events))


def test_everybody_is_listed_with_what_a_manager_wants_to_know(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager = signed_in("manager")
    make_member(sqlite_app, "clinician", "coordinator", email="both@example.com", tf_primary_method="authenticator")
    page = manager.get("/staff/people")
    assert page.status == 200
    rows = [" ".join(row.text.split()) for row in page.document.all("tr")]
    (row,) = [row for row in rows if "both@example.com" in row]
    assert row.endswith("clinician, coordinator yes never")
    (own,) = [row for row in rows if "(you)" in row]
    assert "never" not in own


@pytest.mark.parametrize("role", [roles.COORDINATOR, roles.CLINICIAN])
def test_the_pages_are_for_managers_only(sqlite_app: Flask, signed_in: SignedIn, role: str) -> None:
    who, client = make_member(sqlite_app, "clinician").id, signed_in(role)
    for path in ("", "/add", f"/{who}", f"/{who}/remove", f"/{who}/removed"):
        assert client.get(f"/staff/people{path}").status == 403
    for path in ("/add", f"/{who}/roles", f"/{who}/invite", f"/{who}/remove", "/check/email"):
        assert post(client, path, **{**GIVEN, "roles": "manager"}).status == 403


def test_somebody_is_invited_and_the_link_is_shown_once(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager = signed_in("manager")
    assert manager.get("/staff/people/add").status == 200
    page = post(manager, "/add", **GIVEN, notify="y")
    link = page.document.by_id("invitation-link").text
    assert link.startswith("http://127.0.0.1:5000/staff/invitation#")
    assert link not in manager.get("/staff/people").text
    with sqlite_app.app_context():
        who = members.by_email("new@example.com")
        assert (who.name, who.roles, who.has_password) == ("Dr. New", ("clinician",), False)
        assert [row.recipient for row in outbox.newest(5)] == ["new@example.com"]
        assert actions(f"staff:{who.id}") == ["staff.added", "staff.invited"]
        invitations.accept(link.rpartition("#")[2], "Dr. New", PASSWORD)
        assert wraps.open_with_password(who.id, PASSWORD) == key_of(sqlite_app)


def test_nobody_is_written_to_unless_asked(sqlite_app: Flask, signed_in: SignedIn) -> None:
    post(signed_in("manager"), "/add", **GIVEN)
    with sqlite_app.app_context():
        assert [row for row in outbox.newest(5) if row.recipient == "new@example.com"] == []


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"email": ""}, "email", "Enter their email address."),
        ({"email": "new"}, "email", "correct format"),
        ({"name": ""}, "name", "Enter their name."),
        ({"roles": "owner"}, "roles", "Choose one of the answers"),
        ({"roles": []}, "roles", "Choose at least one role."),
        ({"email": "There@Example.com"}, "email", "there@example.com is of the staff already."),
    ],
)
def test_a_form_that_is_refused_comes_back_filled(
    sqlite_app: Flask, signed_in: SignedIn, changes: dict[str, object], field: str, said: str
) -> None:
    make_member(sqlite_app, "clinician", email="there@example.com")
    page = post(signed_in("manager"), "/add", **{**GIVEN, **changes})
    assert page.status == 422
    assert said in page.error("person-email" if field == "email" else field)
    if "name" not in changes:
        assert page.document.by_id("name").attributes["value"] == "Dr. New"
    with sqlite_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0


def test_an_address_is_checked_on_the_way(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, htmx = signed_in("manager"), {"HX-Request": "true"}
    for path, field, value in (("email", "email", "x"), ("heir", "heir", "99")):
        given = {**manager.token(), field: value, "strict": "1"}
        answer = manager.client.post(f"/staff/people/check/{path}", data=given, headers=htmx)
        assert "Error:" in answer.get_data(as_text=True)
    assert manager.client.post("/staff/people/check/x", data=manager.token(), headers=htmx).status_code == 404


def test_a_manager_whose_key_is_locked_invites_nobody(sqlite_app: Flask, signed_in: SignedIn) -> None:
    page = post(signed_in("manager", key=None), "/add", **GIVEN)
    assert page.status == 401
    with sqlite_app.app_context(), pytest.raises(UnknownMember):
        members.by_email("new@example.com")


def test_roles_are_changed_and_the_person_signs_in_again(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, clinician = signed_in("manager"), make_member(sqlite_app, "clinician")
    theirs = Client(sqlite_app)
    sign_in(theirs, clinician)
    assert theirs.get("/staff/account").status == 200
    assert manager.get(f"/staff/people/{clinician.id}").document.by_id("roles-1").attributes.get("checked") is not None
    answer = post(manager, f"/{clinician.id}/roles", roles=["coordinator", "manager"])
    assert (answer.status, answer.location) == (303, f"/staff/people/{clinician.id}")
    assert theirs.get("/staff/account").status == 303
    with sqlite_app.app_context():
        assert members.find(clinician.id).roles == ("coordinator", "manager")
        assert actions(f"staff:{clinician.id}")[-1] == "staff.roles_changed"
    assert sign_in(Client(sqlite_app), clinician).status == 303


def test_roles_that_stay_as_they_are_end_nothing(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, clinician = signed_in("manager"), make_member(sqlite_app, "clinician")
    theirs = Client(sqlite_app)
    sign_in(theirs, clinician)
    post(manager, f"/{clinician.id}/roles", roles="clinician")
    assert theirs.get("/staff/account").status == 200


@pytest.mark.parametrize(("path", "field"), [("roles", "roles"), ("remove", "heir")])
def test_the_last_manager_stays_one(sqlite_app: Flask, path: str, field: str) -> None:
    """Also if whoever asks is a manager no more by then."""
    someone = make_member(sqlite_app, "manager")
    client = Client(sqlite_app)
    sign_in(client, someone)
    page = post(client, f"/{someone.id}/{path}", roles="clinician", heir="0")
    assert page.status == 422
    assert "manager" in page.error(field)
    with sqlite_app.app_context():
        assert members.find(someone.id).roles == ("manager",)


def test_a_new_link_for_somebody_who_forgot_their_password(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, forgetful = signed_in("manager"), make_member(sqlite_app, "clinician", tf_primary_method="authenticator")
    page = post(manager, f"/{forgetful.id}/invite", new_factor="y")
    token = page.document.by_id("invitation-link").text.rpartition("#")[2]
    with sqlite_app.app_context():
        assert members.find(forgetful.id).second_factor
        invitations.accept(token, "F", "four brown bears hum")
        assert not members.find(forgetful.id).second_factor
    assert sign_in(Client(sqlite_app), forgetful, "four brown bears hum").status == 303


@pytest.mark.database_decides
def test_an_address_that_two_managers_add_at_once_is_there_once(app: Flask) -> None:
    together = Barrier(2, timeout=30)

    def add(_number: int) -> bool:
        with app.test_request_context(method="POST"):
            together.wait()
            try:
                members.add("new@example.com", "N", ("clinician",), COMMAND_LINE)
            except EmailTaken:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(add, range(2))) == [False, True]


def test_managers_of_the_second_server_see_who_was_added_on_the_first(app: Flask) -> None:
    manager = signed_in_client(app, "manager")
    post(manager, "/add", **GIVEN)
    assert "new@example.com" in signed_in_client(app, "manager").get("/staff/people").text


def test_sessions_end_with_a_change_of_roles(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        member()
        who = wrapped(sqlite_app, "n@example.com")
        token = session_of(sqlite_app, who)
        members.change_roles(who, ("coordinator",), COMMAND_LINE)
        assert sessions.use(token, who) is None
