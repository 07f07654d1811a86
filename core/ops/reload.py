"""`flask serve --reload`: restarts the site whenever its code is saved. If a mistake keeps it from starting, the next
save tries again. Content, templates and styles need no restart: they are read again on each request."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import click

CODE = ("app.py", "core/**/*.py", "blueprints/**/*.py", "content/clinic*.toml")
POLL_INTERVAL = 0.5
"""Seconds."""
Stamps = dict[Path, float]


def run(root: Path) -> None:
    """Serve and restart until Ctrl+C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        with subprocess.Popen([sys.executable, "-m", "flask", "serve"], cwd=root) as server:
            saved = _wait_for_save(root, stop)
            server.terminate()
        if saved:
            click.echo(f"Saved {saved}: starting again")


def _wait_for_save(root: Path, stop: threading.Event) -> str:
    """The files that were saved, added or removed, as text; "" when it is time to stop."""
    before = _stamps(root)
    while not stop.wait(POLL_INTERVAL):
        if changed := dict(before.items() ^ _stamps(root).items()):
            return ", ".join(sorted(str(file.relative_to(root)) for file in changed))
    return ""


def _stamps(root: Path) -> Stamps:
    """The modification time of each code file, and which pages exist (with time 0), because each page has a route."""
    code = {file: file.stat().st_mtime for pattern in CODE for file in root.glob(pattern) if file.exists()}
    return {**code, **{page: 0.0 for page in (root / "content").rglob("*.md")}}
