"""The site as an operator starts it: a process of its own, on a fresh instance folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def start(
    tmp_path: Path, port: int, root: Path = ROOT, command: str = "serve", **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """What a developer keeps in .env stays out."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {"FLASK_SKIP_DOTENV": "1", "INSTANCE_PATH": str(tmp_path / "instance"), "PORT": str(port)}
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", *command.split()],
        cwd=root,
        env={**kept, **own, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            yield server
        finally:
            server.terminate()


def wait_for(port: int) -> str:
    """The address of the site on this port, once it answers."""
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return f"http://127.0.0.1:{port}"
    raise AssertionError("the site does not listen")
