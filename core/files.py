"""Files that a command writes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click


@contextmanager
def new_file(name: str) -> Iterator[IO[str]]:
    """For its owner only; `-` is stdout. Refuses a name that is taken.

    What cannot be written is an error of the command, not a traceback.
    """
    if name == "-":
        yield sys.stdout
        return
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
    except FileExistsError as error:
        raise click.ClickException(f"{name} is there already. Choose another name, or remove it first.") from error
    except OSError as error:
        raise click.ClickException(f"{name} cannot be written, or not to its end: {error.strerror}.") from error
