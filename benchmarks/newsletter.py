"""A newsletter to 100,000 readers: queueing it, and delivering it with 1, 2 and 4 workers to a local sink, on SQLite
and on PostgreSQL, beside as many bare smtplib loops that send the same bytes.

    .venv/bin/python -m benchmarks.newsletter [--messages 100000]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import insert, text, update

from benchmarks.referral import DATABASES, site
from benchmarks.servers import ROOT, free_port, running
from blueprints.newsletters import services
from blueprints.newsletters.issues import Issue
from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db
from core.mail import outbox, render
from core.mail.outbox import Message, Status
from tests.builders import PRODUCTION

WORKERS = (1, 2, 4)
BARE = """
import smtplib, sys
message = open(sys.argv[2], "rb").read()
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as server:
    for number in range(int(sys.argv[3])):
        server.sendmail("from@example.com", [f"reader{number}@example.com"], message)
"""


@dataclass
class Run:
    seconds: float
    memory: list[tuple[int, int]]
    """Of each process, early and at the end, in MB."""


def subscribers(app: Flask, count: int) -> None:
    now = clock.now()
    with app.app_context():
        for first in range(0, count, 5000):
            numbers = range(first, min(first + 5000, count))
            db.session.execute(insert(Subscriber), [_subscriber(number, now) for number in numbers])
            db.session.commit()


def _subscriber(number: int, now: object) -> dict[str, object]:
    email = f"reader{number}@example.com"
    return {
        "email": email,
        "email_key": email,
        "status": "confirmed",
        "created_at": now,
        "leave_token": f"t{number:040}",
    }


def queue(app: Flask) -> float:
    """Seconds."""
    body = "A paragraph of a newsletter, as long as one usually is, with [a link](https://clinic.example/).\n\n" * 25
    issue = Issue("benchmark", "A newsletter", body, False, "https://clinic.example/newsletters/benchmark")
    started = time.perf_counter()
    with app.app_context():
        broadcast = services.begin(issue)
        for _ in services.queue(broadcast):
            pass
    return time.perf_counter() - started


def one_message(app: Flask, file: Path) -> None:
    with app.app_context():
        file.write_bytes(render.as_bytes(outbox.newest(1)[0]))


def run_together(commands: Sequence[Sequence[str]], environment: dict[str, str]) -> Run:
    started, early = time.perf_counter(), list[int]()
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    processes = [
        subprocess.Popen(command, cwd=ROOT, env={**kept, **environment}, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    high = [(0, 0)] * len(processes)
    while any(process.poll() is None for process in processes):
        time.sleep(0.25)
        now = [_memory(process.pid) for process in processes]
        if not early and time.perf_counter() - started > 5:
            early = now
        high = [(early[i] if early else now[i], max(now[i], high[i][1])) for i in range(len(now))]
    assert all(process.returncode == 0 for process in processes), "a worker failed"
    return Run(time.perf_counter() - started, high)


def _memory(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) // 1024 if found else 0


def make_due(app: Flask) -> None:
    with app.app_context():
        fresh = {"status": Status.QUEUED, "due_at": clock.now(), "settled_at": None, "claimed_by": None, "attempts": 0}
        db.session.execute(update(Message).values(**fresh))
        db.session.commit()
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE outbox"))


def left(app: Flask) -> int:
    with app.app_context():
        return sum(outbox.count().values())


def measure(name: str, address: str, messages: int, port: int, bare: dict[int, float], folder: Path) -> None:
    with site(address) as app:
        subscribers(app, messages)
        took = queue(app)
        print(f"{name}: queued {messages:,} in {took:.0f} s, {messages / took:,.0f} a second", flush=True)
        settings = {"DATABASE_URL": address, "MAIL_URL": f"smtp://127.0.0.1:{port}", "INSTANCE_PATH": str(folder)}
        for count in WORKERS:
            make_due(app)
            command = [sys.executable, "-m", "flask", "outbox", "send"]
            run = run_together([command] * count, {**PRODUCTION, **settings})
            assert left(app) == 0
            rate = messages / run.seconds
            memory = ", ".join(f"{first} → {most}" for first, most in run.memory)
            print(f"  {count} workers: {rate:,.0f} a second, {rate / bare[count]:.2f} of bare; MB {memory}", flush=True)


def bare_loops(port: int, file: Path, messages: int) -> dict[int, float]:
    rates = {}
    for count in WORKERS:
        loop = [sys.executable, "-c", BARE, str(port), str(file), str(messages // count)]
        rates[count] = messages / run_together([loop] * count, {}).seconds
        print(f"bare smtplib, {count} connections: {rates[count]:,.0f} a second", flush=True)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=100_000)
    messages = parser.parse_args().messages
    port = free_port()
    with TemporaryDirectory() as name, running([sys.executable, "-m", "benchmarks.sink", str(port)], port):
        folder = Path(name)
        with DATABASES["SQLite"]() as address, site(address) as app:
            subscribers(app, 1)
            queue(app)
            one_message(app, folder / "message")
        bare = bare_loops(port, folder / "message", messages)
        for database, fresh in DATABASES.items():
            with fresh() as address:
                measure(database, address, messages, port, bare, folder)


if __name__ == "__main__":
    main()
