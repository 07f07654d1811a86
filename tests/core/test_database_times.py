"""How long a request may keep the database, and that a command may take its time."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core import database
from core.extensions import db
from tests.conftest import build, close
from tests.core.test_database import IMPATIENT, PROMISED, Make, answers, check_kept
from tests.subscriptions.actions import READER


@pytest.mark.postgres
def test_the_times_that_nobody_has_set_add_up_to_what_is_promised(make: Make) -> None:
    settings = make().config["SETTINGS"]
    pool, connect = settings.database_pool_timeout, settings.database_connect_timeout
    together = pool + settings.database_statement_timeout + database.GRACE
    assert together + max(pool, connect) <= PROMISED
    assert settings.database_lock_timeout < settings.database_statement_timeout


@pytest.mark.postgres
def test_commands_may_take_their_time_and_requests_may_not(make: Make) -> None:
    app = make(**IMPATIENT)
    limits = text("SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')")
    for _ in range(2):
        with app.test_request_context("/refer"):
            app.preprocess_request()
            assert db.session.scalar(limits) == "600ms 300ms"
            with pytest.raises(DBAPIError, match="statement timeout"):
                db.session.execute(text("SELECT pg_sleep(60)"))
        with app.app_context():
            assert db.session.scalar(limits) == "0 0"
            db.session.execute(text("SELECT pg_sleep(2.5)"))


@pytest.mark.postgres
def test_many_short_statements_do_not_make_a_long_request(make: Make) -> None:
    app = make(**IMPATIENT)
    with app.test_request_context("/refer"):
        app.preprocess_request()
        with pytest.raises(DBAPIError):
            [db.session.execute(text("SELECT pg_sleep(0.5)")) for _ in range(60)]
        assert database.time_left(60) == 0


def test_a_pool_without_a_free_connection_keeps_what_was_typed(tmp_path: Path, database_url: str) -> None:
    app = build(tmp_path, database_url, DATABASE_POOL_SIZE="1", DATABASE_POOL_TIMEOUT="0.1")
    clinician, data = answers(app)
    with app.app_context(), db.engine.connect():
        check_kept(clinician.post("/refer", data))
        refused = clinician.post("/subscribe", {"email": READER})
        assert refused.status == 503
        assert refused.document.by_id("email").attributes["value"] == READER
    assert clinician.post("/refer", data).status == 303
    close(app)
