"""Database connections, and how long a request waits for them.

The client enforces the timeouts itself. PostgreSQL is given the same limits, but a frozen server does not enforce them,
and its kernel goes on acknowledging packets, so that no TCP timeout fires either. Commands have no such limits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from flask import Flask, current_app, g, has_app_context, has_request_context, request
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core import files
from core.config import Settings

UNAVAILABLE = (DBAPIError, PoolTimeout)
"""Raised when the database cannot be reached, does not respond in time or rejects a statement. Their common base,
SQLAlchemyError, is too wide: it includes programming errors of our own."""

View = TypeVar("View", bound=Callable[..., Any])

GRACE = 1.0
"""Extra seconds for PostgreSQL to report that its own timeout has expired."""
COMMAND_LOCK_TIMEOUT = 60.0
"""Seconds that a command on SQLite waits for the write lock."""
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
    """Call this after the module that reads request bodies, so that a slow sender does not use up the database time."""
    settings: Settings = app.config["SETTINGS"]
    app.before_request(start_request)
    dialect = PostgreSQL if engine.dialect.name == "postgresql" else SQLite
    dialect(settings).listen(engine)


def writes(view: View) -> View:
    """Marks a view that answers GET and writes all the same, because reading itself is recorded (core/audit)."""
    view.writes = True  # type: ignore[attr-defined]
    return view


def only_reads() -> bool:
    """Whether the request is a GET or HEAD whose view is not marked with `writes`. False in a command."""
    if not has_request_context() or request.method not in ("GET", "HEAD"):
        return False
    return not getattr(current_app.view_functions.get(request.endpoint or ""), "writes", False)


def kind_of(error: Exception) -> str:
    """The driver's exception class; never its message, which may quote a value."""
    return type(getattr(error, "orig", None) or error).__name__


def start_request() -> None:
    settings: Settings = current_app.config["SETTINGS"]
    budget = settings.database_pool_timeout + settings.database_statement_timeout + GRACE
    g.database_until = time.monotonic() + budget


def in_request() -> bool:
    """Also true during teardown, when Flask's request is gone already."""
    return has_app_context() and "database_until" in g


def time_left(seconds: float) -> float | None:
    """`seconds`, or what is left of the request's database time if that is less; None in a command (no limit)."""
    return max(0.0, min(seconds, g.database_until - time.monotonic())) if in_request() else None


class NoAnswer(psycopg.OperationalError):
    """The server did not answer in time."""


class BoundedConnection(psycopg.Connection[Any]):
    """In a request, waits at most `patience` for the server, then closes the connection."""

    patience = math.inf
    """Seconds for each statement."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, time_left(self.patience) if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            # If it stayed open, a late response would be read as the result of the next query.
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
        event.listen(engine, "checkin", self.shorten_patience)

    def connect(self, _dialect: Any, _record: Any, args: Any, options: dict[str, Any]) -> BoundedConnection:
        """Gives up after DATABASE_CONNECT_TIMEOUT for each IP address of the server."""
        if time_left(math.inf) == 0:
            raise psycopg.OperationalError("no time is left to connect")
        connect_timeout = math.ceil(self.connect_timeout)
        given = {**NETWORK, "connect_timeout": connect_timeout, **options}
        connection = BoundedConnection.connect(*args, **given)
        connection.patience = self.connect_timeout
        return connection

    def prepare(self, connection: BoundedConnection, record: Any, _proxy: Any) -> None:
        """Set the server's own timeouts: those of a request, or none for a command. Sent only when they change."""
        of_a_request = in_request()
        if record.info.get("of_a_request", False) != of_a_request:
            connection.autocommit = True
            for name, seconds in self.limits.items():
                value = f"{seconds * 1000:.0f}" if of_a_request else "0"
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            connection.autocommit = False
            record.info["of_a_request"] = of_a_request
        connection.patience = self.patience

    def shorten_patience(self, connection: BoundedConnection | None, _record: Any) -> None:
        """The pool pings the connection before its next use; a live server answers that at once."""
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
        """Create the database file for its owner only. SQLite gives the -wal and -shm files the same mode."""
        if args[0] != ":memory:" and not options.get("uri"):
            files.make_private(Path(args[0]))

    def connected(self, connection: Any, _record: Any) -> None:
        """WAL, so that readers never wait; FULL, so that a committed transaction survives a power failure."""
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def prepare(self, connection: Any, record: Any, _proxy: Any) -> None:
        seconds = self.lock_timeout if in_request() else COMMAND_LOCK_TIMEOUT
        if record.info.get("lock_timeout") != seconds:
            connection.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
            record.info["lock_timeout"] = seconds

    def begin(self, connection: Connection) -> None:
        """SQLite ignores its busy timeout when a transaction reads first and writes later, so a request that may write
        takes the write lock at the start. Autocommit connections begin no transaction."""
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return
        connection.exec_driver_sql("BEGIN" if only_reads() else "BEGIN IMMEDIATE")
