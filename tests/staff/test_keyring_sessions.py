"""The sessions that carry the clinic's key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from blueprints.staff.keyring import sessions
from blueprints.staff.models import StaffMember, StaffSession
from core import clock
from core.extensions import db
from tests.conftest import Wait, build, close
from tests.staff.members import key_of, signed_in, wrapped

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.database_decides
def test_a_session_is_of_use_once_all_factors_are_done(app: Flask) -> None:
    with app.app_context():
        who = wrapped(app)
        token = sessions.begin(who, key_of(app))
        assert sessions.use(token, who) is None
        sessions.complete(token, who)
        session = sessions.use(token, who)
        assert session is not None
        assert session.private_key == key_of(app)
        assert key_of(app) not in repr(session)
        assert db.session.scalars(select(StaffMember.signed_in_at)).one() is not None


@pytest.mark.database_decides
def test_a_session_is_of_use_to_its_own_person_with_its_own_token(app: Flask) -> None:
    with app.app_context():
        one, two = wrapped(app), wrapped(app, "n@example.com")
        token, other = signed_in(app, one), signed_in(app, two)
        assert sessions.use(token, two) is None
        assert sessions.use(other, one) is None
        assert sessions.use(token + "x", one) is None
        assert sessions.use("", one) is None
        sessions.complete(token, two)
        sessions.end(token)
        assert sessions.use(token, one) is None
        assert sessions.use(other, two) is not None


def test_a_key_that_was_moved_into_another_session_does_not_open(sqlite_app: Flask) -> None:
    """Somebody who writes to the database, and may sign in as a person without the key."""
    with sqlite_app.app_context():
        one, two = wrapped(sqlite_app), wrapped(sqlite_app, "n@example.com")
        signed_in(sqlite_app, one)
        mine = sessions.begin(two, None)
        sessions.complete(mine, two)
        blob = db.session.scalar(select(StaffSession.blob).where(StaffSession.member_id == one))
        db.session.execute(update(StaffSession).where(StaffSession.member_id == two).values(blob=blob))
        db.session.commit()
        found = sessions.use(mine, two)
        assert found is not None
        assert found.private_key is None


@pytest.mark.database_decides
def test_it_ends_after_fifteen_idle_minutes(app: Flask, wait: Wait) -> None:
    with app.app_context():
        who = wrapped(app)
        token = signed_in(app, who)
        for _ in range(3):
            wait(14 * MINUTE)
            session = sessions.use(token, who)
            assert session is not None
            assert session.expires_at == clock.now() + 15 * MINUTE
        wait(15 * MINUTE)
        assert sessions.use(token, who) is None


def test_it_ends_after_twelve_hours_whatever_is_done(sqlite_app: Flask, wait: Wait) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        token = signed_in(sqlite_app, who)
        until = clock.now() + 12 * HOUR
        for _ in range(71):
            wait(10 * MINUTE)
            session = sessions.use(token, who)
            assert session is not None
            assert session.expires_at <= until
        wait(10 * MINUTE)
        assert sessions.use(token, who) is None


def test_one_that_is_not_complete_in_time_never_is(sqlite_app: Flask, wait: Wait) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        token = sessions.begin(who, key_of(sqlite_app))
        wait(16 * MINUTE)
        sessions.complete(token, who)
        assert sessions.use(token, who) is None


def test_that_it_was_seen_is_written_once_a_minute(sqlite_app: Flask, wait: Wait) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        token = signed_in(sqlite_app, who)
        seen = []
        for _ in range(4):
            wait(timedelta(seconds=40))
            sessions.use(token, who)
            seen.append(db.session.scalars(select(StaffSession.seen_at)).one())
        assert seen[0] < seen[1] == seen[2] < seen[3]


def test_a_session_without_the_key_can_be_unlocked(sqlite_app: Flask) -> None:
    """Somebody who signed in with a passkey that has no PRF enters their password later."""
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        token = sessions.begin(who, None)
        sessions.complete(token, who)
        locked = sessions.use(token, who)
        assert locked is not None
        assert locked.private_key is None
        sessions.unlock(token, who + 1, key_of(sqlite_app))
        sessions.unlock(token, who, key_of(sqlite_app))
        unlocked = sessions.use(token, who)
        assert unlocked is not None
        assert unlocked.private_key == key_of(sqlite_app)


def test_all_sessions_of_somebody_end_but_the_one_at_hand(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        who, other = wrapped(sqlite_app), wrapped(sqlite_app, "n@example.com")
        here, there, theirs = (signed_in(sqlite_app, person) for person in (who, who, other))
        sessions.end_all(who, but=here)
        assert sessions.use(here, who) is not None
        assert sessions.use(there, who) is None
        sessions.end_all(who)
        assert sessions.use(here, who) is None
        assert sessions.use(theirs, other) is not None


def test_sessions_that_are_over_are_deleted_with_the_next_sign_in(sqlite_app: Flask, wait: Wait) -> None:
    with sqlite_app.app_context():
        who = wrapped(sqlite_app)
        signed_in(sqlite_app, who)
        wait(16 * MINUTE)
        signed_in(sqlite_app, who)
        assert db.session.scalar(select(func.count()).select_from(StaffSession)) == 1


@pytest.mark.database_decides
def test_a_session_is_used_by_many_requests_at_once(app: Flask, wait: Wait) -> None:
    """All of them would note that it was seen."""
    with app.app_context():
        who = wrapped(app)
        token = signed_in(app, who)
    wait(2 * MINUTE)
    together = Barrier(8, timeout=30)

    def use(_number: int) -> str | None:
        with app.app_context():
            together.wait()
            session = sessions.use(token, who)
            return session.private_key if session else None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [key_of(app)] * 8


def test_whoever_signs_out_is_out_also_while_another_request_uses_the_session(app: Flask, wait: Wait) -> None:
    with app.app_context():
        who = wrapped(app)
        token = signed_in(app, who)
    wait(2 * MINUTE)

    def use(_number: int) -> None:
        with app.app_context():
            sessions.use(token, who)

    def end() -> None:
        with app.app_context():
            sessions.end(token)

    with ThreadPoolExecutor(5) as pool:
        work = [*(pool.submit(use, number) for number in range(4)), pool.submit(end)]
        for done in work:
            done.result()
    with app.app_context():
        assert sessions.use(token, who) is None


@pytest.mark.database_decides
def test_a_session_of_one_server_works_on_another(app: Flask, tmp_path: Path, database_url: str) -> None:
    """They share the database and the settings, and no memory: it survives a restart too."""
    settings_of = app.config["SETTINGS"]
    keys = {
        "SECRET_KEY": settings_of.secret_key,
        "SEALING_PUBLIC_KEYS": ",".join(settings_of.sealing_public_keys),
    }
    other = build(tmp_path / "other", database_url, **keys)
    assert not other.config["SEALING_PRIVATE_KEY"]
    with app.app_context():
        who = wrapped(app)
        token = signed_in(app, who)
    with other.app_context():
        session = sessions.use(token, who)
        assert session is not None
        assert session.private_key == key_of(app)
        sessions.end(token)
    with app.app_context():
        assert sessions.use(token, who) is None
    close(other)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=st.lists(st.integers(0, 20 * 60) | st.integers(13 * 60, 15 * 60), max_size=12))
def test_a_session_lives_as_its_rules_say(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, pauses: list[int]
) -> None:
    """Beside a tiny model: it was seen when something was done at least a minute after it was last seen."""
    now = clock.now()
    with sqlite_app.app_context(), monkeypatch.context() as patch:
        who = db.session.scalar(select(StaffMember.id)) or wrapped(sqlite_app)
        patch.setattr(clock, "now", lambda: now)
        token = signed_in(sqlite_app, who)
        begun, seen, alive = now, now, True
        for pause in pauses:
            now += timedelta(seconds=pause)
            alive = alive and now - seen < 15 * MINUTE and now - begun < 12 * HOUR
            seen = now if alive and now - seen >= MINUTE else seen
            session = sessions.use(token, who)
            assert (session is not None) == alive
            if session is not None:
                assert session.expires_at == min(seen + 15 * MINUTE, begun + 12 * HOUR)
