"""The site and what it is measured beside, each a process of its own on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate

from app import create_app
from tests.builders import PRODUCTION
from tests.page import CONTENT_PAGES

ROOT = Path(__file__).parents[1]
PATHS = (*CONTENT_PAGES, "/refer", "/subscribe")
NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "")
BROTLI_MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[str]:
    """A server, from when it listens until the block ends. Its address."""
    with tempfile.TemporaryFile() as log:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
        server = subprocess.Popen(command, cwd=ROOT, env={**kept, **environment}, stdout=log, stderr=log)
        try:
            _wait(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"{server.args!r} does not listen")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def site() -> Iterator[str]:
    """`flask serve` in production."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            **PRODUCTION,
            "INSTANCE_PATH": folder,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "SITE_URL": f"https://127.0.0.1:{port}",
            "PORT": str(port),
        }
        with create_app(settings).app_context():
            flask_migrate.upgrade()
        with running([sys.executable, "-m", "flask", "serve"], port, **settings) as address:
            yield address


@contextmanager
def bare(server: str, **environment: str) -> Iterator[str]:
    """benchmarks/bare.py under `granian` or `gunicorn`, with one worker."""
    port = free_port()
    options = {
        "granian": f"--interface wsgi --port {port} --blocking-threads 8 --no-log",
        "gunicorn": f"--bind 127.0.0.1:{port} --worker-class gthread --threads 8 --log-level error",
    }
    program = str(Path(sys.executable).parent / server)
    with running([program, *options[server].split(), "benchmarks.bare:app"], port, **environment) as address:
        yield address


@contextmanager
def nginx(files: dict[str, bytes]) -> Iterator[str]:
    """nginx with the bytes of some pages, by name, compressed ahead where its brotli module is installed."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx reads as another user
        for file, content in files.items():
            (folder / file).write_bytes(content)
        module = f"load_module {BROTLI_MODULE};" if BROTLI_MODULE.exists() else ""
        brotli = "brotli_static on;" if module else ""
        (folder / "nginx.conf").write_text(
            f"{module} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;"
            "events { worker_connections 1024; } http { access_log off; sendfile on; tcp_nopush on; etag on;"
            f" server {{ listen 127.0.0.1:{port}; root {folder}; {brotli} default_type text/html; }} }}"
        )
        with running([NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")], port) as address:
            yield address
