"""The desk's list: 25 rows, opened and logged, at 100 and at 1,000,000 referrals, beside a bare Flask-SQLAlchemy list.

The first 100 referrals are sealed. The rest are rows that nobody opens: they lie behind the first pages of each view.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select, text

from benchmarks.referral import DATABASES, FILL, site
from blueprints.referrals import services
from blueprints.referrals.desk import services as desk
from blueprints.referrals.desk import worklist
from blueprints.referrals.desk.worklist import View
from blueprints.referrals.models import Referral
from blueprints.staff import roles
from core.audit import Actor
from core.crypto import envelope
from core.extensions import db
from tests.referrals.charts import details

ANN = Actor("Ann Sample", 1, "ann@example.com")
EVERYTHING = roles.allowed(roles.PERMISSIONS)
CALM = {"suicide_risk": "low", "urgent_handoff": "", "priority": "routine", "priority_reason": ""}
RUNS = 30
ROWS = """INSERT INTO referrals (id, public_id, reference, key_hash, received_at, status, priority, blob, wraps,
queue, owner_id, rank, clock, due_at)
{fill} SELECT i, 'id' || i, 'K' || i, 'key' || i, '2026-01-01', 'reviewing', 'routine',
cast('synthetic' AS {bytes}), '{{}}',
CASE i % 4 WHEN 0 THEN 'waiting' WHEN 1 THEN 'closed' ELSE 'open' END,
CASE i % 4 WHEN 2 THEN 1 END, cast(900000000000000 AS bigint) + i, '', NULL FROM n"""


def milliseconds(call: Callable[[], object]) -> float:
    """The median of RUNS."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def sealed(app: Flask, pair: envelope.KeyPair) -> None:
    """100 referrals: 40 nobody's, 30 one's own, 30 waiting."""
    for number in range(100):
        reference = services.submit(details(**CALM), f"key of {number}", None, (pair.public,))
        db.session.rollback()
        for seen, action in enumerate(("claim", "ask")[: max(0, number // 35)], 1):
            given = {"words": "Which dose?"}
            desk.act(reference, action, seen, ANN, EVERYTHING, given, pair.private, (pair.public,))


def fill(rows: int) -> None:
    dialect = db.engine.dialect.name
    statement = ROWS.format(fill=FILL[dialect], bytes="bytea" if dialect == "postgresql" else "blob")
    db.session.execute(text(statement), {"first": 1000, "last": rows})
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def bare() -> None:
    """What a Flask-SQLAlchemy tutorial does: 25 whole rows by their key."""
    list(db.session.scalars(select(Referral).order_by(Referral.id.desc()).limit(25)))
    db.session.remove()


def measured(key: str) -> dict[str, float]:
    found = {view.value: milliseconds(lambda v=view: worklist.rows(v, ANN, key)) for view in View}  # type: ignore[misc]
    return {**found, "bare list": milliseconds(bare)}


def show(name: str, few: dict[str, float], many: dict[str, float], rows: int) -> None:
    for what, before in few.items():
        after, label = many[what], f"{name}, {what}"
        print(f"{label:24} {before:6.2f} ms at 100   {after:6.2f} ms at {rows:,}   {after / before:5.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    for name, database in DATABASES.items():
        with database() as address, site(address) as app, app.app_context():
            pair = envelope.new_key_pair()
            sealed(app, pair)
            few = measured(pair.private)
            fill(rows)
            show(name, few, measured(pair.private), rows)


if __name__ == "__main__":
    main()
