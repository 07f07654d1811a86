"""`flask staff`, `flask keys rotate` for the staff, and what the start says about them."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from blueprints.staff import development
from blueprints.staff.keyring import invitations, members, wraps
from blueprints.staff.models import ClinicKey, KeyWrap, StaffMember
from core.audit.models import AuditEvent
from core.audit.trail import THE_SITE
from core.crypto import dev_keys, envelope
from core.crypto.envelope import KeyPair
from core.extensions import db
from core.ops import serving
from tests.builders import PRODUCTION
from tests.conftest import build, close, copy_of
from tests.page import Client
from tests.referrals.test_commands import arrive
from tests.staff.members import OTHER, PASSWORD, key_of, wrapped

ADD = ("staff", "add", "new@example.com", "--name", "Dr. New", "--role", "manager", "--role", "clinician")
CLINIC, RECOVERY = envelope.new_key_pair(), envelope.new_key_pair()


@pytest.fixture
def production(tmp_path: Path, sqlite_tables: Path) -> Flask:
    """The staff's part of a site whose private keys are elsewhere."""
    keys = {"SEALING_PUBLIC_KEYS": f"{CLINIC.public},{RECOVERY.public}", "SITE_PARTS": "staff"}
    return build(tmp_path, copy_of(sqlite_tables, tmp_path), **{**PRODUCTION, **keys})


def run(app: Flask, *command: str, key: str = "") -> Result:
    """With a private key on standard input."""
    file = ("--private-key-file", "-") if key else ()
    return app.test_cli_runner().invoke(args=[*command, *file], input=key)


def token_in(output: str) -> str:
    found = re.search(r"^https?://\S+/staff/invitation#(\S+)$", output, re.MULTILINE)
    assert found, output
    return found[1]


def test_the_first_member_of_a_production_site(production: Flask) -> None:
    with production.app_context():
        (said,) = [line for line in serving.welcome(production) if line.startswith("Staff")]
        assert said == f"Staff: nobody yet. Add the first: {development.FIRST}"
        assert not db.session.scalars(select(StaffMember.id)).all()
    made = run(production, *ADD, key=CLINIC.private)
    assert made.exit_code == 0
    assert CLINIC.private not in made.output
    with production.app_context():
        who = invitations.accept(token_in(made.output), "Dr. New", PASSWORD)
        assert wraps.open_with_password(who, PASSWORD) == CLINIC.private
        assert members.find(who).roles == ("clinician", "manager")
    (said,) = [line for line in serving.welcome(production) if line.startswith("Staff")]
    assert said == "Staff: https://clinic.example/staff/"
    close(production)


def test_nobody_is_added_without_the_clinics_key(production: Flask) -> None:
    other = envelope.new_key_pair().private
    assert "A private key is needed" in run(production, *ADD).output
    assert "SEALING_PUBLIC_KEYS" in run(production, *ADD, key=other).output
    assert "was not kept for it yet" in run(production, *ADD, key=RECOVERY.private).output
    with production.app_context():
        assert not db.session.scalars(select(StaffMember.id)).all()
    close(production)


def test_the_recovery_key_rescues_whoever_forgot_everything(production: Flask) -> None:
    made = run(production, *ADD, key=CLINIC.private)
    with production.app_context():
        who = invitations.accept(token_in(made.output), "Dr. New", PASSWORD)
        row = db.session.get_one(StaffMember, who)
        row.tf_primary_method, row.tf_totp_secret = "authenticator", "lost with the phone"
        db.session.commit()
    assert "Nobody of the staff" in run(production, "staff", "rescue", "x@example.com", key=RECOVERY.private).output
    rescued = run(production, "staff", "rescue", "new@example.com", key=RECOVERY.private)
    with production.app_context():
        invitations.accept(token_in(rescued.output), "Dr. New", OTHER)
        # The clinic's key, and not the recovery key, which stays in its safe.
        assert wraps.open_with_password(who, OTHER) == CLINIC.private
        assert not members.find(who).second_factor
        assert "command line" in db.session.scalars(select(AuditEvent.actor)).all()
    close(production)


def test_everybody_is_listed(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        wrapped(sqlite_app)
    run(sqlite_app, *ADD)
    assert run(sqlite_app, "staff", "list").output.splitlines() == [
        "new@example.com\tDr. New\tclinician, manager\tinvited, has no password yet",
        "m@example.com\tM\tmanager\tinvited, has no password yet",
    ]


def test_an_address_is_added_once(sqlite_app: Flask) -> None:
    run(sqlite_app, *ADD)
    again = run(sqlite_app, *ADD)
    assert again.exit_code == 1
    assert "is of the staff already" in again.output
    assert "is no email address" in run(sqlite_app, "staff", "add", "x", "--name", "X", "--role", "manager").output


def test_somebody_is_removed_after_a_question(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        wrapped(sqlite_app)
        who = wrapped(sqlite_app, "leaver@example.com")
    leave = ("staff", "remove", "leaver@example.com")
    assert sqlite_app.test_cli_runner().invoke(args=leave, input="n\n").exit_code == 1
    with sqlite_app.app_context():
        assert members.find(who).active
    done = run(sqlite_app, *leave, "--yes", "--to", "m@example.com")
    assert "rotate it now" in done.output
    with sqlite_app.app_context():
        assert not wraps.has_wrap(who)
    assert "needs a manager" in run(sqlite_app, "staff", "remove", "m@example.com", "--yes").output


def rotate(app: Flask, folder: Path, new: KeyPair, old: str, *more: str) -> Result:
    app.config["SEALING_PUBLIC_KEYS"] = (new.public, app.config["SEALING_PUBLIC_KEYS"][1])
    files = {"old": old, "new": new.private}
    for name, key in files.items():
        (folder / f"{name}.key").write_text(key)
        (folder / f"{name}.key").chmod(0o600)
    return app.test_cli_runner().invoke(args=["keys", "rotate", "--private-key-file", f"{folder / 'old.key'}", *more])


def test_a_rotation_gives_everybody_the_new_key(sqlite_app: Flask, tmp_path: Path) -> None:
    old, new = key_of(sqlite_app), envelope.new_key_pair()
    arrive(sqlite_app, "routine")
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
    run(sqlite_app, *ADD)
    without = rotate(sqlite_app, tmp_path, new, old)
    assert "1 people carry an earlier key: give --new-private-key-file too." in without.output
    done = rotate(sqlite_app, tmp_path, new, old, "--new-private-key-file", f"{tmp_path / 'new.key'}")
    assert done.exit_code == 0, done.output
    assert "to 2 copies of the old one" in done.output
    with sqlite_app.app_context():
        assert wraps.open_with_password(who, PASSWORD) == new.private
        assert len(db.session.scalars(select(ClinicKey.id)).all()) == 2
    recovery = dev_keys.load_or_create(sqlite_app.config["SETTINGS"].instance).recovery_private_key
    for key in (new.private, recovery):
        assert run(sqlite_app, "keys", "check", key=key).exit_code == 0
    rescued = run(sqlite_app, "staff", "rescue", "m@example.com", key=recovery)
    with sqlite_app.app_context():
        invitations.accept(token_in(rescued.output), "M", OTHER)
        assert wraps.open_with_password(who, OTHER) == new.private


def test_a_key_that_is_none_of_the_sites_is_not_handed_over(sqlite_app: Flask, tmp_path: Path) -> None:
    old, new = key_of(sqlite_app), envelope.new_key_pair()
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
    refused = rotate(sqlite_app, tmp_path, new, old, "--new-private-key-file", f"{tmp_path / 'old.key'}")
    assert refused.exit_code == 1
    assert "is not the clinic's" in refused.output
    with sqlite_app.app_context():
        assert wraps.open_with_password(who, PASSWORD) == old


def line(app: Flask) -> str:
    with app.app_context():
        (said,) = [line for line in serving.welcome(app) if line.startswith("Staff")]
    return said


def test_development_comes_with_somebody_who_may_do_everything(sqlite_app: Flask) -> None:
    said = line(sqlite_app)
    found = re.fullmatch(r"Staff: http://127\.0\.0\.1:5000/staff/ email (\S+) password (\S+)", said)
    assert found
    client = Client(sqlite_app)
    signed = client.post("/staff/sign-in", {**client.token(), "email": found[1], "password": found[2]})
    assert signed.status == 303
    assert client.get("/staff/people").status == 200
    with sqlite_app.app_context():
        who = members.by_email(found[1])
        assert set(who.roles) == {"coordinator", "clinician", "manager"}
        assert wraps.open_with_password(who.id, found[2]) == key_of(sqlite_app)
    file = Path(sqlite_app.instance_path) / development.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert line(sqlite_app) == said


def test_a_new_database_gets_the_same_member_and_new_keys_a_new_copy(sqlite_app: Flask) -> None:
    said = line(sqlite_app)
    with sqlite_app.app_context():
        db.session.execute(KeyWrap.__table__.delete())  # type: ignore[attr-defined]
        db.session.execute(StaffMember.__table__.delete())  # type: ignore[attr-defined]
        db.session.commit()
    assert line(sqlite_app) == said
    new = envelope.new_key_pair()
    sqlite_app.config.update(SEALING_PUBLIC_KEYS=(new.public,), SEALING_PRIVATE_KEY=new.private)
    assert line(sqlite_app) == said
    with sqlite_app.app_context():
        who = members.by_email(development.EMAIL).id
        assert wraps.open_with_password(who, said.rpartition(" ")[2]) == new.private


def test_a_password_that_was_changed_is_not_printed(sqlite_app: Flask) -> None:
    line(sqlite_app)
    with sqlite_app.app_context():
        who = members.by_email(development.EMAIL).id
        invitations.accept(invitations.invite(who, None, THE_SITE), "A", OTHER)
    assert line(sqlite_app).endswith("password (yours)")


def test_the_public_part_says_nothing_of_staff_and_makes_nobody(tmp_path: Path, sqlite_tables: Path) -> None:
    app = build(tmp_path, copy_of(sqlite_tables, tmp_path), SITE_PARTS="public")
    with app.app_context():
        assert not [said for said in serving.welcome(app) if said.startswith("Staff")]
        assert not db.session.scalars(select(StaffMember.id)).all()
        assert Client(app).get("/staff/invitation").status == 404
    close(app)
