"""The table of states: it agrees with the roles, nothing is a dead end, and high risk has no way around its contact."""

from __future__ import annotations

from collections import Counter

import pytest

from blueprints.referrals.desk import telling
from blueprints.referrals.desk.given import WANTED
from blueprints.referrals.lifecycle import states
from blueprints.referrals.lifecycle.reasons import HEADINGS, NEEDS_WORDS, REASONS
from blueprints.referrals.lifecycle.states import TRANSITIONS, Outcome, State
from blueprints.staff import roles

FHIR_R4 = [
    "requested",
    "accepted",
    "rejected",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
]


def reached(start: State, contact_needed: bool) -> set[State]:
    found, todo = set(), [start]
    while todo:
        for row in states.possible(todo.pop(), contact_needed=contact_needed):
            if row.target not in found:
                found.add(row.target)
                todo.append(row.target)
    return found


def test_the_permissions_are_those_of_the_roles() -> None:
    assert (states.WORK, states.DECIDE, states.OVERSEE) == (roles.WORK, roles.DECIDE, roles.OVERSEE)


@pytest.mark.parametrize("state", list(State))
def test_each_state_has_a_way_on_and_can_be_closed(state: State) -> None:
    assert any(row.target != state for row in states.possible(state))
    assert State.CLOSED in reached(state, contact_needed=False)


def test_without_a_live_contact_high_risk_stays_new() -> None:
    assert reached(State.NEW, contact_needed=True) == {State.NEW}
    assert {row.action for row in states.possible(State.NEW, contact_needed=True)} == {"hand_over", "set_priority"}


def test_a_state_has_each_action_once_and_an_outcome_only_where_it_closes() -> None:
    assert max(Counter((row.source, row.action) for row in TRANSITIONS).values()) == 1
    assert all(bool(row.outcome) == (row.target == State.CLOSED) for row in TRANSITIONS)
    assert {row.outcome for row in TRANSITIONS if row.outcome} == set(Outcome)


def test_only_clinicians_decide_and_only_managers_reopen() -> None:
    needed = {row.action: row.permission for row in TRANSITIONS}
    decide = {action for action, permission in needed.items() if permission == roles.DECIDE}
    assert decide == {"accept", "decline", "set_priority", "report"}
    assert {action for action, permission in needed.items() if permission == roles.OVERSEE} == {"reopen", "hand_over"}


def test_each_row_says_what_others_need_of_it() -> None:
    for row in TRANSITIONS:
        assert row.fhir in FHIR_R4
        assert row.words
        assert row.action in telling.DID
        assert set(row.needs) <= set(WANTED)


def test_the_statuses_for_fhir() -> None:
    expected = {
        (State.NEW, ""): ("requested", "2.0"),
        (State.WAITING, ""): ("on-hold", ""),
        (State.ACCEPTED, ""): ("accepted", "3.0"),
        (State.CLOSED, Outcome.DECLINED): ("rejected", "4.0"),
        (State.CLOSED, Outcome.WITHDRAWN): ("cancelled", "6.0"),
        (State.CLOSED, Outcome.REPORTED): ("completed", "7.0"),
    }
    for (state, outcome), status in expected.items():
        meaning = states.meaning_of(state, outcome)
        assert (meaning.fhir, meaning.business_status) == status


def test_each_reason_has_a_heading_a_sentence_and_a_way_back() -> None:
    assert len({reason.code for reason in REASONS}) == len(REASONS) == 19
    assert {reason.heading for reason in REASONS} == set(HEADINGS)
    for reason in REASONS:
        assert reason.code in NEEDS_WORDS or reason.sentence.endswith(".")
        assert reason.code in (*NEEDS_WORDS, "duplicate") or reason.again_when
