"""Browsers for the tests of drafts."""

from __future__ import annotations

import pytest
from flask import Flask

from core.extensions import limiter
from tests.page import Client


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the limits of requests in a minute."""
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture(params=["plain", "htmx"])
def clinician(request: pytest.FixtureRequest, sqlite_app: Flask) -> Client:
    """The same person without JavaScript and with it, on SQLite."""
    return Client(sqlite_app, {"HX-Request": "true"} if request.param == "htmx" else {})
