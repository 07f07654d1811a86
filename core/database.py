"""How the site speaks to its database, and how long a request waits for it.

A request gives up by itself. PostgreSQL is told the same limits, but a server that is stopped keeps none, and the
kernel under it goes on acknowledging, so that no time-out of TCP fires either. Commands may take their time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, current_app, g, has_app_context, has_request_context, request
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import files
from core.config import Settings

UNAVAILABLE = (DBAPIError, PoolTimeout)
"""What is raised when the database does not answer, cannot be reached, or did not do it. SQLAlchemy gives its errors no
nearer base than SQLAlchemyError, which mistakes of our own are too."""

GRACE = 1.0
"""Seconds for PostgreSQL to say that its own time-out has struck."""
COMMAND_LOCK_TIMEOUT = 60.0
"""Seconds that a command on SQLite waits for others to write."""
IDLE_TIMEOUT = 60.0
"""Seconds after which PostgreSQL releases the locks of a process that was stopped during a transaction."""
# Defaults that DATABASE_URL may override. They detect a lost network; commands have no other timeout.
NETWORK = {
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def engine_options(settings: Settings) -> dict[str, Any]:
    options = {"hide_parameters": True, "pool_pre_ping": True}
    if make_url(settings.database_url).database in (None, "", ":memory:"):
        return options
    pool = {"pool_size": settings.database_pool_size, "max_overflow": 0}
    return {**options, **pool, "pool_timeout": settings.database_pool_timeout}


def init_app(app: Flask, engine: Engine) -> None:
    """Call it after what reads the body: a slow sender does not use up the time of the database."""
    settings: Settings = app.config["SETTINGS"]
    app.before_request(start_request)
    dialect = PostgreSQL if engine.dialect.name == "postgresql" else SQLite
    dialect(settings).listen(engine)


def kind_of(error: Exception) -> str:
    """What the driver calls it; never its text, which may quote a value."""
    return type(getattr(error, "orig", None) or error).__name__


def start_request() -> None:
    settings: Settings = current_app.config["SETTINGS"]
    together = settings.database_pool_timeout + settings.database_statement_timeout + GRACE
    g.database_until = time.monotonic() + together


def in_request() -> bool:
    """Also while a request is torn down, when Flask has no request any more."""
    return has_app_context() and "database_until" in g


def time_left(seconds: float) -> float | None:
    """The part of these seconds that the request still has for the database; None in a command."""
    return max(0.0, min(seconds, g.database_until - time.monotonic())) if in_request() else None


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time."""


class BoundedConnection(psycopg.Connection[Any]):
    """Waits for the server no longer than `patience` in a request, then hangs up."""

    patience = math.inf
    """Seconds for each statement."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, time_left(self.patience) if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            # A late response would be taken for the answer to the next query.
            self.close()
            raise NoAnswer from error


class PostgreSQL:
    def __init__(self, settings: Settings) -> None:
        self.connect_timeout = settings.database_connect_timeout
        self.patience = settings.database_statement_timeout + GRACE
        self.limits = {
            "statement_timeout": settings.database_statement_timeout,
            "lock_timeout": settings.database_lock_timeout,
            "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        }

    def listen(self, engine: Engine) -> None:
        event.listen(engine, "do_connect", self.connect)
        event.listen(engine, "checkout", self.prepare)
        event.listen(engine, "checkin", self.doubt)

    def connect(self, _dialect: Any, _record: Any, args: Any, options: dict[str, Any]) -> BoundedConnection:
        """Ends within DATABASE_CONNECT_TIMEOUT for each address of the server."""
        if time_left(math.inf) == 0:
            raise psycopg.OperationalError("no time is left to connect")
        connect_timeout = math.ceil(self.connect_timeout)
        given = {**NETWORK, "connect_timeout": connect_timeout, **options}
        connection = BoundedConnection.connect(*args, **given)
        connection.patience = self.connect_timeout
        return connection

    def prepare(self, connection: BoundedConnection, record: Any, _proxy: Any) -> None:
        """The server's own limits: those of a request, or none for a command. Said only when they change."""
        of_a_request = in_request()
        if record.info.get("of_a_request", False) != of_a_request:
            connection.autocommit = True
            for name, seconds in self.limits.items():
                value = f"{seconds * 1000:.0f}" if of_a_request else "0"
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            connection.autocommit = False
            record.info["of_a_request"] = of_a_request
        connection.patience = self.patience

    def doubt(self, connection: BoundedConnection | None, _record: Any) -> None:
        """Whether the server lives is asked before the next use, and should be answered at once."""
        if connection is not None:
            connection.patience = self.connect_timeout


class SQLite:
    def __init__(self, settings: Settings) -> None:
        self.lock_timeout = settings.database_lock_timeout

    def listen(self, engine: Engine) -> None:
        if engine.url.database not in (None, "", ":memory:"):
            files.close_to_others(Path(f"{engine.url.database}{suffix}") for suffix in ("", "-wal", "-shm", "-journal"))
        event.listen(engine, "do_connect", self.make_private)
        event.listen(engine, "connect", self.connected)
        event.listen(engine, "checkout", self.prepare)
        event.listen(engine, "begin", self.begin)

    def make_private(self, _dialect: Any, _record: Any, args: Sequence[str], options: dict[str, Any]) -> None:
        """SQLite gives its other files the mode of the first one."""
        if args[0] != ":memory:" and not options.get("uri"):
            files.make_private(Path(args[0]))

    def connected(self, connection: Any, _record: Any) -> None:
        """WAL so that readers never wait, and FULL so that what was acknowledged survives a power cut."""
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def prepare(self, connection: Any, record: Any, _proxy: Any) -> None:
        seconds = self.lock_timeout if in_request() else COMMAND_LOCK_TIMEOUT
        if record.info.get("lock_timeout") != seconds:
            connection.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
            record.info["lock_timeout"] = seconds

    def begin(self, connection: Connection) -> None:
        """SQLite ignores its busy timeout when a transaction reads first and writes later, so a request
        that may write takes the write lock at the start. A connection in autocommit begins nothing."""
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return
        reading = has_request_context() and request.method in ("GET", "HEAD")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
