"""The pages on which managers look after the people of the staff."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from blueprints.referrals.models import Referral
from blueprints.staff import roles
from blueprints.staff.keyring import invitations, members, open_referrals, sessions, wraps
from blueprints.staff.keyring.members import EmailTaken, Refused, UnknownMember
from blueprints.staff.models import Invitation, KeyWrap, Passkey, StaffMember, StaffSession
from core.audit import Actor
from core.audit.models import AuditEvent
from core.audit.trail import COMMAND_LINE
from core.extensions import db
from core.mail import outbox
from tests.page import Answer, Client
from tests.referrals.test_commands import arrive
from tests.staff.conftest import SignedIn
from tests.staff.members import PRF, key_of, member, wrapped
from tests.staff.members import signed_in as session_of
from tests.staff.people import PASSWORD, make_member, sign_in, signed_in_client
from tests.staff.test_keyring import passkey

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


def test_nobody_removes_themselves(sqlite_app: Flask, signed_in: SignedIn) -> None:
    make_member(sqlite_app, "manager")
    me = make_member(sqlite_app, "manager")
    client = Client(sqlite_app)
    sign_in(client, me)
    assert "If they leave" not in client.get(f"/staff/people/{me.id}").text
    assert "Nobody removes themselves" in post(client, f"/{me.id}/remove", heir="0").error("heir")


@pytest.mark.database_decides
def test_two_managers_who_remove_each_other_at_once_leave_one(app: Flask) -> None:
    with app.app_context():
        both = [member("a@example.com"), member("b@example.com")]
    together = Barrier(2, timeout=30)

    def remove(other: int) -> bool:
        with app.test_request_context(method="POST"):
            together.wait()
            try:
                members.remove(both[other], None, Actor("M", both[1 - other]))
            except (Refused, UnknownMember):
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, range(2))) == [False, True]
    with app.app_context():
        assert len([one for one in members.all_members() if one.active]) == 1


def test_whoever_leaves_leaves_nothing_behind_that_opens_anything(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, leaver = signed_in("manager"), make_member(sqlite_app, "clinician", tf_primary_method="authenticator")
    theirs = Client(sqlite_app)
    sign_in(theirs, leaver)
    with sqlite_app.app_context():
        wraps.add_passkey_wrap(leaver.id, passkey(leaver.id), PRF, key_of(sqlite_app))
        db.session.commit()
        link = invitations.invite(leaver.id, key_of(sqlite_app), COMMAND_LINE)
    page = manager.get(f"/staff/people/{leaver.id}/remove")
    assert "copies of the clinic’s key are deleted" in page.text
    answer = post(manager, f"/{leaver.id}/remove", heir="0")
    assert answer.location == f"/staff/people/{leaver.id}/removed"
    assert "flask keys rotate" in manager.get(answer.location).text
    assert theirs.get("/staff/account").status == 303
    assert sign_in(Client(sqlite_app), leaver).status == 422
    assert manager.get(f"/staff/people/{leaver.id}").status == 404
    with sqlite_app.app_context():
        for table in (KeyWrap, StaffSession, Invitation):
            assert not db.session.scalars(select(table.id).where(table.member_id == leaver.id)).all()
        assert not db.session.scalars(select(Passkey.id)).all()
        row = db.session.get_one(StaffMember, leaver.id)
        assert (row.password, row.tf_totp_secret, row.mf_recovery_codes or None, row.active) == (
            None,
            None,
            None,
            False,
        )
        assert row.name
        assert wraps.open_with_password(leaver.id, leaver.password) is None
        with pytest.raises(invitations.UnknownInvitation):
            invitations.look(link)


@pytest.mark.database_decides
def test_the_open_referrals_of_a_leaver_go_to_their_heir_in_the_same_transaction(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leaver keeps everything if the last step fails."""
    (reference,) = arrive(app, "routine")
    with app.app_context():
        heir = member()
        leaver = wrapped(app, "leaver@example.com")
        token = session_of(app, leaver)
        db.session.execute(update(Referral).values(owner_id=leaver, owner="Leaver"))
        db.session.commit()

        def fail(*_: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as broken:
            broken.setattr(open_referrals, "hand_over", fail)
            with pytest.raises(RuntimeError):
                members.remove(leaver, heir, COMMAND_LINE)
        db.session.rollback()
        assert members.find(leaver).active
        assert wraps.has_wrap(leaver)
        assert sessions.use(token, leaver) is not None
        assert members.remove(leaver, heir, COMMAND_LINE) == 1
        assert db.session.scalars(select(Referral.owner_id)).one() == heir
        assert "referral.hand_over" in actions(reference)
        assert not wraps.has_wrap(leaver)


def test_the_page_asks_who_takes_over(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, leaver = signed_in("manager"), make_member(sqlite_app, "clinician")
    heir = make_member(sqlite_app, "coordinator")
    page = manager.get(f"/staff/people/{leaver.id}/remove")
    choices = {option.attributes["value"] for option in page.document.all("option")}
    assert {"", "0", str(heir.id)} <= choices
    assert str(leaver.id) not in choices
    assert "Choose who takes over" in post(manager, f"/{leaver.id}/remove").error("heir")
    with sqlite_app.app_context():
        members.remove(heir.id, None, COMMAND_LINE)
    assert "Choose one of the answers" in post(manager, f"/{leaver.id}/remove", heir=str(heir.id)).error("heir")
    assert post(manager, f"/{leaver.id}/remove", heir="0").status == 303


def test_whoever_comes_back_gets_their_name_back_and_nothing_else(sqlite_app: Flask, signed_in: SignedIn) -> None:
    manager, leaver = signed_in("manager"), make_member(sqlite_app, "clinician")
    post(manager, f"/{leaver.id}/remove", heir="0")
    assert "Who left" in manager.get("/staff/people").text
    post(manager, "/add", email=leaver.email, name="Back", roles="coordinator")
    with sqlite_app.app_context():
        back = members.by_email(leaver.email)
        assert (back.id, back.roles, back.has_password, back.second_factor) == (
            leaver.id,
            ("coordinator",),
            False,
            False,
        )
    assert sign_in(Client(sqlite_app), leaver).status == 422


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
