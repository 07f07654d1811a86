"""A PostgreSQL of its own that a test may freeze, and a line to it that a test may cut."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

OPTIONS = ("fsync=off", "listen_addresses=127.0.0.1", "autovacuum=off", "max_connections=60")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Cluster:
    """A running server; `url` is the address of its first database."""

    def __init__(self, server: subprocess.Popen[bytes], port: int) -> None:
        self.server, self.port = server, port
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def freeze(self) -> None:
        """The postmaster first, so that it makes no more children."""
        os.kill(self.server.pid, signal.SIGSTOP)
        for child in self._children():
            os.kill(child, signal.SIGSTOP)

    def thaw(self) -> None:
        for process in (*self._children(), self.server.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def hang_up(self) -> None:
        """On every connection of the site."""
        theirs = "usename = 'postgres' AND pid <> pg_backend_pid()"
        self.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {theirs}")

    def waiting_for_a_lock(self) -> int:
        return self.do("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    def do(self, query: str) -> int:
        """How many rows it was about."""
        with self.connect(self.url) as connection:
            connection.autocommit = True
            return connection.execute(query.encode()).rowcount

    @staticmethod
    def connect(url: str) -> psycopg.Connection[Any]:
        return psycopg.connect(url)

    def _children(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        ]


@contextmanager
def own_cluster(port: int) -> Iterator[Cluster]:
    """Skips where PostgreSQL's server is not installed; in CI that is a failure."""
    programs = _programs()
    if programs is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("PostgreSQL's initdb is not installed")
    folder = Path(tempfile.mkdtemp(prefix="ktc-postgres-"))
    user = _user()
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    data = str(folder / "data")
    make: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    subprocess.run(make, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
    options = [part for option in OPTIONS for part in ("-c", option)]
    run: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port), "-k", str(folder), *options]
    with subprocess.Popen(run, user=user, cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True) as server:
        cluster = Cluster(server, port)
        try:
            _wait_for(cluster)
            yield cluster
        finally:
            cluster.thaw()
            server.send_signal(signal.SIGQUIT)
    shutil.rmtree(folder)


def _programs() -> Path | None:
    """Debian keeps the server's programs off the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve()] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"


def _wait_for(cluster: Cluster) -> None:
    for _ in range(300):
        try:
            cluster.do("CREATE ROLE other LOGIN SUPERUSER")
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL does not start")


class Line:
    """A TCP proxy before a server. Once `lose_answer_to` was said, its answer, and all that follows, is lost."""

    def __init__(self, to: int) -> None:
        self.to, self.lost = to, threading.Event()
        self.lose_answer_to: bytes | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.sockets: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self._begin(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.mend()
        for thread in self.threads:
            thread.join()

    def mend(self) -> None:
        """For connections to come; those that were cut end."""
        for end in self.sockets:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.sockets, self.lost, self.lose_answer_to = [], threading.Event(), None

    def _begin(self, work: Callable[..., None], *values: Any) -> None:
        self.threads.append(threading.Thread(target=work, args=values, daemon=True))
        self.threads[-1].start()

    def _accept(self) -> None:
        with self.listener, suppress(OSError):
            while True:
                near, far = self.listener.accept()[0], socket.create_connection(("127.0.0.1", self.to))
                self.sockets += [near, far]
                self._begin(self._carry, near, far, True)
                self._begin(self._carry, far, near, False)

    def _carry(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        lost = self.lost
        with source, suppress(OSError):
            while said := source.recv(65536):
                if asks and self.lose_answer_to and self.lose_answer_to in said:
                    lost.set()
                if asks or not lost.is_set():
                    target.sendall(said)
            target.shutdown(socket.SHUT_WR)
