"""The body of a form. The production server hands a form to a thread before it has arrived, and a slow sender
holds that thread: there are places for so many, and the others wait for one. Pages need no place."""

from __future__ import annotations

import threading
from typing import IO

from werkzeug.exceptions import ServiceUnavailable

# Together well below the threads of the server (serving.py): what is left answers pages.
ARRIVING_AT_ONCE = 256
WAITING_AT_ONCE = 128

_arriving = threading.BoundedSemaphore(ARRIVING_AT_ONCE)
_waiting = threading.BoundedSemaphore(WAITING_AT_ONCE)


class TooManyAtOnce(ServiceUnavailable):
    words = (
        "Too many forms at once",
        "So many forms are being sent that yours was not read, and nothing was saved. Go back: your browser still has "
        "your answers. Send it again in a minute.",
    )

    def __init__(self) -> None:
        super().__init__(retry_after=60)


def read(stream: IO[bytes], length: int, turn_within: float) -> bytes:
    """At most `length` bytes; fewer where the sender broke off. Waits up to `turn_within` seconds for a place, and then
    until the body is there: a read from Granian cannot be called off, and to answer before it ends stops every thread
    of the process until the sender hangs up (seen in 2.8.7). Raises TooManyAtOnce."""
    if not length:
        return b""
    if not (_arriving.acquire(blocking=False) or _gets_a_turn(turn_within)):
        raise TooManyAtOnce
    try:
        return stream.read(length)
    except OSError:  # the sender went away
        return b""
    finally:
        _arriving.release()


def _gets_a_turn(seconds: float) -> bool:
    if not _waiting.acquire(blocking=False):
        return False
    try:
        return _arriving.acquire(timeout=seconds)
    finally:
        _waiting.release()
