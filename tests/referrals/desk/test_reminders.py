"""Mail about late referrals: once for each clock, to the clinic and the owner, and nothing of the patient."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from blueprints.referrals.desk import reminders
from core.extensions import db
from core.mail import render
from core.mail.outbox import Message
from tests.conftest import Wait
from tests.referrals.desk.people import act, arrive, row, write

CLINIC = "desk@example.com"
LATE = timedelta(days=10)


@pytest.fixture
def desk(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def mailed() -> Counter[str]:
    db.session.rollback()
    found = db.session.scalars(select(Message).where(Message.subject == "A referral is late")).all()
    return Counter(message.recipient for message in found)


@pytest.mark.database_decides
def test_each_clock_is_mailed_about_once(desk: Flask, wait: Wait) -> None:
    reference, closed = arrive(), arrive()
    act(closed, "withdraw")
    assert reminders.remind(CLINIC) == 0
    wait(LATE)
    assert (reminders.remind(CLINIC), reminders.remind(CLINIC)) == (1, 0)
    assert mailed() == {CLINIC: 1}
    act(reference, "claim")
    act(reference, "set_priority")
    write(reference)
    assert (reminders.remind(CLINIC), reminders.remind(CLINIC)) == (1, 0)
    assert mailed() == {CLINIC: 2, "ann@example.com": 1}
    act(reference, "ask")
    act(reference, "answered")
    wait(LATE)
    assert reminders.remind(CLINIC) == 0, "the same clock went on"
    act(reference, "accept")
    assert reminders.remind(CLINIC) == 0
    wait(LATE)
    assert reminders.remind(CLINIC) == 1
    act(reference, "release")
    assert reminders.remind(CLINIC) == 0


def test_nothing_is_due_while_the_referrer_is_asked(desk: Flask, wait: Wait) -> None:
    reference = arrive()
    act(reference, "claim")
    act(reference, "ask")
    wait(LATE)
    assert reminders.remind(CLINIC) == 0
    assert row(reference).due_at is None


def test_the_mail_holds_reference_priority_and_link(desk: Flask, wait: Wait) -> None:
    reference = arrive(priority="urgent")
    wait(LATE)
    reminders.remind(CLINIC)
    message = db.session.scalars(select(Message).where(Message.subject == "A referral is late")).one()
    plain, _ = render.parts(message)
    assert f"/staff/referrals/{reference}>" in plain or f"/staff/referrals/{reference}" in plain
    assert "urgent" in plain
    assert "canary" not in plain


@pytest.mark.database_decides
def test_two_reminders_at_once_mail_once(desk: Flask, wait: Wait) -> None:
    for _ in range(6):
        arrive()
    wait(LATE)

    def remind(_: int) -> int:
        with desk.app_context():
            return reminders.remind(CLINIC)

    with ThreadPoolExecutor(2) as at_once:
        assert sum(at_once.map(remind, range(2))) == 6
    assert mailed() == {CLINIC: 6}


@pytest.mark.database_decides
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_killed_reminder_loses_and_repeats_nothing(desk: Flask, wait: Wait) -> None:
    for _ in range(3):
        arrive()
    wait(LATE)
    for statement in range(1, 40):
        db.session.remove()
        child = os.fork()
        if child == 0:
            db.engine.dispose(close=False)
            seen = iter(range(1, 1000))

            def count(*_: Any, at: int = statement, seen: Iterator[int] = seen) -> None:
                if next(seen) == at:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(db.engine, "before_cursor_execute", count)
            event.listen(db.engine, "commit", count)
            try:
                reminders.remind(CLINIC)
            finally:
                os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            break
    assert mailed() == {CLINIC: 3}


def test_the_command_says_that_nobody_is_told(desk: Flask, wait: Wait) -> None:
    arrive()
    wait(LATE)
    db.session.remove()
    done = desk.test_cli_runner().invoke(args=["referrals", "remind"])
    assert done.stdout == "reminded of 1 referrals\n"
    assert "no [referrals] email" in done.stderr
