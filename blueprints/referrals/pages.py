"""The form page and the review page: what they show, and the hidden fields that name the draft."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, request, url_for
from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import FieldList

from blueprints.referrals import drafts, review
from blueprints.referrals.assessment.assess import GUIDANCE
from blueprints.referrals.cookies import draft_token, remembered
from blueprints.referrals.drafts import Answers, PageState, SavedDraft, Sent
from blueprints.referrals.forms import trial_rows
from blueprints.referrals.forms.identity import PAYER_ANSWERS
from blueprints.referrals.forms.referral import ReferralForm, SendForm
from blueprints.referrals.terminology.diagnoses import diagnoses
from blueprints.referrals.terminology.medications import medications
from core import clock
from core.forms.base import Parts
from core.web import hypermedia

_ID = re.compile(r"[A-Za-z0-9_-]{22}|[0-9a-f]{64}")
_TAB = re.compile(r"[A-Za-z0-9_-]{1,40}")
REMEMBER = "remember_me"


@dataclass(frozen=True)
class Notices:
    """What the page says about drafts, above the form (templates/referrals/_drafts.html)."""

    others: tuple[tuple[SavedDraft, str], ...] = ()
    """Drafts that can be continued instead, each with the patient's initials."""
    is_lost: bool = False
    """The draft that was asked for cannot be opened."""
    sent: Sent | None = None
    """The draft that was asked for was sent."""
    is_closed: bool = False
    """What was to be saved belongs to a draft that was sent or deleted."""
    newer: SavedDraft | None = None
    """Another tab saved this version, and these answers became a draft of their own."""
    differing: tuple[str, ...] = ()
    """The questions that were answered differently in `newer`."""
    discarded: str = ""
    """The id of a draft that was just deleted, and can be restored."""
    filled_in: str = ""
    """"computer" or "session", where remembered details were filled in."""


def form_page(
    form: ReferralForm,
    status: int = 200,
    draft: SavedDraft | None = None,
    change: trial_rows.Change | None = None,
    notices: Notices | None = None,
) -> Response:
    lists = {"diagnoses": diagnoses(), "medications": medications(), "payer_answers": PAYER_ANSWERS, **assessed(form)}
    form.opened.data = form.opened.data or _signer().sign(clock.now().isoformat()).decode()
    _name_draft(form, draft, is_new=bool(notices and notices.is_closed))
    context = {"form": form, "draft": draft, "change": change, "notices": notices or Notices()}
    return hypermedia.page("referrals/form.html", status, **context, **lists)


def review_page(
    draft: SavedDraft, answers: ReferralForm, send_form: SendForm | None = None, status: int = 200
) -> Response:
    send_form = send_form or SendForm(formdata=None)
    send_form.key.data, send_form.seen.data, send_form.draft.data = draft.key, draft.fingerprint, draft.id
    context = {"groups": review.groups(answers), "form": send_form, "draft": draft, **assessed(answers)}
    return hypermedia.page("referrals/review.html", status, **context)


def assessed(form: ReferralForm) -> dict[str, Any]:
    return {"assessments": review.assessments(form), "guidance": GUIDANCE}


def form_of(answers: Answers) -> ReferralForm:
    """The form with these answers. The box to be remembered is as it was posted, or shows what this computer does."""
    is_ticked = REMEMBER in request.form if request.method == "POST" else bool(remembered.read(remembered.COMPUTER))
    return ReferralForm(formdata=MultiDict({**answers, REMEMBER: ["y"]} if is_ticked else answers))


def valid_form(draft: SavedDraft | None) -> ReferralForm | None:
    """The draft's answers if they can be sent as they are."""
    if draft is None:
        return None
    form = ReferralForm(formdata=MultiDict(draft.answers), meta={"csrf": False})
    return form if form.validate() else None


def new_form(again: bool) -> tuple[ReferralForm, str]:
    """An empty form, or one with the referrer's remembered details; and where they come from, as Notices.filled_in."""
    just_sent = remembered.read(remembered.SESSION) if again else {}
    if kept := just_sent or remembered.read(remembered.COMPUTER):
        return form_of(kept), "session" if just_sent else "computer"
    return ReferralForm(formdata=None), ""


def without_filled_in(form: ReferralForm) -> ReferralForm:
    """The form with only what was typed by hand, and the box to be remembered not ticked."""
    by_hand = remembered.typed(form.typed())
    by_hand.pop(REMEMBER, None)
    return ReferralForm(formdata=MultiDict(by_hand))


def typed(form: ReferralForm) -> Answers:
    """The answers as a draft keeps them; none if nothing was typed or chosen but what the page itself filled in."""
    answers = {name: values for name, values in form.typed().items() if name != REMEMBER}
    by_hand = remembered.typed(answers)
    if by_hand != answers:
        form = ReferralForm(formdata=MultiDict(by_hand))
    return answers if form.has_answers() else {}


def state() -> PageState:
    """What the page that sent the form holds of its draft. A page that names none gets a new id."""
    posted = request.form
    draft_id, tab = known_id(posted.get("draft", "")), posted.get("tab", "")
    if not draft_id:
        return PageState(drafts.new_id())
    tab = tab if _TAB.fullmatch(tab) else ""
    return PageState(draft_id, _count(posted.get("version", "")), tab, _count(posted.get("seq", "")))


def asked_for(name: str) -> str:
    """A draft's id in the address or the form, or ""."""
    return known_id(request.values.get(name, ""))


def known_id(text: str) -> str:
    """The text, or "" unless the site could have made it as an id."""
    return text if _ID.fullmatch(text) else ""


def others() -> tuple[tuple[SavedDraft, str], ...]:
    """The browser's drafts with the patients' initials, as in Notices."""
    return tuple((draft, _initials(draft.answers)) for draft in drafts.list_drafts(draft_token.read()))


def differing(form: ReferralForm, mine: Answers, newer: Answers) -> tuple[str, ...]:
    """The questions that the two versions answer differently, in the order of the form."""
    names = {name for name in mine.keys() | newer.keys() if _words(mine, name) != _words(newer, name)}
    return tuple(dict.fromkeys(_labels(form, names)))


def opened_at(signed: str = "") -> datetime | None:
    """When the page was opened first, if the field says so truly."""
    try:
        return datetime.fromisoformat(_signer().unsign(signed).decode())
    except BadSignature:
        return None


def url(endpoint: str, **values: Any) -> str:
    return url_for(f"referrals.{endpoint}", **values)


def _name_draft(form: ReferralForm, draft: SavedDraft | None, is_new: bool) -> None:
    """Fill the hidden fields. The page that was posted stays the same tab; otherwise this is a new one."""
    held = state()
    saved = draft.page if draft else PageState(drafts.new_id()) if is_new else held
    form.draft.data, form.version.data = saved.id, str(saved.version)
    form.tab.data, form.seq.data = held.tab or secrets.token_urlsafe(9), str(held.seq)


def _labels(form: ReferralForm, names: set[str]) -> Iterator[str]:
    for question in (question for section in form.sections for question in section.questions):
        if isinstance(question, Parts):
            if names & set(question.names):
                yield question.legend
        elif isinstance(form[question], FieldList):
            if any(name.startswith(f"{question}-") for name in names):
                yield "Medications"
        elif question in names:
            yield form[question].label.text


def _words(answers: Answers, name: str) -> list[str]:
    return [value.strip() for value in answers.get(name, []) if value.strip()]


def _initials(answers: Answers) -> str:
    """Such as "T. E."; "" if there is no name yet."""
    names = ("".join(answers.get(f"patient_{which}_name", [])).strip() for which in ("given", "family"))
    return " ".join(f"{name[0].upper()}." for name in names if name)


def _count(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else 0


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="clinic/referral/opened/v1")
