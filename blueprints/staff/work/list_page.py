"""The list of referrals: what its page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from blueprints.referrals.desk import worklist
from blueprints.referrals.desk.worklist import Row, View
from blueprints.referrals.lifecycle.states import State
from blueprints.staff import roles
from blueprints.staff.access import current, private_key
from blueprints.staff.work import forms, keys
from blueprints.staff.work.done import Done
from core import clinic
from core.web import hypermedia

VIEWS = {
    View.NEEDS_ME: "Needs me",
    View.NOBODYS: "Nobody's",
    View.WAITING: "Waiting",
    View.ALL: "All",
}
MANY = 100
"""The services count no further."""


@dataclass(frozen=True)
class Tab:
    view: str
    words: str
    count: str
    """"" where it is not counted."""
    current: bool


@dataclass(frozen=True)
class Nothing:
    """What a list without rows says, and where its button leads."""

    heading: str
    words: str
    view: str = ""
    link: str = ""


EMPTY = {
    View.NEEDS_ME: Nothing(
        "Nothing needs you now",
        "Take a referral that nobody has yet, or see everything.",
        View.NOBODYS.value,
        "See nobody's referrals",
    ),
    View.NOBODYS: Nothing(
        "Every referral has somebody", "New ones appear here as they arrive.", View.ALL.value, "See all referrals"
    ),
    View.WAITING: Nothing(
        "No referral waits for its referrer",
        "When you ask a referrer for more, the referral waits here and its clock stands still.",
        View.NEEDS_ME.value,
        "See what needs you",
    ),
    View.ALL: Nothing("No referrals yet", "They appear here as soon as somebody sends the form of the public site."),
}
NOT_FOUND = Nothing(
    "Nothing found",
    "Check the reference, or try the beginning of a last name. Names are searched among open referrals only.",
    View.ALL.value,
    "See all referrals",
)


def view_of(text: str | None) -> View:
    """The view that the address or the form names; without one, the view to begin with."""
    return View(text) if text in {view.value for view in View} else worklist.first(current().actor)


def asked_view() -> View:
    return view_of(request.values.get("view"))


def show(view: View, number: int, done: Done | None = None) -> Response:
    page = worklist.rows(view, current().actor, private_key(), number)
    context: dict[str, Any] = {"counts": page.counts, "number": page.number, "has_next": page.has_next, "done": done}
    return _page(page.rows, view, VIEWS[view], **context)


def found(form: forms.DeskForm) -> Response:
    """The rows that match what was typed. A POST, so that no name stands in an address."""
    rows = worklist.find(form["words"].data or "", current().actor, private_key())
    return _page(rows, View.ALL, f"Found: {len(rows)}", form=form, is_found=True)


def refused(form: forms.DeskForm, status: int = 422) -> Response:
    return _page((), View.ALL, "Find a referral", status, form=form, is_found=True)


def _page(rows: tuple[Row, ...], view: View, heading: str, status: int = 200, **given: Any) -> Response:
    person = current()
    is_found = given.get("is_found", False)
    shown = {
        "form": forms.form_for("find"),
        "number": 1,
        "has_next": False,
        "done": None,
        "is_found": is_found,
        "empty": NOT_FOUND if is_found else EMPTY[view],
        **given,
        "tabs": _tabs(given.get("counts", {}), None if is_found else view),
        "claimable": {row.reference for row in rows if _is_claimable(row)} if person.may(roles.WORK) else set(),
    }
    same = {"view": view.value, "heading": heading, "me": person, "today": clinic.today(), **keys.context(keys.LIST)}
    return hypermedia.page("staff/work/list.html", status, rows=rows, **same, **shown)


def _tabs(counts: Mapping[View, int], shown: View | None) -> list[Tab]:
    return [Tab(view.value, words, _many(counts.get(view)), view == shown) for view, words in VIEWS.items()]


def _is_claimable(row: Row) -> bool:
    """Whether a button in the list can claim it: one of high risk first needs the contact that its page asks for."""
    return row.state == State.NEW and not row.high_risk and not row.fault


def _many(count: int | None) -> str:
    return "" if count is None else f"{MANY - 1}+" if count >= MANY else str(count)
