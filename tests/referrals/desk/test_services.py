"""What staff do with a referral: rules, refusals, and that every change is whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from blueprints.referrals.desk import cases, services, worklist
from blueprints.referrals.desk.refusals import Missing, NotAllowed, Stale
from blueprints.referrals.desk.worklist import View
from blueprints.referrals.lifecycle import states
from blueprints.referrals.lifecycle.states import State
from blueprints.referrals.models import Referral, Written
from blueprints.staff import roles
from core import clock
from core.audit.models import AuditEvent
from core.extensions import db
from tests.conftest import Wait
from tests.referrals.desk.people import ANN, BEN, EVERYTHING, GIVEN, act, arrive, call, keys, row, write

HIGH: list[dict[str, Any]] = [
    {"suicide_risk": "high", "priority": "urgent"},
    {"phq9_item9": 3},
    {"priority": "urgent", "priority_reason": "suicidal thoughts since Monday"},
    {"diagnosis_code": "R45.851"},
    {"suicide_risk": "moderate", "prior_attempts": "yes"},
]


@pytest.mark.parametrize("answers", HIGH, ids=lambda answers: "-".join(answers))
def test_high_risk_leaves_new_only_after_a_live_contact(desk: Flask, answers: dict[str, Any]) -> None:
    reference = arrive(**answers)
    leaving = [change.action for change in states.possible(State.NEW) if not change.keeps]
    assert row(reference).high_risk
    call(reference, reached="no")
    for action in leaving:
        with pytest.raises(NotAllowed, match="high risk"):
            act(reference, action)
    assert cases.open_case(reference, ANN, keys()[0]).contact_needed
    call(reference)
    assert not cases.open_case(reference, ANN, keys()[0]).contact_needed
    act(reference, "claim")


@pytest.mark.parametrize(
    "forged", [{"high_risk": False}, {"high_risk": False, "contact_at": "now"}, {"contact_at": "now"}]
)
def test_columns_changed_by_hand_open_no_way_around_the_contact(desk: Flask, forged: dict[str, Any]) -> None:
    reference = arrive(suicide_risk="high", priority="urgent")
    values = {name: clock.now() if value == "now" else value for name, value in forged.items()}
    db.session.execute(update(Referral).where(Referral.reference == reference).values(values))
    db.session.commit()
    for action in ("claim", "error", "withdraw"):
        with pytest.raises(NotAllowed):
            act(reference, action)


def test_an_older_referral_gets_its_bit_and_its_hour_when_it_is_opened(desk: Flask) -> None:
    reference = arrive(suicide_risk="high", priority="urgent")
    before = row(reference).due_at
    assert before
    db.session.execute(
        update(Referral).values(high_risk=False, clock_seconds=4 * 3600, due_at=before + timedelta(days=3))
    )
    db.session.commit()
    cases.open_case(reference, ANN, keys()[0])
    assert (row(reference).high_risk, row(reference).due_at) == (True, before)


def test_what_is_missing_is_named_and_nothing_changes(desk: Flask) -> None:
    reference = arrive()
    act(reference, "claim")
    wrong = {
        "ask": ({"words": " "}, {"words"}),
        "decline": ({"reason": "because"}, {"reason"}),
        "set_priority": ({"priority": "whenever", "words": "x" * 10_001}, {"priority", "words"}),
        "hand_over": ({"to_id": "-1"}, {"to_id"}),
    }
    for action, (given, names) in wrong.items():
        with pytest.raises(Missing) as refused:
            act(reference, action, ANN, None, **given)
        assert set(refused.value.problems) == names
    with pytest.raises(Missing):
        act(reference, "decline", reason="other", words="")
    assert row(reference).version == 2
    with pytest.raises(Missing) as refused:
        write(reference, "call", spoke_at="2031-01-01T10:00", reached="maybe")
    assert set(refused.value.problems) == {"spoke_with", "spoke_at", "reached"}


def test_each_role_may_do_what_the_table_says_and_no_more(desk: Flask) -> None:
    reference = arrive()
    act(reference, "claim")
    for role in roles.PERMISSIONS:
        permissions = roles.allowed([role])
        for change in states.possible(State.REVIEWING):
            if change.permission not in permissions:
                with pytest.raises(NotAllowed, match="role"):
                    services.act(reference, change.action, 2, ANN, permissions, GIVEN, *keys())
    with pytest.raises(NotAllowed):
        services.write(reference, "note", GIVEN, ANN, roles.allowed([]), keys()[1])


def test_a_stale_change_is_told_who_did_what_and_what_they_wrote(desk: Flask) -> None:
    reference = arrive()
    act(reference, "claim")
    act(reference, "ask", BEN, words="Which dose?")
    with pytest.raises(Stale) as refused:
        act(reference, "accept", seen=2)
    now = refused.value.now
    assert (now.version, now.state, now.who, now.did, now.entry) == (
        3,
        "waiting",
        "Ben Sample",
        "Referrer asked",
        "Which dose?",
    )


@pytest.mark.database_decides
def test_of_two_people_s_clicks_one_wins_and_none_is_lost(both: Flask) -> None:
    reference = arrive()

    def click(who: Any) -> str:
        with both.app_context():
            try:
                services.act(reference, "claim", 1, who, EVERYTHING, {}, *keys())
            except Stale as stale:
                return stale.now.owner
            return "claimed"

    with ThreadPoolExecutor(4) as people:
        done = sorted(people.map(click, [ANN, BEN, ANN, BEN]))
    kept = row(reference)
    assert done == sorted(["claimed", *[kept.owner] * 3])
    assert kept.version == 2
    assert [e.kind for e in kept.events] == ["submitted", "claim"]


def test_notes_calls_and_ticks_move_no_deadline_and_make_nothing_stale(desk: Flask, wait: Wait) -> None:
    reference = arrive()
    act(reference, "claim")
    act(reference, "accept")
    before = row(reference)
    kept = (before.version, before.due_at, before.rank, before.clock_started_at)
    wait(timedelta(hours=3))
    write(reference)
    write(reference, "message", BEN)
    call(reference)
    services.check(reference, "coverage", True, ANN, EVERYTHING)
    after = row(reference)
    assert (after.version, after.due_at, after.rank, after.clock_started_at) == kept


def test_what_staff_write_is_sealed_and_nothing_of_it_is_in_the_clear(desk: Flask) -> None:
    reference = arrive()
    act(reference, "claim")
    for kind in ("note", "message"):
        write(reference, kind)
    act(reference, "decline", words="canary of a decision", reason="pregnancy")
    case = cases.open_case(reference, ANN, keys()[0])
    assert [e.words for e in case.timeline if e.kind in ("note", "message")] == [
        *["canary words"] * 2,
        "canary of a decision",
    ]
    assert case.decision
    assert case.decision.reason
    assert case.decision.reason.code == "pregnancy"
    db.session.rollback()
    raw = db.session.connection().connection.driver_connection
    dump = "\n".join(raw.iterdump())  # type: ignore[union-attr]
    assert "canary" not in dump
    assert "pregnancy" not in dump


def test_an_entry_that_was_changed_by_hand_says_so(desk: Flask) -> None:
    reference = arrive()
    write(reference)
    db.session.execute(update(Written).values(author="Somebody Else"))
    db.session.commit()
    (line,) = (e for e in cases.open_case(reference, ANN, keys()[0]).timeline if e.kind == "note")
    assert "author" in line.fault


def test_unread_is_for_the_owner_until_they_have_seen_it(desk: Flask) -> None:
    reference = arrive()
    assert worklist.unread(ANN.id) == worklist.unread(BEN.id) == 1
    cases.open_case(reference, BEN, keys()[0])
    assert worklist.unread(ANN.id) == 0
    act(reference, "claim")
    write(reference, who=BEN)
    assert (worklist.unread(ANN.id), worklist.unread(BEN.id)) == (1, 0)
    cases.open_case(reference, BEN, keys()[0])
    assert worklist.unread(ANN.id) == 1
    cases.open_case(reference, ANN, keys()[0])
    assert worklist.unread(ANN.id) == 0


@pytest.mark.database_decides
def test_views_show_what_is_due_first_and_name_who_was_read(both: Flask, wait: Wait) -> None:
    key = keys()[0]
    routine, urgent, mine, asked, closed = arrive(), arrive(priority="urgent"), arrive(), arrive(), arrive()
    for reference in (mine, asked, closed):
        act(reference, "claim")
    act(asked, "ask")
    act(closed, "withdraw")
    shown = {view: [r.reference for r in worklist.rows(view, ANN, key).rows] for view in View}
    assert shown == {
        View.NEEDS_ME: [mine],
        View.NOBODYS: [urgent, routine],
        View.WAITING: [asked],
        View.ALL: [urgent, routine, mine, asked, closed],
    }
    assert worklist.rows(View.NEEDS_ME, BEN, key).rows == ()
    assert worklist.rows(View.ALL, BEN, key).counts == {View.NEEDS_ME: 0, View.NOBODYS: 2, View.WAITING: 1, View.ALL: 5}
    line = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert line.detail["references"] == shown[View.ALL]


def test_a_referral_that_does_not_open_is_listed_with_its_fault(desk: Flask) -> None:
    good, bad = arrive(), arrive()
    db.session.execute(update(Referral).where(Referral.reference == bad).values(blob=b"damaged" * 20))
    db.session.commit()
    faults = {r.reference: (bool(r.fault), r.patient) for r in worklist.rows(View.ALL, ANN, keys()[0]).rows}
    assert faults[bad] == (True, "")
    assert faults[good] == (False, "canary patient_family_name, canary patient_given_name")


def test_searches_find_by_reference_and_by_name_among_open_ones(desk: Flask) -> None:
    open_one, closed = arrive(), arrive()
    act(closed, "error")
    key = keys()[0]
    assert [r.reference for r in worklist.find(closed.lower().removeprefix("ktc-"), ANN, key)] == [closed]
    assert [r.reference for r in worklist.find("Patient_Family", ANN, key)] == [open_one]
    assert worklist.find(" ", ANN, key) == worklist.find("nobody", ANN, key) == ()
    details = [line.detail for line in db.session.scalars(select(AuditEvent)) if line.action == "referrals.searched"]
    assert "patient_family" not in str(details).casefold()


def test_a_leaver_s_referrals_are_handed_over(desk: Flask) -> None:
    mine, done = arrive(), arrive()
    for reference in (mine, done):
        act(reference, "claim")
    act(done, "withdraw")
    due = row(mine).due_at
    assert services.hand_over_all(1, BEN, BEN) == 1
    assert (row(mine).owner, row(mine).due_at, row(done).owner) == ("Ben Sample", due, "Ann Sample")
    assert services.hand_over_all(2, None, BEN) == 1
    assert row(mine).owner_id is None
    act(mine, "take")
    assert row(mine).owner == "Ann Sample"


def test_who_looks_is_shown_for_a_minute(desk: Flask, wait: Wait) -> None:
    reference = arrive()
    assert services.look(reference, ANN) == ()
    assert services.look(reference, BEN) == ("Ann Sample",)
    wait(timedelta(seconds=61))
    assert services.look(reference, BEN) == ()


def test_each_opening_has_its_line_even_one_that_fails(desk: Flask) -> None:
    reference = arrive()
    cases.open_case(reference, ANN, keys()[0])
    db.session.execute(update(Referral).values(blob=b"damaged" * 20))
    db.session.commit()
    with pytest.raises(services.UnknownReferral):
        cases.open_case("KTC-22222222", ANN, keys()[0])
    from core.crypto.envelope import SealingError

    with pytest.raises(SealingError):
        cases.open_case(reference, ANN, keys()[0])
    lines = db.session.scalars(select(AuditEvent.action).where(AuditEvent.subject == reference)).all()
    assert lines == ["referral.opened", "referral.not_opened"]


def test_the_views_are_read_by_an_index_in_its_order(desk: Flask) -> None:
    """So that a million referrals change nothing in their time."""
    for view in View:
        query = worklist.listed(view, ANN, select(*worklist.CLEAR), 3).limit(26)
        plan = db.session.execute(
            text("EXPLAIN QUERY PLAN " + str(query.compile(db.engine, compile_kwargs={"literal_binds": True})))
        )
        lines = [line.detail for line in plan]
        assert len(lines) == 1, lines
        assert "USING INDEX ix_referrals_" in lines[0]
