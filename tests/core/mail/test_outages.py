"""A database that is away, at the start of a worker or in its middle: nothing is lost, and it is said in one line."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, make_url, text

from core import clock
from core.extensions import db
from core.mail import commands, outbox, worker
from tests import proxy
from tests.conftest import Wait, build, close
from tests.needs import POSTGRES
from tests.postbox import Postbox, listening

AWAY = "The database cannot be reached ("
KEPT = "); the mail is kept."


class Locked:
    """Somebody else writes to the file and does not end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.other = sqlite3.connect(str(make_url(url).database), isolation_level=None, check_same_thread=False)

    def cut(self) -> None:
        self.other.execute("BEGIN IMMEDIATE")

    def restore(self) -> None:
        self.other.execute("ROLLBACK")


class Restarting:
    """PostgreSQL ends every connection, and takes none for a while."""

    def __init__(self, url: str, between: proxy.Proxy) -> None:
        self.url = make_url(url).set(host="127.0.0.1", port=between.port).render_as_string(False)
        self.between, self.name = between, make_url(url).database
        self.restore = between.open

    def cut(self) -> None:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            theirs = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(theirs, (self.name,))
        self.between.cut()


Database = Locked | Restarting


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    if database_url.startswith("sqlite"):
        locked = Locked(database_url)
        yield locked
        locked.other.close()
        return
    server = make_url(database_url)
    with proxy.before(server.host or "127.0.0.1", server.port or 5432) as between:
        yield Restarting(database_url, between)


@pytest.fixture
def app(tmp_path: Path, database: Database) -> Iterator[Flask]:
    application = build(tmp_path, database.url)
    with application.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout=50"))
    yield application
    close(application)


@pytest.fixture
def postbox(app: Flask) -> Iterator[Postbox]:
    with listening(Postbox()) as box:
        app.config["MAIL_URL"] = box.url
        yield box


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)


@pytest.fixture
def watch(app: Flask, monkeypatch: pytest.MonkeyPatch, wait: Wait) -> Callable[[Callable[[int], bool]], Any]:
    """`flask outbox send --watch`. Each of its pauses is over at once, and the function, which gets their number so
    far, says whether it was the last."""

    def run(last: Callable[[int], bool]) -> Any:
        waits: list[float] = []

        class Stop(threading.Event):
            def wait(self, seconds: float | None = None) -> bool:
                waits.append(seconds or 0)
                wait(timedelta(seconds=seconds or 0))
                return last(len(waits))

        monkeypatch.setattr(commands, "stopped_by_signal", lambda: nullcontext(Stop()))
        result = app.test_cli_runner().invoke(args=["outbox", "send", "--watch"])
        assert result.exception is None, result.output
        return waits, result.output.splitlines()

    return run


def put(app: Flask, singles: int = 1, broadcasts: int = 12) -> None:
    now = clock.now()
    with app.app_context():
        for n in range(singles):
            outbox.enqueue(f"s{n}@example.com", "Subject", "email/confirm.md", confirm_link="c", leave_link="l")
        words = outbox.Broadcast(name="news", subject="News", body="Hello", headers={})
        for n in range(broadcasts):
            row = outbox.Message(id=f"c{n}", recipient=f"c{n}@example.com", broadcast=words, created_at=now, due_at=now)
            row.subject, row.body, row.headers = "", "", {}
            db.session.add(row)
        db.session.commit()


def statuses(app: Flask) -> Counter[str]:
    with app.app_context():
        return Counter(db.session.scalars(text("SELECT status FROM outbox")))


def cut_at(postbox: Postbox, database: Database, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the mail server has this message in hand."""
    take = Postbox.handle_DATA

    async def handle(*arguments: Any) -> str:
        answer = await take(postbox, *arguments)
        if len(postbox.received) == number:
            database.cut()
        return answer

    monkeypatch.setattr(postbox, "handle_DATA", handle)


def test_a_watching_worker_waits_for_a_database_that_is_away(
    app: Flask, postbox: Postbox, database: Database, watch: Callable[..., Any]
) -> None:
    put(app)
    database.cut()

    def last(number: int) -> bool:
        if number == 7:
            database.restore()
        return number == 8

    waits, said = watch(last)
    assert waits == [10, 20, 40, 60, 60, 60, 60, commands.POLL_INTERVAL]
    # It was tried after 0, 10, 30, 70, 130, 190 and 250 seconds, and said once a minute.
    assert [line.startswith(AWAY) and line.endswith(KEPT) for line in said] == [True] * 5 + [False]
    assert said[-1] == "13 sent"
    assert statuses(app) == {"sent": 13}


@pytest.mark.parametrize("at", [1, 5])
def test_a_watching_worker_goes_on_where_a_database_left_it(
    app: Flask,
    postbox: Postbox,
    database: Database,
    watch: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    at: int,
) -> None:
    """What went out before it could be noted is noted then, and not sent again."""
    put(app)
    cut_at(postbox, database, at, monkeypatch)

    def last(number: int) -> bool:
        if number == 2:
            database.restore()
        return number == 3

    waits, said = watch(last)
    assert waits == [10, 20, commands.POLL_INTERVAL]
    assert said[0].startswith(AWAY)
    assert len(said) == 2
    assert statuses(app) == {"sent": 13}
    assert Counter(postbox.ids).most_common(1)[0][1] == 1
    assert len(postbox.ids) == 13


@pytest.mark.parametrize("at", [0, 1, 5])
def test_without_watching_it_is_an_error_in_one_line_and_nothing_is_lost(
    app: Flask, postbox: Postbox, database: Database, monkeypatch: pytest.MonkeyPatch, wait: Wait, at: int
) -> None:
    put(app)
    if at:
        cut_at(postbox, database, at, monkeypatch)
    else:
        database.cut()
    run = app.test_cli_runner().invoke
    result = run(args=["outbox", "send"])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: {AWAY}")
    assert line.endswith(KEPT)
    database.restore()
    monkeypatch.undo()
    later = clock.now() + 2 * worker.CLAIM
    monkeypatch.setattr(clock, "now", lambda: later)
    assert run(args=["outbox", "send"]).exit_code == 0
    assert statuses(app) == {"sent": 13}
    assert len(set(postbox.ids)) == 13


@pytest.mark.parametrize(
    "command",
    [
        ["outbox", "list"],
        ["outbox", "retry", "--all"],
        ["newsletter", "test", "content/newsletters/2026-12-new-pages.md", "me@example.com"],
    ],
)
def test_every_command_says_so_in_one_line(app: Flask, database: Database, command: list[str]) -> None:
    database.cut()
    result = app.test_cli_runner().invoke(args=command)
    database.restore()
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: {AWAY}")


def test_a_file_that_is_not_there_is_a_database_that_is_away(sqlite_app: Flask, free: int) -> None:
    sqlite_app.config["MAIL_URL"] = f"smtp://127.0.0.1:{free}"
    close(sqlite_app)
    file = Path(make_url(sqlite_app.config["SQLALCHEMY_DATABASE_URI"]).database or "")
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    result = sqlite_app.test_cli_runner().invoke(args=["outbox", "send"])
    file.rmdir()
    kept.rename(file)
    assert (result.exit_code, result.output) == (1, f"Error: {AWAY}OperationalError{KEPT}\n")


def test_a_receiver_that_fails_stops_neither_the_worker_nor_the_others(
    app: Flask, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def fail(_sender: object, recipient: str) -> None:
        db.session.execute(text("SELECT nothing FROM nowhere"))

    def mistake(_sender: object, recipient: str) -> None:
        raise ValueError(recipient)

    def hear(_sender: object, recipient: str) -> None:
        heard.append(recipient)

    put(app, singles=2, broadcasts=1)
    postbox.recipient_says = "550 5.1.1 unknown"
    with (
        outbox.refused.connected_to(fail),
        outbox.refused.connected_to(mistake),
        outbox.refused.connected_to(hear),
    ):
        assert app.test_cli_runner().invoke(args=["outbox", "send"]).exit_code == 0
    assert sorted(heard) == ["c0@example.com", "s0@example.com", "s1@example.com"]
    assert statuses(app) == {"failed": 3}
    assert "a receiver of outbox.refused failed: ValueError" in caplog.text
    assert "@example.com" not in caplog.text
