"""The body of a form, once it is whole. The server of production hands a form to a thread before it has arrived, so a
sender who dawdles would hold that thread: there are places for so many, and each has only so long."""

from __future__ import annotations

import queue
import threading
from typing import IO

from werkzeug.exceptions import RequestTimeout, ServiceUnavailable

# Together well below the threads of the server (serving.py): what is left answers pages, which never wait for a form.
ARRIVING_AT_ONCE = 256
WAITING_AT_ONCE = 128
# A read cannot be called off: its thread stays until the sender lets go of the connection.
READERS_AT_MOST = 1024

_arriving = threading.BoundedSemaphore(ARRIVING_AT_ONCE)
_waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)
_readers = threading.BoundedSemaphore(READERS_AT_MOST)


class TooSlow(RequestTimeout):
    words = (
        "That took too long",
        "The form did not arrive in time, so nothing was saved. Go back: your browser still has your answers. "
        "Then send it again.",
    )


class TooManyAtOnce(ServiceUnavailable):
    words = (
        "Too many forms at once",
        "So many forms are being sent that yours was not read, and nothing was saved. Go back: your browser still has "
        "your answers. Send it again in a minute.",
    )

    def __init__(self) -> None:
        super().__init__(retry_after=60)


def read(stream: IO[bytes], length: int, turn_within: float, arrives_within: float) -> bytes:
    """At most `length` bytes; fewer where the sender broke off. Waits up to `turn_within` seconds for a place and
    `arrives_within` seconds for the body. Raises TooManyAtOnce and TooSlow."""
    if not length:
        return b""
    if not (_arriving.acquire(blocking=False) or _gets_a_turn(turn_within)):
        raise TooManyAtOnce
    try:
        return _read_within(arrives_within, stream, length)
    finally:
        _arriving.release()


def _gets_a_turn(seconds: float) -> bool:
    if not _waiting.acquire(blocking=False):
        return False
    try:
        return _arriving.acquire(timeout=seconds)
    finally:
        _waiting.release()


def _read_within(seconds: float, stream: IO[bytes], length: int) -> bytes:
    if not _readers.acquire(blocking=False):
        raise TooManyAtOnce
    arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    try:
        threading.Thread(target=_read, args=(stream, length, arrived), daemon=True).start()
    except RuntimeError as error:  # the machine has no thread left
        _readers.release()
        raise TooManyAtOnce from error
    try:
        return arrived.get(timeout=seconds)
    except queue.Empty:
        raise TooSlow from None


def _read(stream: IO[bytes], length: int, arrived: queue.SimpleQueue[bytes]) -> None:
    try:
        arrived.put(stream.read(length))
    except OSError:  # the sender went away
        arrived.put(b"")
    finally:
        _readers.release()
