"""The page of one referral: what it shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.referrals.desk import answers, cases
from blueprints.referrals.desk.cases import Case
from blueprints.referrals.desk.services import Now
from blueprints.referrals.lifecycle.states import TRANSITIONS
from blueprints.staff import roles
from blueprints.staff.access import current, private_key
from blueprints.staff.work import actions, colleagues, keys
from blueprints.staff.work.actions import Refused
from blueprints.staff.work.done import Done
from blueprints.staff.work.list_page import VIEWS, asked_view
from core import clinic, clock
from core.forms.validators import phone_words
from core.web import hypermedia

LEVELS = {"high": "red", "moderate": "amber", "not_assessed": "amber", "": "amber"}


@dataclass(frozen=True)
class Conflict:
    """What somebody else did while this person was writing, beside what this person typed."""

    now: Now
    label: str
    """What this person was doing."""
    typed: tuple[tuple[str, str], ...]
    """(question, answer)"""
    again: bool
    """Whether it can still be done."""


def show(
    reference: str, status: int = 200, refused: Refused | None = None, now: Now | None = None, done: Done | None = None
) -> Response:
    """`refused`: the form that comes back filled. `now`: what the referral has become meanwhile."""
    person = current()
    case = cases.open_case(reference, person.actor, private_key())
    others, view = colleagues.of(person), asked_view()
    conflict = _conflict(now, case, refused) if now and refused else None
    shown = actions.buttons(case, person, refused, others, view.value)
    if refused and refused.name not in shown.names:
        # What was typed for something that cannot be done anymore is not lost: it comes back in the form for a note.
        shown = actions.buttons(case, person, refused.as_note(), others, view.value)
    return hypermedia.page(
        "staff/work/referral.html",
        status,
        case=case,
        row=case.row,
        reference=case.row.reference,
        others=case.others,
        actions=shown.actions,
        writing=shown.writing,
        first=shown.first,
        has_errors=bool(refused and (refused.form.errors or refused.form.form_errors)),
        conflict=conflict,
        done=done,
        me=person,
        now=clock.now(),
        may_work=person.may(roles.WORK),
        audit_url=_audit_url(case) if person.may(roles.AUDIT) else "",
        may_export=person.may(roles.OVERSEE),
        view=view.value,
        view_words=VIEWS[view],
        **keys.context(keys.PAGE),
        **_words(case),
    )


def _words(case: Case) -> dict[str, Any]:
    """The referral in words."""
    details = case.details
    return {
        "details": details,
        "assessment": case.assessment,
        "guidance": answers.GUIDANCE,
        "patient": answers.patient(details),
        "age": answers.age(details, clinic.today()),
        "sex": answers.sex(details),
        "born": answers.day_words(details.patient_birth_date),
        "services": answers.services(details),
        "diagnosis": answers.diagnosis(details),
        "risk_words": answers.risk(details),
        "risk_level": LEVELS.get(details.suicide_risk, ""),
        "screens": answers.contraindications(details),
        "sections": answers.sections(details),
        "signs": tuple(case.marks.words(confirmed=case.email == "confirmed")),
        "phones": _phones(case),
        "timeline": [replace(entry, details=tuple(map(_readable, entry.details))) for entry in case.timeline],
    }


def _audit_url(case: Case) -> str:
    """Who opened this referral."""
    return url_for("staff.audit", reference=case.row.reference)


def _readable(detail: tuple[str, str]) -> tuple[str, str]:
    """A time as it was typed (2026-12-01T10:00), in words."""
    label, value = detail
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return detail
    return label, f"{moment:%A, %B} {moment.day}, {moment:%I:%M %p}".replace(", 0", ", ")


def _phones(case: Case) -> list[tuple[str, str, str, str]]:
    """Who, name, number in words, link."""
    d = case.details
    referrer = " ".join(filter(None, (d.referrer_given_name, d.referrer_family_name, d.referrer_credentials)))
    people = (("Referrer", referrer, d.referrer_phone), ("Patient", answers.patient(d), d.patient_phone))
    return [(who, name, phone_words(number), f"tel:{number}") for who, name, number in people]


def _conflict(now: Now, case: Case, refused: Refused) -> Conflict:
    typed = tuple((field.label.text, str(field.data)) for field in refused.form.questions() if field.data)
    possible = {row.action for row in case.transitions}
    return Conflict(now, label_of(refused.name), typed, refused.name in possible)


def label_of(action: str) -> str:
    """The words of its button."""
    return next((row.label for row in TRANSITIONS if row.action == action), action)
