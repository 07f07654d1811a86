"""Somebody of the staff leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select, update

from blueprints.referrals.desk import services as desk
from blueprints.referrals.models import Referral
from blueprints.staff.keyring import invitations, members, sessions, wraps
from blueprints.staff.keyring.members import Refused, UnknownMember
from blueprints.staff.models import Invitation, KeyWrap, Passkey, StaffMember, StaffSession
from core.audit import Actor
from core.audit.trail import COMMAND_LINE
from core.extensions import db
from tests.page import Client
from tests.referrals.test_commands import arrive
from tests.staff.conftest import SignedIn
from tests.staff.members import PRF, key_of, member, wrapped
from tests.staff.members import signed_in as session_of
from tests.staff.people import make_member, sign_in
from tests.staff.test_keyring import passkey
from tests.staff.test_people import actions, post


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
            broken.setattr(desk, "hand_over_all", fail)
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
