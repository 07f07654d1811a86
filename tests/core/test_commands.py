"""`flask serve` as an operator starts it: a process of its own, on a fresh instance folder."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def start(tmp_path: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"],
        cwd=ROOT,
        env={**kept, "INSTANCE_PATH": str(tmp_path / "instance"), "PORT": str(port), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            yield server
        finally:
            server.terminate()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free(taken: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def subscribe_often(server: subprocess.Popen[str], port: int, *forwarding: str) -> list[int]:
    """The answers to 31 tries in a minute; with a header, each one as another visitor of one proxy."""
    assert server.stdout is not None
    server.stdout.readline()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    answers = []
    for number in range(31):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        headers |= {name: f"192.0.2.{number}" for name in forwarding}
        connection.request("POST", "/subscribe", "email=reader%40example.com&website=robot", headers)
        response = connection.getresponse()
        response.read()
        answers.append(response.status)
    connection.close()
    return answers


def test_the_site_is_up_after_five_calm_lines(tmp_path: Path, free: int) -> None:
    with start(tmp_path, free) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(5)]
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/readyz") as answer:  # noqa: S310 - our own address
            assert answer.read() == b"ready\n"
        server.terminate()
        assert server.communicate()[0] == ""
    assert f"is at http://127.0.0.1:{free}/" in lines[0]
    assert "/dev/mailbox" in lines[1]
    assert "development keys" in lines[2]
    assert "phone, street, hours" in lines[3]


def test_limits_are_counted_where_redis_is_away(tmp_path: Path, free: int) -> None:
    with start(tmp_path, free, RATELIMIT_STORAGE_URI="redis://127.0.0.1:1") as server:
        assert subscribe_often(server, free) == [200] * 30 + [429]


@pytest.mark.parametrize(("hops", "last"), [("0", 429), ("1", 200)])
def test_a_visitor_behind_a_proxy_counts_alone_where_the_proxy_is_trusted(
    tmp_path: Path, free: int, hops: str, last: int
) -> None:
    with start(tmp_path, free, TRUSTED_PROXIES=hops) as server:
        assert subscribe_often(server, free, "X-Forwarded-For")[-1] == last


def test_a_taken_port_is_said_plainly(tmp_path: Path, taken: int) -> None:
    with start(tmp_path, taken) as server:
        errors = server.communicate(timeout=30)[1]
    assert server.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{taken}" in errors
    assert "Traceback" not in errors


def test_production_that_lacks_settings_is_said_plainly(tmp_path: Path, free: int) -> None:
    with start(tmp_path, free, SITE_ENV="production") as server:
        errors = server.communicate(timeout=30)[1]
    assert server.returncode == 1
    assert "SECRET_KEY is missing" in errors
    assert "Traceback" not in errors
