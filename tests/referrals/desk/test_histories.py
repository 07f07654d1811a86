"""A hundred random histories of two people's clicks, beside a tiny model of what should come of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.referrals import hours
from blueprints.referrals.desk.refusals import NotAllowed, Stale
from blueprints.referrals.models import Event
from core import clock
from core.extensions import db
from tests.referrals.desk.people import ANN, BEN, act, arrive, call, row, write

NEXT = {
    "new": {"claim": "reviewing", "withdraw": "closed", "error": "closed"},
    "reviewing": {"ask": "waiting", "accept": "accepted", "decline": "closed", "withdraw": "closed", "error": "closed"},
    "waiting": {a: "closed" for a in ("decline", "unreachable", "withdraw", "error")} | {"answered": "reviewing"},
    "accepted": {a: "closed" for a in ("decline", "unreachable", "withdraw", "error")} | {"book": "booked"},
    "booked": {"seen": "seen", "no_show": "accepted", "unreachable": "closed", "withdraw": "closed"},
    "seen": {"report": "closed", "withdraw": "closed"},
    "closed": {"reopen": "reviewing"},
}
STAYING = {
    "take": "new closed",
    "release": "new closed",
    "hand_over": "closed",
    "set_priority": "accepted booked seen closed",
}
ACTIONS = sorted({action for ways in NEXT.values() for action in ways} | set(STAYING))
RARE = ("withdraw", "error", "decline", "unreachable")


@dataclass
class Model:
    high: bool
    received_at: datetime
    state: str = "new"
    owner: str = ""
    version: int = 1
    contact: bool = False
    decide_from: datetime | None = None
    worked: int = 0
    """Business seconds of deciding, without waiting."""
    events: list[str] = field(default_factory=lambda: ["submitted"])

    def may(self, action: str) -> bool:
        if action in STAYING:
            return self.state not in STAYING[action].split() and (action != "release" or bool(self.owner))
        held = self.high and not self.contact and self.state == "new"
        return action in NEXT[self.state] and not held

    def act(self, action: str, who: str, now: datetime) -> None:
        before, self.state = self.state, NEXT[self.state].get(action, self.state)
        self.version += 1
        self.events.append(action)
        if action == "hand_over":
            self.owner = BEN.name
        elif action == "release":
            self.owner = ""
        elif action in ("claim", "take") or (not self.owner and action != "set_priority"):
            self.owner = who
        if self.state == "reviewing" and before != "reviewing":
            if before != "waiting":
                self.worked = 0
            self.decide_from = self.received_at if before == "new" else now
        elif before == "reviewing" and self.state == "waiting":
            assert self.decide_from
            self.worked += hours.current().calendar.between(self.decide_from, now)


@pytest.fixture
def desk(sqlite_app: Flask) -> Iterator[Flask]:
    with sqlite_app.app_context():
        yield sqlite_app


def test_a_hundred_random_histories_come_out_as_the_model_says(desk: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(16)
    now = clock.now().replace(microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: now)
    for _ in range(100):
        high = chance.random() < 0.4
        reference = arrive(**({"suicide_risk": "high", "priority": "urgent"} if high else {}))
        model, seen = Model(high, now), {ANN.name: 1, BEN.name: 1}
        for _ in range(chance.randrange(4, 14)):
            now += timedelta(seconds=chance.randrange(1, 30 * 3600))
            step(reference, model, seen, chance, now)
        compare(reference, model)


def step(reference: str, model: Model, seen: dict[str, int], chance: random.Random, now: datetime) -> None:
    """One person does something on what they saw last, which may be old."""
    who = chance.choice([ANN, BEN])
    if chance.random() < 0.2:
        write(reference, who=who)
    if chance.random() < 0.15:
        call(reference)
        model.contact = True
    if chance.random() < 0.8:
        seen[who.name] = model.version
    possible = [action for action in ACTIONS if model.may(action) and action not in RARE]
    action = chance.choice(possible if possible and chance.random() < 0.8 else ACTIONS)
    expected = Stale if seen[who.name] != model.version else None if model.may(action) else NotAllowed
    given = {"visit_on": f"{(now + timedelta(days=5)):%Y-%m-%d}"}
    if expected:
        with pytest.raises(expected):
            act(reference, action, who, seen[who.name], **given)
    else:
        act(reference, action, who, seen[who.name], **given)
        model.act(action, who.name, now)


def compare(reference: str, model: Model) -> None:
    kept = row(reference)
    assert (kept.status, kept.owner, kept.version) == (model.state, model.owner, model.version)
    events = db.session.scalars(select(Event.kind).where(Event.referral_id == kept.id).order_by(Event.id)).all()
    assert [kind for kind in events if kind != "contact"] == model.events
    assert (kept.due_at is None) == (model.state in ("waiting", "closed"))
    if model.high and not model.contact:
        assert model.state == "new"
    if model.state == "reviewing":
        assert model.decide_from
        assert kept.clock_runs_since == model.decide_from
        assert kept.clock_used == model.worked
        left = kept.clock_seconds - model.worked
        assert kept.due_at == hours.current().calendar.add(model.decide_from, left)
