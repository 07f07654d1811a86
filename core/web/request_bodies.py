"""Reads the bodies of forms. The production server gives a request to a thread before its body has arrived, so a slow
sender occupies that thread. The number of forms that are read at once is limited; others wait for a slot. Pages, which
have no body, need none."""

from __future__ import annotations

import threading
from typing import IO

from werkzeug.exceptions import ServiceUnavailable

# Together well below the server's number of threads (core/ops/serving.py): the rest stay free to serve pages.
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
    """Up to `length` bytes; fewer if the sender disconnected. Waits up to `turn_within` seconds for a slot, then for as
    long as the body takes: a read from Granian cannot be canceled, and responding before it ends blocks every thread of
    the process until the sender disconnects (seen in 2.8.7). Raises TooManyAtOnce if no slot becomes free."""
    if not length:
        return b""
    if not (_arriving.acquire(blocking=False) or _wait_for_slot(turn_within)):
        raise TooManyAtOnce
    try:
        return stream.read(length)
    except OSError:  # the sender disconnected
        return b""
    finally:
        _arriving.release()


def _wait_for_slot(seconds: float) -> bool:
    """False if none became free in time, or if too many are waiting already."""
    if not _waiting.acquire(blocking=False):
        return False
    try:
        return _arriving.acquire(timeout=seconds)
    finally:
        _waiting.release()
