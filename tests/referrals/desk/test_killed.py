"""A process that is killed in the middle of a change."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from blueprints.referrals.desk import services
from blueprints.referrals.models import Event, Referral, Written
from core.audit.models import AuditEvent
from core.extensions import db
from tests.referrals.desk.people import ANN, EVERYTHING, GIVEN, arrive, keys


def counted() -> tuple[int, ...]:
    db.session.rollback()
    version = db.session.scalar(select(func.sum(Referral.version)))
    acts = (Event.kind.notin_(["submitted"]), Written.id > 0, AuditEvent.subject != "")
    counts = (db.session.scalar(select(func.count()).where(condition)) for condition in acts)
    return (version or 0, *(count or 0 for count in counts))


def killed_at(app: Flask, statement: int, change: Callable[[], None]) -> bool:
    """Whether a process that makes the change was killed before that statement (or, at 0, before its commit)."""
    db.session.remove()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        seen = iter(range(1, 1000))

        def count(*_: Any) -> None:
            if next(seen) == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(db.engine, "before_cursor_execute", count)
        event.listen(db.engine, "commit", count)
        try:
            change()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.database_decides
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_killed_between_any_two_statements_leaves_all_or_nothing(both: Flask) -> None:
    reference = arrive()
    before = counted()
    statement = 1
    while killed_at(both, statement, lambda: services.act(reference, "claim", 1, ANN, EVERYTHING, GIVEN, *keys())):
        assert counted() == before, f"before statement {statement}"
        statement += 1
    assert statement > 4
    assert counted() == (before[0] + 1, before[1] + 1, before[2], before[3] + 1)
    before, statement = counted(), 1
    while killed_at(both, statement, lambda: services.act(reference, "ask", 2, ANN, EVERYTHING, GIVEN, *keys())):
        assert counted() == before, f"before statement {statement}"
        statement += 1
    assert counted() == tuple(number + 1 for number in before)
