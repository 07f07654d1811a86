"""What two do at the same moment, as PostgreSQL decides it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event

from blueprints.subscriptions import services
from core.extensions import db
from tests.page import Client
from tests.subscriptions.actions import confirmed, states, subjects, subscribe

pytestmark = [
    pytest.mark.database_decides,
    pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True),
]


def test_an_address_that_signs_up_twice_at_once_is_kept_once(app: Flask) -> None:
    """Both look for it before either has kept it."""
    together = Barrier(2, timeout=30)

    def meet(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO subscribers"):
            together.wait()

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", meet)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: subscribe(Client(app)).location, range(2)))
    assert answers == ["/subscribe/thanks"] * 2
    assert states(app) == ["pending"]
    assert subjects(app) == ["Please confirm your subscription"]


def test_nobody_leaves_while_a_newsletter_is_queued_and_two_may_queue(
    app: Flask, client: Client, database_url: str
) -> None:
    confirmed(app, client)
    rows = "SELECT id FROM subscribers FOR {} NOWAIT"
    with app.app_context(), psycopg.connect(database_url, autocommit=True) as other:
        assert len(services.readers(0, 10)) == 1
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(rows.format("UPDATE"))
        assert other.execute(rows.format("SHARE")).fetchall()
        db.session.rollback()
        assert other.execute(rows.format("UPDATE")).fetchall()
