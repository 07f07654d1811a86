"""A new key of the clinic: who gets it, and who never does. And the key that is kept for the recovery key."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from blueprints.staff.keyring import boxes, invitations, members, rotation, sessions, wraps
from blueprints.staff.keyring.rotation import NotTheKey
from blueprints.staff.models import ClinicKey, KeyWrap, StaffSession
from core.audit.trail import COMMAND_LINE
from core.crypto import dev_keys, envelope
from core.crypto.envelope import Envelope, KeyPair, SealingError
from core.extensions import db
from tests.staff.members import OTHER, PASSWORD, PRF, key_of, member, signed_in, wrapped
from tests.staff.test_keyring import passkey


@pytest.fixture
def desk(sqlite_app: Flask) -> Iterator[Flask]:
    with sqlite_app.app_context():
        yield sqlite_app


def recovery_key(app: Flask) -> str:
    return dev_keys.load_or_create(app.config["SETTINGS"].instance).recovery_private_key


def turn_over(app: Flask) -> KeyPair:
    """The clinic has a new key, which is the first of SEALING_PUBLIC_KEYS."""
    new = envelope.new_key_pair()
    app.config["SEALING_PUBLIC_KEYS"] = (new.public, app.config["SEALING_PUBLIC_KEYS"][1])
    return new


def hand_over(app: Flask) -> KeyPair:
    new = turn_over(app)
    rotation.hand_over(new.private, app.config["SEALING_PUBLIC_KEYS"], COMMAND_LINE)
    return new


@pytest.mark.database_decides
def test_everybody_gets_the_new_key_without_an_invitation(app: Flask) -> None:
    with app.app_context():
        one, two = wrapped(app), wrapped(app, "n@example.com", OTHER)
        new = hand_over(app)
        assert wraps.open_with_password(one, PASSWORD) == new.private
        assert wraps.open_with_password(two, OTHER) == new.private
        assert wraps.open_with_password(two, PASSWORD) is None


def test_a_copy_is_made_anew_at_the_next_sign_in(desk: Flask) -> None:
    who = wrapped(desk)
    new = hand_over(desk)
    keys = desk.config["SEALING_PUBLIC_KEYS"]
    assert rotation.without_new_key(keys) == 0
    assert wraps.open_with_password(who, PASSWORD) == new.private
    db.session.commit()
    row = db.session.scalars(select(KeyWrap)).one()
    assert (row.key_id, row.handed_over) == (envelope.key_id(new.public), None)
    assert wraps.open_with_password(who, PASSWORD) == new.private


def test_passkeys_get_the_new_key_too(desk: Flask) -> None:
    who = wrapped(desk)
    key = passkey(who)
    wraps.add_passkey_wrap(who, key, PRF, key_of(desk))
    db.session.commit()
    new = hand_over(desk)
    for _ in range(2):
        assert wraps.open_with_passkey(key, PRF) == new.private
        db.session.commit()


def test_sessions_and_invitations_carry_the_new_key_at_once(desk: Flask) -> None:
    one, two = wrapped(desk), member("n@example.com")
    token, invitation = signed_in(desk, one), invitations.invite(two, key_of(desk), COMMAND_LINE)
    new = hand_over(desk)
    session = sessions.use(token, one)
    assert session is not None
    assert session.private_key == new.private
    invitations.accept(invitation, "N", OTHER)
    assert wraps.open_with_password(two, OTHER) == new.private


def test_a_key_is_changed_again_before_everybody_has_signed_in(desk: Flask) -> None:
    who = wrapped(desk)
    hand_over(desk)
    newest = hand_over(desk)
    assert wraps.open_with_password(who, PASSWORD) == newest.private


def rows_of(table: type[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in db.session.execute(select(*table.__table__.columns)).mappings()]


def test_whoever_left_gets_no_new_key_with_all_they_may_have_kept(desk: Flask) -> None:
    """They kept a backup of the database, their password and their cookie, and get the database of today."""
    rotation.keep(key_of(desk), desk.config["SEALING_PUBLIC_KEYS"])
    stays, leaver = wrapped(desk, "stays@example.com", OTHER), wrapped(desk)
    token = signed_in(desk, leaver)
    invitations.invite(leaver, key_of(desk), COMMAND_LINE)
    kept = {table: [row for row in rows_of(table) if row["member_id"] == leaver] for table in boxes.TABLES}
    members.remove(leaver, stays, COMMAND_LINE)
    new = hand_over(desk)
    envelopes = [*handed_over(), *kept_for_recovery()]
    assert len(envelopes) == 2
    for private_key in private_keys_inside(kept[StaffSession][0], leaver, token):
        for sealed, context in envelopes:
            with pytest.raises(SealingError):
                envelope.open_envelope(sealed, private_key, context)
    # Nor if they put their old rows back into the database: those carry the old key.
    for table, rows in kept.items():
        db.session.execute(insert(table), rows)
    db.session.commit()
    assert wraps.open_with_password(leaver, PASSWORD) == key_of(desk)
    assert wraps.open_with_password(stays, OTHER) == new.private


def private_keys_inside(row: dict[str, Any], leaver: int, token: str) -> list[str]:
    """What they read out of a row of their own: the old key, and the row's."""
    context = f"clinic/staff/session/v1/{leaver}/{row['token_hash']}"
    inside = envelope.decrypt(envelope.derive(token, "clinic/staff/session/v1/key"), row["blob"], context)
    assert set(inside) == {"clinic", "own"}
    return list(inside.values())


def handed_over() -> Iterator[tuple[Envelope, str]]:
    for table in boxes.TABLES:
        for sealed in db.session.scalars(select(table.handed_over).where(table.handed_over.is_not(None))):
            yield Envelope(b64decode(sealed["blob"]), sealed["wraps"]), boxes.HANDED_OVER


def kept_for_recovery() -> Iterator[tuple[Envelope, str]]:
    """The newest. The one before opens with itself until `flask keys rotate` has rewrapped it."""
    for row in db.session.scalars(select(ClinicKey).order_by(ClinicKey.id.desc()).limit(1)):
        yield Envelope(row.blob, row.wraps), ClinicKey.context(row.public_id)


def test_the_recovery_key_gives_the_key_of_the_clinic(desk: Flask) -> None:
    keys = desk.config["SEALING_PUBLIC_KEYS"]
    with pytest.raises(NotTheKey, match="was not kept for it yet"):
        rotation.clinic_key(recovery_key(desk), keys)
    for _ in range(2):
        rotation.keep(key_of(desk), keys)
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(ClinicKey)) == 1
    assert rotation.clinic_key(recovery_key(desk), keys) == key_of(desk)
    assert rotation.clinic_key(key_of(desk), keys) == key_of(desk)


def test_after_a_rotation_the_recovery_key_gives_the_new_one(desk: Flask) -> None:
    rotation.keep(key_of(desk), desk.config["SEALING_PUBLIC_KEYS"])
    new = hand_over(desk)
    assert rotation.clinic_key(recovery_key(desk), desk.config["SEALING_PUBLIC_KEYS"]) == new.private


def test_another_key_is_neither_kept_nor_handed_over(desk: Flask) -> None:
    keys, other = desk.config["SEALING_PUBLIC_KEYS"], envelope.new_key_pair().private
    who = wrapped(desk)
    for refused in (other, recovery_key(desk)):
        with pytest.raises(NotTheKey):
            rotation.keep(refused, keys)
        with pytest.raises(NotTheKey):
            rotation.hand_over(refused, keys, COMMAND_LINE)
    with pytest.raises(NotTheKey, match="SEALING_PUBLIC_KEYS"):
        rotation.clinic_key(other, keys)
    assert wraps.open_with_password(who, PASSWORD) == key_of(desk)


def test_a_key_that_was_changed_in_the_database_is_not_given(desk: Flask) -> None:
    keys = desk.config["SEALING_PUBLIC_KEYS"]
    rotation.keep(key_of(desk), keys)
    row = db.session.scalars(select(ClinicKey)).one()
    row.blob = row.blob[:-1] + bytes([row.blob[-1] ^ 1])
    db.session.commit()
    with pytest.raises(NotTheKey, match="does not open"):
        rotation.clinic_key(recovery_key(desk), keys)


def test_who_still_carries_an_earlier_key_is_counted(desk: Flask) -> None:
    wrapped(desk)
    turn_over(desk)
    assert rotation.without_new_key(desk.config["SEALING_PUBLIC_KEYS"]) == 1
