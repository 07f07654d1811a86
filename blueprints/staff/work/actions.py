"""The buttons of a referral's page: what the table allows in this state, and this person may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import url_for

from blueprints.referrals.desk.cases import Case
from blueprints.referrals.lifecycle.states import Transition
from blueprints.staff import roles
from blueprints.staff.access import Person
from blueprints.staff.work import forms, letter
from blueprints.staff.work.forms import DeskForm
from core import clinic, clock

MAIN = ("claim", "accept", "ask", "answered", "book", "seen", "no_show", "report", "reopen", "decline")
"""What moves the referral on; everything else stands under “More”. In this order."""
DECISIONS = ("accept", "decline", "ask", "withdraw", "error", "unreachable")
"""After these one goes on with the next in the list."""
LEADS = {
    "accept": "The referrer is told that you accept, and the clock for the first contact starts.",
    "ask": "The referrer is asked, and the clock stands still until the answer is here.",
    "decline": "The referrer reads the reason, what can be done instead, and when to refer again.",
    "hand_over": "The colleague finds it under “Needs me”.",
    "release": "It goes back to “Nobody's”.",
}
WHO = {roles.DECIDE: "A clinician", roles.OVERSEE: "A manager", roles.WORK: "A coordinator or a clinician"}
WRITE_LABELS = {"note": "Note for the team", "message": "Write to the referrer", "call": "Log a call"}
WRITE_BUTTONS = {"note": "Save the note", "message": "Send the message", "call": "Save the call"}


@dataclass(frozen=True)
class Refused:
    """The form that was sent and not accepted: it comes back open, with what was typed."""

    name: str
    form: DeskForm

    def as_note(self) -> Refused:
        """Its words in the form for a note, with the same complaints above it."""
        note = forms.form_for("note")
        assert note is not None  # noqa: S101 - it is one of the forms
        note["words"].data = self.form.given().get("words", "")
        note.form_errors = self.form.form_errors
        return Refused("note", note)


@dataclass(frozen=True)
class Action:
    """A button, or a form that a button opens."""

    name: str
    label: str
    form: DeskForm
    url: str
    seen: int
    """The version of the referral that the page shows."""
    view: str
    """The list that the page was opened from."""
    main: bool = False
    open: bool = False
    lead: str = ""
    button: str = ""
    """The words of the form's own button, where they differ from the label."""
    offers: tuple[str, ...] = ()
    """What the referrer did not answer, to be asked for."""
    letter: tuple[str, ...] | None = None
    """The paragraphs that the referrer will read; None: this action writes no letter."""

    @property
    def kind(self) -> str:
        """For its looks."""
        return "accept" if self.name in ("claim", "accept") else "close" if self.name in CLOSING else "plain"

    @property
    def decides(self) -> bool:
        return self.name in DECISIONS


CLOSING = ("decline", "withdraw", "unreachable", "error")


@dataclass(frozen=True)
class Buttons:
    actions: tuple[Action, ...]
    writing: tuple[Action, ...]
    first: str
    """What is needed before anything else can be done, or who can do the rest; "" if there is nothing to say."""

    @property
    def names(self) -> set[str]:
        return {action.name for action in (*self.actions, *self.writing)}


def buttons(case: Case, person: Person, refused: Refused | None, colleagues: Mapping[str, str], view: str) -> Buttons:
    """Only what the service accepts from this person now."""
    allowed = person.permissions
    possible = [row for row in case.transitions if _is_for(row, case, person, colleagues)]
    mine = [row for row in possible if row.permission in allowed]
    actions = sorted((_action(row, case, refused, colleagues, view) for row in mine), key=_order)
    writing = [_writing(name, case, refused, view) for name in forms.WRITING] if roles.WORK in allowed else []
    return Buttons(tuple(actions), tuple(writing), _first(case, possible, allowed))


def _is_for(row: Transition, case: Case, person: Person, colleagues: Mapping[str, str]) -> bool:
    """Whether the button makes sense to this person, besides being allowed."""
    if row.action in ("take", "release"):
        return (case.row.owner_id == person.id) is (row.action == "release")
    return row.action in forms.ACTIONS and (row.action != "hand_over" or bool(colleagues))


def _order(action: Action) -> int:
    return MAIN.index(action.name) if action.name in MAIN else len(MAIN)


def _action(row: Transition, case: Case, refused: Refused | None, colleagues: Mapping[str, str], view: str) -> Action:
    is_open = refused is not None and refused.name == row.action
    form = refused.form if refused and is_open else forms.form_for(row.action)
    assert form is not None  # noqa: S101 - `_is_for` let only actions with a form through
    if isinstance(form, forms.HandOver):
        form.offer(colleagues)
    if isinstance(form, forms.Decline):
        form.suggest(case.suggested)
    return Action(
        row.action,
        row.label,
        form,
        url_for("staff.act", reference=case.row.reference, action=row.action),
        case.row.version,
        view,
        main=row.action in MAIN,
        open=is_open,
        lead=LEADS.get(row.action, ""),
        offers=tuple(gap.words for gap in case.assessment.missing) if row.action == "ask" else (),
        letter=letter.declined(form.reason.data or "", form.words.data or "")
        if isinstance(form, forms.Decline)
        else None,
    )


def _writing(name: str, case: Case, refused: Refused | None, view: str) -> Action:
    is_open = refused is not None and refused.name == name
    form = refused.form if refused and is_open else forms.form_for(name)
    assert form is not None  # noqa: S101 - each of WRITING has a form
    url = url_for("staff.write", reference=case.row.reference, kind=name)
    if isinstance(form, forms.Call) and not is_open:
        form.spoke_at.data = f"{clinic.current().local(clock.now()):%Y-%m-%dT%H:%M}"
    called_for = name == "call" and case.contact_needed
    label, button = WRITE_LABELS[name], WRITE_BUTTONS[name]
    return Action(name, label, form, url, case.row.version, view, open=is_open or called_for, button=button)


def _first(case: Case, possible: Iterable[Transition], allowed: frozenset[str]) -> str:
    if case.contact_needed:
        return "Log the live contact first: who spoke with whom, and what was arranged. Until then it stays new."
    others: dict[str, list[str]] = {}
    for row in possible:
        if row.permission not in allowed and row.action in MAIN:
            others.setdefault(row.permission, []).append(row.label.lower())
    return " ".join(f"{WHO[needed]} can {' or '.join(labels)}." for needed, labels in others.items())
