"""Referrals from before the desk become new ones, whose clock runs since they were received."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.referrals.desk import reminders, worklist
from blueprints.referrals.desk.worklist import View
from core.crypto import envelope
from core.extensions import db
from tests.referrals.desk.people import ANN, act, arrive, row

FRIDAY = datetime(2026, 11, 20, 22, tzinfo=UTC)


@pytest.mark.database_decides
def test_older_referrals_are_new_and_late_without_a_flood_of_mail(app: Flask) -> None:
    with app.app_context():
        urgent, routine, recent = arrive(priority="urgent"), arrive(), arrive()
        for reference in (urgent, routine):
            set_received(reference)
        db.session.remove()
        flask_migrate.downgrade(revision="20261125_staff")
        assert {status for (status,) in db.session.execute(text("SELECT status FROM referrals"))} == {"submitted"}
        db.session.remove()
        flask_migrate.upgrade()
        assert [row(each).status for each in (urgent, routine, recent)] == ["new"] * 3
        assert row(urgent).due_at == datetime(2026, 11, 23, 2, tzinfo=UTC)
        assert row(routine).due_at == FRIDAY + timedelta(days=3), "over the weekend"
        assert (row(routine).clock_started_at, row(routine).urgency) == (FRIDAY, "routine")
        assert reminders.remind("desk@example.com") == 0
        page = worklist.rows(View.NOBODYS, ANN, envelope.new_key_pair().private)
        assert [line.reference for line in page.rows] == [urgent, routine, recent]
        act(routine, "claim")
        assert row(routine).clock == "decide"


def set_received(reference: str) -> None:
    moment = FRIDAY if db.engine.dialect.name == "postgresql" else f"{FRIDAY:%Y-%m-%d %H:%M:%S}.000000"
    values = {"moment": moment, "reference": reference}
    db.session.execute(text("UPDATE referrals SET received_at = :moment WHERE reference = :reference"), values)
    db.session.commit()
