"""What every page of the desk shows around its content: the layout, the navigation, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, has_request_context, request, url_for
from werkzeug.exceptions import HTTPException

from blueprints.referrals.desk import worklist
from blueprints.staff import roles
from blueprints.staff.access import KeyLocked, Person, current
from core.web import hypermedia

ENTRIES = (
    ("staff.referrals", "Referrals", roles.READ),
    ("staff.newsletters", "Newsletters", roles.WRITE_NEWS),
    ("staff.lists", "Mailing list", roles.LISTS),
    ("staff.figures", "Figures", roles.FIGURES),
    ("staff.people", "Staff", roles.STAFF),
    ("staff.audit", "Audit", roles.AUDIT),
)
"""Endpoint, words, and the permission that the page needs."""


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation."""

    endpoint: str
    words: str
    url: str
    current: bool
    """Whether the page that is shown is this one or lies below it."""


def context() -> dict[str, Any]:
    """For the templates of the desk. Functions, so that a page that is only a part for htmx asks for nothing."""
    if not has_request_context():  # Mail is rendered outside of requests too.
        return {}
    return {
        "staff_layout": "layouts/fragment.html" if hypermedia.wants_fragment() else "layouts/staff.html",
        "staff_navigation": navigation,
        "staff_person": person,
        "staff_has": has,
        "staff_unread": unread,
    }


def person() -> Person | None:
    """Who is signed in; None on the pages by which people sign in."""
    try:
        return current()
    except (HTTPException, KeyLocked):
        return None


def has(endpoint: str) -> bool:
    """Whether the site has this address, so that no page links to what is not built."""
    return endpoint in current_app.view_functions


def navigation() -> list[Entry]:
    """The entries that are there and that this person may open."""
    me = person()
    shown = [(name, words) for name, words, needed in ENTRIES if has(name) and me and me.may(needed)]
    return [Entry(name, words, url_for(name), _is_current(url_for(name))) for name, words in shown]


def unread() -> int:
    """How many referrals have something that this person has not read."""
    me = person()
    return worklist.unread(me.id) if me and me.may(roles.READ) else 0


def _is_current(url: str) -> bool:
    return request.path == url or request.path.startswith(f"{url}/")
