"""`flask serve` as an operator starts it: a process of its own, on a fresh instance folder."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.web.request_bodies import ARRIVING_AT_ONCE
from tests.builders import PRODUCTION
from tests.conftest import copy_of
from tests.servers import ROOT, start


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


def test_the_site_is_up_after_six_calm_lines(tmp_path: Path, free: int) -> None:
    with start(tmp_path, free) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(6)]
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/readyz") as answer:  # noqa: S310 - our own address
            assert answer.read() == b"ready\n"
        server.terminate()
        assert server.communicate()[0] == ""
    assert f"is at http://127.0.0.1:{free}/" in lines[0]
    assert "/dev/mailbox" in lines[1]
    assert "development keys" in lines[2]
    assert re.search(r"^Staff: http://\S+/staff/ email \S+ password \S+$", lines[3])
    assert "phone, street, hours" in lines[4]


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


@pytest.fixture
def production(
    tmp_path: Path, free: int, sqlite_tables: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`flask serve` in production, with its tables, when it answers; further settings as the fixture's parameter."""
    url = copy_of(sqlite_tables, tmp_path)
    settings: dict[str, str] = {"DATABASE_URL": url, **PRODUCTION, **getattr(request, "param", {})}
    with start(tmp_path, free, ROOT, **settings) as server:
        assert server.stdout is not None
        assert "https://clinic.example/" in server.stdout.readline()
        wait_for(free, there=True)
        yield server, free


def wait_for(port: int, there: bool) -> None:
    """Until somebody listens, or until nobody does."""
    for _ in range(200):
        with socket.socket() as client:
            if (client.connect_ex(("127.0.0.1", port)) == 0) == there:
                return
        time.sleep(0.05)
    pytest.fail("the workers did not start" if there else "a worker goes on without its parent")


def ask(port: int, path: str, timeout: float = 20) -> int:
    """The status of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def check_email(port: int) -> int:
    """The answer to a form that arrives at once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
    connection.request("POST", "/subscribe/check/email", "email=reader%40example.com", headers)
    status = connection.getresponse().status
    connection.close()
    return status


def begin_form(port: int, path: str = "/subscribe") -> socket.socket:
    """A client that sends the head of a form and three letters of it."""
    client = socket.create_connection(("127.0.0.1", port))
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    client.sendall(f"{head}Content-Length: 1000\r\n\r\na=b".encode())
    return client


def test_slow_clients_leave_the_pages_and_the_form_open(production: tuple[subprocess.Popen[str], int]) -> None:
    _, port = production
    slow = [begin_form(port) for _ in range(200)]
    assert ask(port, "/") == 200
    assert ask(port, "/refer") == 200
    assert check_email(port) == 200
    for client in slow:
        client.close()


def test_a_sender_who_hangs_up_gives_back_the_place(production: tuple[subprocess.Popen[str], int]) -> None:
    _, port = production
    for _ in range(2):
        slow = [begin_form(port) for _ in range(ARRIVING_AT_ONCE)]
        assert ask(port, "/") == 200
        for client in slow:
            client.close()
    assert check_email(port) == 200


@pytest.mark.full  # It waits for the whole of SHUTDOWN_TIMEOUT.
def test_a_slow_client_does_not_keep_the_server_from_stopping(production: tuple[subprocess.Popen[str], int]) -> None:
    server, port = production
    with begin_form(port):
        assert ask(port, "/healthz") == 200
        server.terminate()
        server.communicate(timeout=30)
    wait_for(port, there=False)


def test_a_form_that_broke_off_is_no_form(production: tuple[subprocess.Popen[str], int]) -> None:
    server, port = production
    client = begin_form(port)
    client.shutdown(socket.SHUT_WR)
    client.close()
    assert ask(port, "/healthz") == 200
    server.terminate()
    assert "POST /subscribe 400" in server.communicate(timeout=30)[1]


def test_a_killed_server_leaves_its_port(production: tuple[subprocess.Popen[str], int]) -> None:
    server, port = production
    assert ask(port, "/") == 200
    server.kill()
    server.wait()
    wait_for(port, there=False)
