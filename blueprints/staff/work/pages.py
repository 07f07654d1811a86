"""What the pages of the work list show. They ask the desk's services; routes.py says when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.referrals.desk import answers, cases, worklist
from blueprints.referrals.desk.cases import Case
from blueprints.referrals.desk.services import Now
from blueprints.referrals.desk.worklist import Row, View
from blueprints.referrals.lifecycle.states import TRANSITIONS, State
from blueprints.staff import roles
from blueprints.staff.access import Person, current, private_key
from blueprints.staff.work import actions, forms
from blueprints.staff.work.actions import Refused
from core import clinic, clock
from core.forms.validators import phone_words
from core.web import hypermedia

VIEWS = {
    View.NEEDS_ME: "Needs me",
    View.NOBODYS: "Nobody's",
    View.WAITING: "Waiting",
    View.ALL: "All",
}
MANY = 100
"""The services count no further."""
KEYS_COOKIE = "desk_keys"
LIST_KEYS = (
    ("j", "Next referral"),
    ("k", "Previous referral"),
    ("Enter", "Open it"),
    ("c", "Claim it"),
    ("?", "Show these keys"),
)
PAGE_KEYS = (("c", "Claim it"), ("n", "Write a note"), ("u", "Back to the list"), ("?", "Show these keys"))
LEVELS = {"high": "red", "moderate": "amber", "not_assessed": "amber"}


@dataclass(frozen=True)
class Tab:
    view: View
    words: str
    count: str | None
    """None: not counted."""
    current: bool


@dataclass(frozen=True)
class Nothing:
    """What a list without rows says."""

    heading: str
    words: str
    view: View | None = None
    link: str = ""


EMPTY = {
    View.NEEDS_ME: Nothing(
        "Nothing needs you now",
        "Take a referral that nobody has yet, or see everything that is open.",
        View.NOBODYS,
        "See nobody's referrals",
    ),
    View.NOBODYS: Nothing(
        "Every referral has somebody", "New ones appear here as they arrive.", View.ALL, "See all referrals"
    ),
    View.WAITING: Nothing(
        "No referral waits for its referrer",
        "When you ask a referrer for more, the referral waits here and its clock stands still.",
        View.NEEDS_ME,
        "See what needs you",
    ),
    View.ALL: Nothing("No referrals yet", "They appear here as soon as somebody sends the form of the public site."),
}
NOT_FOUND = Nothing(
    "Nothing found",
    "Check the reference, or try the beginning of the last name. Names are searched among open referrals only.",
    View.ALL,
    "See all referrals",
)


def view_of(text: str | None) -> View:
    return View(text) if text in set(View) else View.NEEDS_ME


def keys_are_on() -> bool:
    return request.cookies.get(KEYS_COOKIE) != "off"


def list_page(view: View, number: int) -> Response:
    person = current()
    page = worklist.rows(view, person.actor, private_key(), number)
    return _list(page.rows, view, VIEWS[view], counts=page.counts, number=page.number, has_next=page.has_next)


def found_page(form: forms.Find) -> Response:
    """Rows that match what was typed. A POST, so that no name stands in an address."""
    rows = worklist.find(form.words.data or "", current().actor, private_key())
    return _list(rows, View.ALL, f"Found: {len(rows)}", form=form, found=len(rows), empty=NOT_FOUND)


def refused_find(form: forms.Find, status: int = 422) -> Response:
    return _list((), View.ALL, "Find a referral", status=status, form=form, found=0, empty=NOT_FOUND)


def _list(rows: tuple[Row, ...], view: View, heading: str, status: int = 200, **context: Any) -> Response:
    person = current()
    counts: Mapping[View, int] = context.pop("counts", {})
    shown = {"found": None, "number": 1, "has_next": False, "empty": EMPTY[view], **context}
    tabs = [Tab(v, words, _many(counts.get(v)), v == view and shown["found"] is None) for v, words in VIEWS.items()]
    shown.setdefault("form", forms.form_for("find"))
    return hypermedia.page(
        "staff/work/list.html",
        status,
        rows=rows,
        view=view.value,
        heading=heading,
        tabs=tabs,
        me=person,
        today=clinic.today(),
        claimable={row.reference for row in rows if _is_claimable(row)} if person.may(roles.WORK) else set(),
        keys_on=keys_are_on(),
        shown_keys=LIST_KEYS,
        **shown,
    )


def _is_claimable(row: Row) -> bool:
    """Whether a button in the list can claim it: one of high risk first needs the contact that its page asks for."""
    return row.state == State.NEW and not row.high_risk and not row.fault


def _many(count: int | None) -> str | None:
    return None if count is None else f"{MANY - 1}+" if count >= MANY else str(count)


def referral_page(
    reference: str, status: int = 200, refused: Refused | None = None, stale: Now | None = None, done: str = ""
) -> Response:
    """`refused`: the form that comes back. `stale`: what somebody else did meanwhile. `done`: what was just done."""
    person = current()
    case = cases.open_case(reference, person.actor, private_key())
    conflict = _conflict(stale, case, refused) if stale and refused else None
    if conflict and refused and not conflict.again:
        refused = _as_note(refused)
    shown = actions.buttons(case, person, refused, colleagues(person))
    return hypermedia.page(
        "staff/work/referral.html",
        status,
        case=case,
        row=case.row,
        reference=case.row.reference,
        others=case.others,
        buttons=shown,
        actions=shown.actions,
        writing=shown.writing,
        refused=refused,
        conflict=conflict,
        done=done,
        me=person,
        now=clock.now(),
        may_work=person.may(roles.WORK),
        may_export=person.may(roles.OVERSEE),
        view=_view().value,
        view_words=VIEWS[_view()],
        keys_on=keys_are_on(),
        shown_keys=PAGE_KEYS,
        **_words(case),
    )


def _words(case: Case) -> dict[str, Any]:
    """The referral in words."""
    details = case.details
    return {
        "details": details,
        "assessment": case.assessment,
        "patient": answers.patient(details),
        "age": answers.age(details, clinic.today()),
        "sex": answers.sex(details),
        "born": answers.day_words(details.patient_birth_date),
        "services": answers.services(details),
        "diagnosis": answers.diagnosis(details),
        "risk_words": answers.risk(details),
        "risk_level": LEVELS.get(details.suicide_risk, "amber" if not details.suicide_risk else ""),
        "risk_signs": case.risks,
        "guidance": answers.GUIDANCE,
        "screens": answers.contraindications(details),
        "sections": answers.sections(details),
        "signs": tuple(case.marks.words(confirmed=case.email == "confirmed")),
        "phones": _phones(case),
    }


def _phones(case: Case) -> list[tuple[str, str, str, str]]:
    """Who, name, number in words, link."""
    d = case.details
    referrer = " ".join(
        part for part in (d.referrer_given_name, d.referrer_family_name, d.referrer_credentials) if part
    )
    people = (("Referrer", referrer, d.referrer_phone), ("Patient", answers.patient(d), d.patient_phone))
    return [(who, name, phone_words(number), f"tel:{number}") for who, name, number in people]


def _view() -> View:
    """The list that the page was opened from: in the address, or in the form that was sent."""
    return view_of(request.values.get("view"))


def colleagues(person: Person) -> dict[str, str]:
    """To whom a referral can be handed over: id → name."""
    return {}


@dataclass(frozen=True)
class Conflict:
    """Somebody else changed the referral while this person was writing."""

    heading: str
    who: str
    when: datetime
    did: str
    state: str
    owner: str
    words: str
    label: str
    typed: tuple[tuple[str, str], ...]
    """(question, what was typed)"""
    again: bool
    """Whether the same can still be done."""


def _conflict(stale: Now, case: Case, refused: Refused) -> Conflict:
    possible = {row.action for row in case.transitions}
    return Conflict(
        heading=f"{stale.who or 'Somebody else'} was faster",
        who=stale.who,
        when=stale.when,
        did=stale.did,
        state=stale.state.value,
        owner=stale.owner,
        words=stale.entry,
        label=_label(refused.name),
        typed=tuple((f.label.text, str(f.data)) for f in refused.form.questions() if f.data),
        again=refused.name in possible,
    )


def _label(action: str) -> str:
    return next((row.label for row in TRANSITIONS if row.action == action), action)


def _as_note(refused: Refused) -> Refused:
    """What was typed for something that cannot be done anymore is kept in the form for a note."""
    note = forms.form_for("note")
    assert note is not None  # noqa: S101
    note["words"].data = refused.form.given().get("words", "")
    return Refused("note", note)


def given(action: str, form: forms.DeskForm) -> dict[str, str]:
    return form.given()


def after(reference: str, done: str, anchor: str | None = None) -> str:
    """Back to the page, which says what was done."""
    return url_for("staff.referral", reference=reference, view=_view().value, done=done or None, _anchor=anchor)
