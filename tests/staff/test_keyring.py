"""Each person's copy of the clinic's key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from blueprints.staff.keyring import kdf, wraps
from blueprints.staff.keyring.kdf import Cost
from blueprints.staff.models import KeyWrap, Passkey
from core import clock
from core.audit.models import AuditEvent
from core.extensions import db
from tests.staff.members import OTHER, PASSWORD, PRF, key_of, wrapped


@pytest.fixture
def desk(sqlite_app: Flask) -> Iterator[Flask]:
    """Within its context."""
    with sqlite_app.app_context():
        yield sqlite_app


def passkey(who: int) -> int:
    now = clock.now()
    moments = {"create_datetime": now, "lastuse_datetime": now}
    kind = {"backup_state": False, "device_type": "single_device", "usage": "first", "name": "laptop"}
    row = Passkey(user_id=who, credential_id=b"%d" % who, public_key=b"p", **moments, **kind)
    db.session.add(row)
    db.session.commit()
    return row.id


@pytest.mark.database_decides
def test_a_password_opens_the_copy_of_its_owner_only(app: Flask) -> None:
    with app.app_context():
        one, two = wrapped(app), wrapped(app, "n@example.com", OTHER)
        assert wraps.open_with_password(one, PASSWORD) == key_of(app)
        assert wraps.open_with_password(two, OTHER) == key_of(app)
        assert wraps.open_with_password(one, OTHER) is None
        assert wraps.open_with_password(99, PASSWORD) is None


def test_a_new_password_replaces_the_old_one(desk: Flask) -> None:
    who = wrapped(desk)
    wraps.add_password_wrap(who, OTHER, key_of(desk))
    db.session.commit()
    assert wraps.open_with_password(who, PASSWORD) is None
    assert wraps.open_with_password(who, OTHER) == key_of(desk)
    assert len(db.session.scalars(select(KeyWrap)).all()) == 1


def test_letters_that_look_the_same_are_the_same_password(desk: Flask) -> None:
    who = wrapped(desk, password="cafe\u0301 in the morning")
    assert wraps.open_with_password(who, "caf\u00e9 in the morning") == key_of(desk)


def test_a_copy_opens_in_its_own_row_only(desk: Flask) -> None:
    """Whoever writes to the database gives nobody another's copy."""
    one, two = wrapped(desk), wrapped(desk, "n@example.com", OTHER)
    db.session.execute(delete(KeyWrap).where(KeyWrap.member_id == two))
    db.session.execute(update(KeyWrap).where(KeyWrap.member_id == one).values(member_id=two))
    db.session.commit()
    assert wraps.open_with_password(two, PASSWORD) is None


@pytest.mark.parametrize("column", ["kdf", "key_id", "salt", "passkey_id"])
def test_each_column_that_says_what_a_copy_is_belongs_to_it(desk: Flask, column: str) -> None:
    who = wrapped(desk)
    changed = {"kdf": "argon2id-16-1-1", "key_id": "0" * 16, "salt": b"s" * 16, "passkey_id": passkey(who)}
    db.session.execute(update(KeyWrap).values({column: changed[column]}))
    db.session.commit()
    assert wraps.open_with_password(who, PASSWORD) is None


@pytest.mark.parametrize(
    "how", ["argon2id-99999999-3-1", "argon2id-8-9999-1", "md5", "argon2id-x-y-z", "argon2id-0-0-0"]
)
def test_a_cost_that_somebody_wrote_into_the_database_stops_nothing(desk: Flask, how: str) -> None:
    who = wrapped(desk)
    db.session.execute(update(KeyWrap).values(kdf=how))
    db.session.commit()
    assert wraps.open_with_password(who, PASSWORD) is None


def test_in_production_a_password_costs_64_mib(desk: Flask) -> None:
    assert str(kdf.STRONG) == "argon2id-65536-3-1"
    del desk.config["STAFF_KEY_COST"]
    who = wrapped(desk)
    assert db.session.scalars(select(KeyWrap.kdf)).one() == "argon2id-65536-3-1"
    assert wraps.open_with_password(who, PASSWORD) == key_of(desk)


def test_a_copy_that_was_made_cheaply_is_made_anew_when_it_opens(desk: Flask) -> None:
    who = wrapped(desk)
    desk.config["STAFF_KEY_COST"] = Cost(memory=16, passes=2)
    assert wraps.open_with_password(who, OTHER) is None
    assert db.session.scalars(select(KeyWrap.kdf)).one() == "argon2id-8-1-1"
    assert wraps.open_with_password(who, PASSWORD) == key_of(desk)
    assert db.session.scalars(select(KeyWrap.kdf)).one() == "argon2id-16-2-1"
    assert wraps.open_with_password(who, PASSWORD) == key_of(desk)


def test_a_passkey_opens_a_copy_of_its_own(desk: Flask) -> None:
    who = wrapped(desk)
    key = passkey(who)
    wraps.add_passkey_wrap(who, key, PRF, key_of(desk))
    db.session.commit()
    assert wraps.open_with_passkey(key, PRF) == key_of(desk)
    assert wraps.open_with_passkey(key, PRF[::-1]) is None
    assert wraps.open_with_passkey(key + 1, PRF) is None
    assert wraps.open_with_password(who, PASSWORD) == key_of(desk)


def test_what_is_no_prf_wraps_and_opens_nothing(desk: Flask) -> None:
    """An empty one would be the same for everybody."""
    who = wrapped(desk)
    key = passkey(who)
    with pytest.raises(ValueError, match="PRF"):
        wraps.add_passkey_wrap(who, key, b"", key_of(desk))
    wraps.add_passkey_wrap(who, key, PRF, key_of(desk))
    db.session.commit()
    assert wraps.open_with_passkey(key, b"") is None


def test_a_passkey_that_is_removed_takes_its_copy_with_it(desk: Flask) -> None:
    who = wrapped(desk)
    key = passkey(who)
    wraps.add_passkey_wrap(who, key, PRF, key_of(desk))
    db.session.commit()
    db.session.execute(delete(Passkey).where(Passkey.id == key))
    db.session.commit()
    assert wraps.open_with_passkey(key, PRF) is None


def test_each_copy_has_its_line_in_the_audit_trail(desk: Flask) -> None:
    who = wrapped(desk)
    lines = [(line.action, line.subject, line.actor) for line in db.session.scalars(select(AuditEvent))]
    assert ("key.wrapped", f"staff:{who}", "m@example.com") in lines


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_changed_copy_opens(desk: Flask, place: int, change: int) -> None:
    row = db.session.scalar(select(KeyWrap))
    who = row.member_id if row else wrapped(desk)
    wraps.add_password_wrap(who, PASSWORD, key_of(desk))
    row = db.session.scalars(select(KeyWrap)).one()
    blob = bytearray(row.blob or b"")
    blob[place % len(blob)] ^= change
    row.blob = bytes(blob)
    db.session.flush()
    assert wraps.open_with_password(who, PASSWORD) is None


@settings(deadline=None, max_examples=30)
@given(st.text(min_size=1), st.text(min_size=1))
def test_two_passwords_never_make_the_same_key(one: str, two: str) -> None:
    cost, salt = Cost(8, 1), b"s" * 16
    try:
        keys = kdf.from_password(one, salt, cost), kdf.from_password(two, salt, cost)
    except UnicodeEncodeError:
        return
    assert (keys[0] == keys[1]) == (kdf.spelled(one) == kdf.spelled(two))
