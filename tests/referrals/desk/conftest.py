"""A site with referrals, inside its application context."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def desk(sqlite_app: Flask) -> Iterator[Flask]:
    with sqlite_app.app_context():
        yield sqlite_app


@pytest.fixture
def both(app: Flask) -> Iterator[Flask]:
    """On both databases."""
    with app.app_context():
        yield app
