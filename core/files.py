"""Files that the site writes. Only their owner may read them."""

from __future__ import annotations

import logging
import os
import secrets
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
    """Open a new text file that only its owner may read; `-` is stdout. An existing file is never overwritten.

    Problems are raised as click.ClickException, so that a command shows them without a traceback.
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
        raise click.ClickException(f"{name} cannot be written, or not completely: {error.strerror}.") from error


def make_private(path: Path) -> None:
    """Create the file, readable by its owner only, unless it exists."""
    # It may exist already; any other problem is reported when the file is opened.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def write_once(path: Path, words: str) -> None:
    """Write the file, readable by its owner only, whole or not at all. An existing file stays as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(words)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def close_to_others(paths: Iterable[Path]) -> None:
    """Remove all permissions of group and others from the files and folders that exist, and log it."""
    for path in paths:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        # A sticky folder such as /tmp is shared on purpose; .gitkeep is an empty file of the repository.
        if not mode & OTHERS or mode & stat.S_ISVTX or path.name == ".gitkeep":
            continue
        try:
            path.chmod(mode & ~OTHERS)
        except OSError as error:
            log.warning("%s can be read by others, and the permissions cannot be changed: %s", path, error.strerror)
        else:
            log.warning("%s could be read by others (mode %o); now only by its owner", path, mode)
