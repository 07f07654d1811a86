"""Whom limits count, whatever proxies and sockets say of a visitor."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clients
from tests.builders import PRODUCTION
from tests.conftest import build, close, copy_of
from tests.servers import start, wait_for
from tests.thorough import examples

SIGN_UP = {"email": "reader@example.com", "website": "robot"}
LIMIT = 30
HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"))
ALMOST = st.from_regex(r"\[?[0-9a-f:.%, ]*\]?(:[0-9]*)?", fullmatch=True)
SAME = (
    *("203.0.113.7:{}", "::ffff:203.0.113.7%{}", "[::ffff:203.0.113.7]:{}"),
    *("2001:db8::{}", "[2001:db8::1]:{}", "[2001:db8::{}]:80"),
)
OTHERS = ("203.0.113.{}:80", "::ffff:203.0.113.{}", "[::ffff:203.0.113.{}]:80", "64:ff9b::203.0.113.{}")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:443 ", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[fe80::1%eth0]:443", "fe80::1"),
        ("fe80::1%25eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:cb00:7107", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
        ("64:ff9b::203.0.113.7", "203.0.113.7"),
        ("2002:cb00:7107::1", "203.0.113.7"),
        ("::1", "::1"),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
        ("[2001:db8::1", None),
        ("[203.0.113.7]x", None),
        ("203.0.113.7:http", None),
        ("203.0.113", None),
        ("203.0.113.07", None),
        ("٢٠٣.0.113.7", None),
        ("1.2.3.4\n", "1.2.3.4"),
        ("a" * 9000, None),
    ],
)
def test_an_address_is_read_with_or_without_its_port(said: str, read: str | None) -> None:
    found = clients.parse(said)
    assert (str(found) if found else None) == read


@given(st.one_of(st.text(), ALMOST))
def test_no_text_is_a_fault(said: str) -> None:
    found = clients.parse(said)
    assert clients.network(said)
    assert found is None or clients.parse(str(found)) == found


def test_a_network_of_ipv6_is_one_client_and_ipv4_within_it_is_not() -> None:
    assert clients.network("2001:db8::1") == clients.network("2001:db8::2") == "2001:db8::/64"
    assert clients.network("::ffff:203.0.113.7") == clients.network("203.0.113.7:1") == "203.0.113.7"
    assert clients.network("::ffff:203.0.113.7") != clients.network("::ffff:203.0.113.8")


@pytest.fixture
def behind_a_proxy(tmp_path: Path, sqlite_tables: Path) -> Any:
    app = build(tmp_path, copy_of(sqlite_tables, tmp_path), TRUSTED_PROXIES=1)
    yield app
    close(app)


def forms(app: Flask) -> list[str]:
    """The address of everything that takes a form."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return [re.sub("<[^>]+>", "email", rule.rule) for rule in rules]


@settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.one_of(HEADER, ALMOST))
def test_no_forwarded_header_is_a_fault_on_any_form(behind_a_proxy: Flask, said: str) -> None:
    paths = forms(behind_a_proxy)
    assert {"/refer", "/refer/send", "/subscribe", "/subscribe/leave/email"} <= set(paths)
    client = behind_a_proxy.test_client()
    for path in paths:
        answer = client.post(path, data=SIGN_UP, environ_overrides={"HTTP_X_FORWARDED_FOR": said})
        assert answer.status_code < 500, path


def statuses(app: Flask, many: int = LIMIT + 1, **environ: str) -> list[int]:
    client = app.test_client()
    return [client.post("/subscribe", data=SIGN_UP, environ_overrides=environ).status_code for _ in range(many)]


@pytest.mark.parametrize("same", SAME)
def test_a_port_does_not_make_another_client(behind_a_proxy: Flask, same: str) -> None:
    given = [statuses(behind_a_proxy, 1, HTTP_X_FORWARDED_FOR=same.format(n + 1))[0] for n in range(LIMIT + 1)]
    assert given == [303] * LIMIT + [429]


@pytest.mark.parametrize("other", OTHERS)
def test_clients_of_ipv4_each_count_alone(behind_a_proxy: Flask, other: str) -> None:
    given = [statuses(behind_a_proxy, 1, HTTP_X_FORWARDED_FOR=other.format(n + 1))[0] for n in range(LIMIT + 1)]
    assert given == [303] * (LIMIT + 1)


def test_an_address_that_cannot_be_read_is_the_proxys(behind_a_proxy: Flask) -> None:
    proxy = {"REMOTE_ADDR": "198.51.100.1"}
    given = [statuses(behind_a_proxy, 1, HTTP_X_FORWARDED_FOR=f"nonsense-{n}", **proxy)[0] for n in range(LIMIT)]
    assert given == [303] * LIMIT
    assert statuses(behind_a_proxy, 1, **proxy) == [429]
    assert statuses(behind_a_proxy, 1, HTTP_X_FORWARDED_FOR="203.0.113.7", **proxy) == [303]


def test_a_forged_header_changes_nothing_where_no_proxy_is_trusted(sqlite_app: Flask) -> None:
    given = [statuses(sqlite_app, 1, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")[0] for n in range(LIMIT + 1)]
    assert given == [303] * LIMIT + [429]


@pytest.mark.parametrize("peer", ["", "localhost", "/run/site.sock"])
def test_a_peer_on_a_unix_socket_is_this_machine(sqlite_app: Flask, peer: str) -> None:
    assert statuses(sqlite_app, REMOTE_ADDR=peer)[-1] == 429
    assert statuses(sqlite_app, 1, REMOTE_ADDR="127.0.0.1") == [429]


def test_a_redis_that_does_not_answer_is_one_that_is_away(tmp_path: Path, sqlite_tables: Path, taken: int) -> None:
    app = build(tmp_path, copy_of(sqlite_tables, tmp_path), RATELIMIT_STORAGE_URI=f"redis://127.0.0.1:{taken}")
    assert statuses(app) == [303] * LIMIT + [429]
    close(app)


def test_clients_of_ipv4_count_alone_at_a_server_on_every_address(tmp_path: Path, free: int) -> None:
    """Production on HOST=::, to which an IPv4 client is ::ffff:a.b.c.d."""
    url = f"sqlite:///{tmp_path / 'production.sqlite3'}"
    close(build(tmp_path, url))
    values: dict[str, Any] = {**PRODUCTION, "DATABASE_URL": url, "HOST": "::"}
    with start(tmp_path, free, **values):
        wait_for(free)
        assert sign_up_often(free, "127.0.0.2") == [303] * LIMIT + [429]
        assert sign_up_often(free, "127.0.0.3") == [303] * LIMIT + [429]


def sign_up_often(port: int, source: str) -> list[int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    given = []
    for _ in range(LIMIT + 1):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/subscribe", "email=reader%40example.com&website=robot", headers)
        answer = connection.getresponse()
        answer.read()
        given.append(answer.status)
    connection.close()
    return given
