"""Real applications on real databases. Every page that a test fetches is checked (tests/page.py)."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask

from app import create_app
from core import clock
from core.extensions import db
from tests.page import Visitor

pytest_plugins = ["tests.browser.fixtures"]
Wait = Callable[[timedelta], None]
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
IN_CI = bool(os.environ.get("CI"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own for each test, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite3'}"
        return
    if not POSTGRES:
        if IN_CI:
            pytest.fail("TEST_POSTGRES_URL is not set")
        pytest.skip("TEST_POSTGRES_URL is not set")
    name = f"ktc_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def build(tmp_path: Path, database_url: str, **settings: Any) -> Flask:
    """The application with its tables, made by the migrations."""
    app = create_app(
        {
            "SITE_ENV": "development",
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "DATABASE_URL": database_url,
            "TESTING": True,
            "PROPAGATE_EXCEPTIONS": False,
            **settings,
        }
    )
    with app.app_context():
        flask_migrate.upgrade()
    return app


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    application = build(tmp_path, database_url)
    yield application
    close(application)


@pytest.fixture
def sqlite_app(tmp_path: Path) -> Iterator[Flask]:
    """For what does not depend on the database."""
    application = build(tmp_path, f"sqlite:///{tmp_path / 'test.sqlite3'}")
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
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def htmx(app: Flask) -> Visitor:
    """The same person, with JavaScript on."""
    return Visitor(app, {"HX-Request": "true"})


@pytest.fixture
def reader(sqlite_app: Flask) -> Visitor:
    """Somebody who visits a site on SQLite."""
    return Visitor(sqlite_app)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free(taken: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
