"""A PostgreSQL that tests may freeze, and sites on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import build, close
from tests.postgres import Cluster, free_port, own_cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with own_cluster(free_port()) as running:
        yield running


@pytest.fixture
def make(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes a site with a new database on the cluster, perhaps over another port."""
    made: list[Flask] = []

    def build_site(port: int = cluster.port, **settings: str) -> Flask:
        name = f"site_{uuid.uuid4().hex[:8]}"
        cluster.do(f"CREATE DATABASE {name}")
        made.append(build(tmp_path, f"postgresql://postgres@127.0.0.1:{port}/{name}", **settings))
        return made[-1]

    yield build_site
    for app in made:
        close(app)
