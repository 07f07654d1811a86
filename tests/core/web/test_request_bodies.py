"""Forms that arrive slowly: a place for each, for so long, and a turn for whoever waits."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from core.web import request_bodies
from tests.page import Client

FORM = "application/x-www-form-urlencoded"
LONG, SHORT = 60.0, 0.05


class Slow(io.BytesIO):
    """A sender who sends when told to."""

    def __init__(self, body: bytes = b"a=b") -> None:
        super().__init__(body)
        self.begun, self.sent = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.begun.set()
        assert self.sent.wait(LONG)
        return super().read(size)


class Gone(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


@pytest.fixture
def slow() -> Iterator[Slow]:
    sender = Slow()
    yield sender
    sender.sent.set()


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """One form may arrive and one may wait."""
    for name in ("_arriving", "_waiting"):
        monkeypatch.setattr(request_bodies, name, threading.BoundedSemaphore(1))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def test_a_form_waits_for_its_turn(pool: ThreadPoolExecutor, slow: Slow, one_place: None) -> None:
    first = pool.submit(request_bodies.read, slow, 3, LONG)
    assert slow.begun.wait(LONG)
    second = pool.submit(request_bodies.read, io.BytesIO(b"c=d"), 3, LONG)
    assert not second.done()
    slow.sent.set()
    assert (first.result(LONG), second.result(LONG)) == (b"a=b", b"c=d")


def test_a_turn_that_does_not_come_is_refused_and_so_is_who_finds_no_room(
    pool: ThreadPoolExecutor, slow: Slow, one_place: None
) -> None:
    pool.submit(request_bodies.read, slow, 3, LONG)
    assert slow.begun.wait(LONG)
    with pytest.raises(request_bodies.TooManyAtOnce):
        request_bodies.read(io.BytesIO(b"c=d"), 3, SHORT)
    with request_bodies._waiting, pytest.raises(request_bodies.TooManyAtOnce):
        request_bodies.read(io.BytesIO(b"c=d"), 3, LONG)


def test_a_sender_who_went_away_sent_nothing() -> None:
    assert request_bodies.read(Gone(), 3, LONG) == b""


def test_what_was_not_read_is_said_and_the_page_stays(
    sqlite_client: Client, sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise request_bodies.TooManyAtOnce

    monkeypatch.setattr(request_bodies, "read", refuse)
    for client in (sqlite_client, Client(sqlite_app, {"HX-Request": "true"})):
        for path in ("/refer", "/subscribe"):
            answer = client.post(path, {"email": "reader@example.com"})
            assert answer.status == 503
            assert answer.response.headers["HX-Reswap"] == "none"
            assert "Too many forms" in answer.text
            assert "your browser still has your answers" in answer.text
