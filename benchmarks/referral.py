"""Referrals: the form, a check, a refusal and a send beside a minimal Flask-WTF form; and what does not depend on it.

    .venv/bin/python -m benchmarks.referral [--rows 1000000]

In one process and without a server. The minimal form has as many fields, and writes one plain row in one commit where
ours seals a referral, writes its event and its mail and deletes the draft.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import text
from werkzeug.test import Client

from app import create_app
from benchmarks.forms import HOST, compare, minimal, timed
from blueprints.referrals import services
from blueprints.referrals.assessment.assess import AssessmentInput, assess
from blueprints.referrals.details import Trial
from blueprints.referrals.terminology.medications import medications
from blueprints.referrals.terminology.search import suggest_diagnoses, suggest_medications
from core.extensions import db, limiter
from tests.builders import PRODUCTION, referral
from tests.page import Document

POSTGRES = "postgresql://postgres@127.0.0.1:5432"
SENDS = 30
FILL = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last) ",
    "postgresql": "WITH n AS (SELECT generate_series(cast(:first AS int), cast(:last AS int)) AS i) ",
}
ROW = """INSERT INTO referrals (id, public_id, reference, key_hash, received_at, status, priority, blob, wraps)
{fill} SELECT i, 'id' || i, 'K' || i, 'key' || i, '2026-01-01', 'new',
CASE WHEN i % 20 = 0 THEN 'urgent' ELSE 'routine' END, cast('synthetic' AS {bytes}), '{{}}' FROM n"""


@contextmanager
def sqlite() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/site.sqlite3"


@contextmanager
def postgres() -> Iterator[str]:
    name = f"ktc_bench_{uuid4().hex[:8]}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{POSTGRES}/{name}"
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


DATABASES = {"SQLite": sqlite, "PostgreSQL": postgres}


@contextmanager
def site(address: str) -> Iterator[Flask]:
    with TemporaryDirectory() as folder:
        app = create_app({**PRODUCTION, "INSTANCE_PATH": folder, "DATABASE_URL": address})
        with app.app_context():
            flask_migrate.upgrade()
        limiter.enabled = False
        yield app
        with app.app_context():
            db.engine.dispose()


class Clinician:
    """One browser."""

    def __init__(self, app: Flask) -> None:
        self.client = Client(app)
        self.token = self.page("/refer").fields()

    def page(self, path: str) -> Document:
        return Document(self.client.get(path, base_url=HOST).get_data(as_text=True))

    def post(self, path: str, data: dict[str, Any], status: int, htmx_client: bool = False) -> None:
        headers = {"Origin": HOST, **({"HX-Request": "true"} if htmx_client else {})}
        answer = self.client.post(path, data={**self.token, **data}, base_url=HOST, headers=headers)
        assert answer.status_code == status, answer.get_data(as_text=True)[:500]

    def ready(self) -> dict[str, str]:
        """The answers are reviewed; what the button sends."""
        self.post("/refer", {**referral(), "action": "review"}, 303)
        return self.page("/refer/review").fields()


def pages(app: Flask) -> None:
    blank, filled, typing = Clinician(app), Clinician(app), Clinician(app)
    filled.post("/refer", {**referral(), "action": "save"}, 303)
    names = {e.attributes.get("name") for tag in ("input", "select", "textarea") for e in blank.page("/refer").all(tag)}
    bare = Client(minimal(len(names - {None})))
    token = Document(bare.get("/", base_url=HOST).get_data(as_text=True)).fields()
    get, post = lambda: bare.get("/", base_url=HOST), lambda: bare.post("/", data=token, base_url=HOST)
    wrong, row = {**referral(referrer_npi="12"), "action": "review"}, {**referral(), "action": "add_trial"}
    compare("GET /refer", lambda: blank.client.get("/refer", base_url=HOST), get)
    compare("GET /refer with a draft", lambda: filled.client.get("/refer", base_url=HOST), get)
    compare("one inline check", lambda: typing.post("/refer/check/referrer_npi", {**referral()}, 200, True), post)
    compare("one refusal (422)", lambda: typing.post("/refer", wrong, 422, True), post)
    compare("one more row", lambda: typing.post("/refer", row, 200, True), post)


def sends(app: Flask) -> list[float]:
    """Milliseconds of each of SENDS."""
    clinicians = [Clinician(app) for _ in range(SENDS)]
    forms = [(clinician, clinician.ready()) for clinician in clinicians]
    return [_once(lambda c=clinician, f=form: c.post("/refer/send", f, 303)) for clinician, form in forms]  # type: ignore[misc]


def plain_writes(app: Flask) -> list[float]:
    """The minimal form, and one row in one commit."""
    bare = Client(minimal(len(referral())))
    token = Document(bare.get("/", base_url=HOST).get_data(as_text=True)).fields()

    def write() -> None:
        bare.post("/", data={**token, "email": "a@example.com"}, base_url=HOST)
        row = {"hash": uuid4().hex * 2, "blob": b"x" * 3000}
        later = "2026-12-01 00:00:00"
        names = "(id, owner_hash, blob, saved_at, expires_at)"
        db.session.execute(text(f"INSERT INTO drafts {names} VALUES (:hash, :hash, :blob, '{later}', '{later}')"), row)
        db.session.commit()

    with app.app_context():
        return [_once(write) for _ in range(SENDS)]


def _once(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def show_send(name: str, app: Flask) -> None:
    mine, other = statistics.median(sends(app)), statistics.median(plain_writes(app))
    print(f"{'one send, ' + name:28} {mine:6.2f} ms   minimal {other:6.2f} ms   {other / mine:5.2f} of its speed")


def fill(app: Flask, rows: int) -> None:
    """Rows of a referral that nobody wrote, up to that number."""
    with app.app_context():
        dialect = db.engine.dialect.name
        first = (db.session.scalar(text("SELECT max(id) FROM referrals")) or 0) + 1
        statement = ROW.format(fill=FILL[dialect], bytes="bytea" if dialect == "postgresql" else "blob")
        db.session.execute(text(statement), {"first": first, "last": rows})
        if dialect == "postgresql":
            db.session.execute(text(f"SELECT setval('referrals_id_seq', {rows})"))
        db.session.commit()
        db.session.execute(text("ANALYZE"))
        db.session.commit()


def listing(app: Flask) -> float:
    with app.app_context():
        return timed(lambda: list(services.summaries(50)))


def show_scale(name: str, app: Flask, rows: int) -> None:
    fill(app, 100)
    few = statistics.median(sends(app)), listing(app)
    fill(app, rows)
    many = statistics.median(sends(app)), listing(app)
    for what, before, after in zip(("send", "list 50"), few, many, strict=True):
        ratio = f"{after / before:5.2f} times"
        print(f"{what + ', ' + name:28} {before:6.2f} ms at 100   {after:6.2f} ms at {rows:,}   {ratio}")


def show_assessment() -> None:
    known = [medication.generic for medication in medications() if medication.minimum_mg][:12]
    trials = tuple(Trial(name, name, 100, 8, "yes", "none") for name in known)
    case = AssessmentInput(
        today=date(2026, 11, 23), trials=trials, diagnosis_code="F33.2", current_medications="lorazepam"
    )
    print(f"{'assessment of 12 trials':28} {timed(lambda: assess(case)) * 1000:6.0f} µs")


def show_suggestions() -> None:
    names = itertools.chain.from_iterable((m.generic, *m.brands) for m in medications())
    typed = [part for name in names for end in range(1, len(name) + 1) for part in (name[:end], name[:end] + "x")]
    for suggest in (suggest_medications, suggest_diagnoses):
        times = [_once(lambda s=suggest, t=text_: s(t)) for text_ in typed]  # type: ignore[misc]
        print(f"{suggest.__name__:28} {statistics.median(times):6.2f} ms   at worst {max(times):6.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    show_assessment()
    show_suggestions()
    for name, database in DATABASES.items():
        with database() as address, site(address) as app:
            if name == "SQLite":
                pages(app)
            show_send(name, app)
            show_scale(name, app, rows)


if __name__ == "__main__":
    main()
