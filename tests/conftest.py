"""Real applications on real databases. Every page that a test fetches is checked (tests/page.py)."""

from __future__ import annotations

import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from sqlalchemy import inspect

from app import create_app
from blueprints.staff.keyring.kdf import Cost
from core import clock
from core.extensions import db
from tests.needs import POSTGRES
from tests.page import Client
from tests.speed import make_once

make_once()
pytest_plugins = ["tests.selection", "tests.browser.fixtures", "tests.project"]
CHEAP = Cost(memory=8, passes=1)
"""Argon2id that takes no time."""
Wait = Callable[[timedelta], None]


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made by the migrations, to be copied."""
    folder = tmp_path_factory.mktemp("tables")
    close(build(folder, f"sqlite:///{folder / 'tables.sqlite3'}"))
    return folder / "tables.sqlite3"


@pytest.fixture(scope="session")
def postgres_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with new_database("") as url:
        close(build(tmp_path_factory.mktemp("tables"), url))
        yield url.rpartition("/")[2]


class Copies:
    """Databases with tables that nobody has used. The next is made, and used ones are dropped, while a test runs: both
    wait for the disk longer than most tests take."""

    def __init__(self, template: str, beside: ThreadPoolExecutor) -> None:
        self.template, self.beside = template, beside
        self.coming = beside.submit(create_database, template)

    def take(self) -> str:
        """Its address."""
        url = self.coming.result()
        self.coming = self.beside.submit(create_database, self.template)
        return url

    def drop(self, url: str) -> None:
        self.beside.submit(drop_database, url)


@pytest.fixture(scope="session")
def postgres_copies(postgres_tables: str) -> Iterator[Copies]:
    with ThreadPoolExecutor(1) as beside:
        copies = Copies(postgres_tables, beside)
        yield copies
        copies.drop(copies.coming.result())


@contextmanager
def new_database(template: str) -> Iterator[str]:
    """Its address; it is dropped in the end."""
    url = create_database(template)
    yield url
    drop_database(url)


def create_database(template: str) -> str:
    """Its address."""
    name = f"ktc_test_{uuid.uuid4().hex[:12]}"
    copy = f' TEMPLATE "{template}"' if template else ""
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{copy}')
    return POSTGRES.rsplit("/", 1)[0] + f"/{name}"


def drop_database(url: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own for each test, on SQLite and on PostgreSQL, with its tables."""
    if request.param == "postgres":
        copies: Copies = request.getfixturevalue("postgres_copies")
        url = copies.take()
        yield url
        copies.drop(url)
        return
    yield copy_of(request.getfixturevalue("sqlite_tables"), tmp_path)


def copy_of(tables: Path, folder: Path) -> str:
    return f"sqlite:///{shutil.copy(tables, folder / 'test.sqlite3')}"


def build(tmp_path: Path, database_url: str, **settings: Any) -> Flask:
    """The application with its tables, which the migrations make where they are not there yet."""
    app = create_app(
        {
            "SITE_ENV": "development",
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "DATABASE_URL": database_url,
            "TESTING": True,
            "PROPAGATE_EXCEPTIONS": False,
            # As in production: the tests look for what was typed.
            "SHOW_FAULTS": False,
            "STAFF_KEY_COST": CHEAP,
            "STAFF_CHEAP_HASHES": True,
            **settings,
        }
    )
    with app.app_context():
        if not inspect(db.engine).has_table("alembic_version"):
            flask_migrate.upgrade()
    return app


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    application = build(tmp_path, database_url)
    yield application
    close(application)


@pytest.fixture
def sqlite_app(tmp_path: Path, sqlite_tables: Path) -> Iterator[Flask]:
    """For what does not depend on the database."""
    application = build(tmp_path, copy_of(sqlite_tables, tmp_path))
    yield application
    close(application)


def close(application: Flask) -> None:
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """The site's clock goes on by that much, at once."""

    def pass_time(time: timedelta) -> None:
        later = clock.now() + time
        monkeypatch.setattr(clock, "now", lambda: later)

    return pass_time


@pytest.fixture
def client(app: Flask) -> Client:
    return Client(app)


@pytest.fixture
def htmx_client(app: Flask) -> Client:
    """The same person, with JavaScript on."""
    return Client(app, {"HX-Request": "true"})


@pytest.fixture
def sqlite_client(sqlite_app: Flask) -> Client:
    """Somebody who visits a site on SQLite."""
    return Client(sqlite_app)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free(taken: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [int(listener.getsockname()[1]) for listener in listeners]
