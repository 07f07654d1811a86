"""Files that the site writes: each for its owner only."""

from __future__ import annotations

import logging
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click

log = logging.getLogger("site")
OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
        raise click.ClickException(f"{name} already exists. Choose another name, or remove it first.") from error
    except OSError as error:
        raise click.ClickException(f"{name} cannot be written, or not to its end: {error.strerror}.") from error


def make_private(path: Path) -> None:
    """Make the file where it is not there, for its owner only."""
    # If it exists that is fine, and any other problem is reported when it is opened.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def close_to_others(paths: Iterable[Path]) -> None:
    """Take every right of group and others from those of the files and folders that are there, and say so."""
    for path in paths:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        # /tmp is shared by design; .gitkeep comes with the repository and is empty.
        if not mode & OTHERS or mode & stat.S_ISVTX or path.name == ".gitkeep":
            continue
        try:
            path.chmod(mode & ~OTHERS)
        except OSError as error:
            log.warning("%s can be read by others, and that cannot be changed: %s", path, error.strerror)
        else:
            log.warning("%s could be read by others (%o): now by its owner only", path, mode)
