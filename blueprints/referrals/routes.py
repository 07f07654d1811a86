"""The referral's pages: the form, checking the answers, sending them, and the reference."""

from __future__ import annotations

from flask import abort, current_app, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from blueprints.referrals import bp, drafts, facts, pages, saving, services
from blueprints.referrals.cookies import draft_token, remembered
from blueprints.referrals.drafts import SavedDraft
from blueprints.referrals.forms.referral import ReferralForm, SendForm
from blueprints.referrals.pages import Notices
from blueprints.referrals.terminology.search import suggest_diagnoses, suggest_medications
from blueprints.referrals.verification import Origin
from core.extensions import client_network, csrf, limiter
from core.web import errors, hypermedia, security
from core.web.sitemap import listed

LONGEST = 256 * 1024
"""Bytes of a form that is read, so that one that is too long is shown again."""
TOO_MANY = "More referrals were started from your network today than the site takes. Your answers are still here."
SUGGEST = {"medications": suggest_medications, "diagnoses": suggest_diagnoses}
CHANGED = (
    "The answers changed after you read them, perhaps in another tab. Nothing was sent. Read them again, then send."
)


@bp.before_request
def require_keys() -> Response | None:
    """Without a key to seal with, nothing may be typed: the form is closed, and says so."""
    if not current_app.config["SEALING_PUBLIC_KEYS"]:
        response = hypermedia.page("referrals/closed.html", 503)
        response.headers["Retry-After"] = "3600"
        return response
    return None


@bp.get("")
@listed
def ask() -> Response:
    """An empty form, or the draft in the address. Every browser gets its token here, before it saves anything."""
    wanted, token = pages.asked_for("draft"), draft_token.read()
    draft = drafts.load(token, wanted) if wanted else None
    if draft:
        return draft_token.write(pages.form_page(pages.form_of(draft.answers), draft=draft))
    form, filled_in = pages.new_form(again=request.args.get("again") == "1")
    sent = drafts.sent_as(token, wanted) if wanted else None
    is_lost = not sent and (bool(wanted) or draft_token.is_broken())
    discarded = pages.asked_for("discarded")
    discarded = discarded if drafts.can_be_restored(token, discarded) else ""
    notices = Notices(pages.others(), is_lost=is_lost, sent=sent, discarded=discarded, filled_in=filled_in)
    return draft_token.write(pages.form_page(form, notices=notices))


@bp.post("")
@limiter.limit("60/minute")
@security.read_up_to(LONGEST)
def answer() -> Response:
    form = ReferralForm()
    in_background = request.form.get("background") == "1"
    return saving.save_in_background(form) if in_background else saving.press_button(form)


@bp.post("/check/<field>")
@limiter.limit("240/minute")
def check_field(field: str) -> Response:
    form = ReferralForm()
    if field not in {question.name for question in form.questions()}:
        abort(404)
    return hypermedia.checked(form, field)


@bp.post("/assess")
@limiter.limit("120/minute")
def assess() -> Response:
    """What the answers so far come to, beside the form. Nothing is kept."""
    return hypermedia.fragment("referrals/_assessment.html", **pages.assessed(ReferralForm()))


@bp.post("/suggest")
@csrf.exempt
@limiter.limit("600/minute")
def suggest() -> Response:
    """What the typed beginning may become. It changes nothing, and words that are typed stay out of addresses."""
    kind, text = request.form.get("kind", ""), request.form.get("q", "")[:200]
    if kind not in SUGGEST:
        abort(404)
    return hypermedia.fragment("referrals/_suggestions.html", suggestions=SUGGEST[kind](text))


@bp.get("/review")
def check() -> Response:
    draft = _draft_to_send()
    answers = pages.valid_form(draft)
    if draft and answers:
        return pages.review_page(draft, answers)
    wanted = draft.id if draft else pages.asked_for("draft")
    return hypermedia.go_to(pages.url("ask", draft=wanted or None))


@bp.post("/send")
@limiter.limit("60/minute")
def send() -> Response:
    form = SendForm()
    if reference := services.reference_of(form.key.data or ""):
        return hypermedia.go_to(pages.url("sent", reference=reference))
    draft = _draft_to_send()
    answers = pages.valid_form(draft)
    if draft is None or answers is None or form.seen.data != draft.fingerprint:
        return _review_newest(form)
    try:
        reference = _submit(draft, answers)
    except services.DraftChanged:
        return _review_newest(form)
    response = hypermedia.go_to(pages.url("sent", reference=reference))
    return remembered.keep(response, remembered.SESSION, draft.answers)


@bp.get("/sent/<reference>")
def sent(reference: str) -> Response:
    """Whoever has the reference may read it: it tells nothing of the referrer's address."""
    try:
        paused = services.receipt_is_paused(reference)
    except services.UnknownReferral:
        abort(404)
    return hypermedia.page("referrals/sent.html", reference=reference, receipt_is_paused=paused, facts=facts.current())


@bp.get("/confirm/<token>")
def ask_to_confirm(token: str) -> Response:
    """Only a button: mail scanners follow links."""
    return hypermedia.page("referrals/confirm.html", token=token)


@bp.post("/confirm/<token>")
@csrf.exempt
@limiter.limit("30/minute")
def confirm(token: str) -> Response:
    try:
        reference = services.confirm_email(token, facts.current().email)
    except services.UnknownReferral:
        return hypermedia.page("referrals/confirm_unknown.html", 404)
    except services.LinkExpired:
        return hypermedia.page("referrals/confirm_expired.html", 410)
    return hypermedia.page("referrals/confirmed.html", reference=reference)


@bp.get("/print")
def blank() -> Response:
    return hypermedia.page("referrals/print.html", form=ReferralForm(formdata=None, meta={"csrf": False}))


@bp.errorhandler(CSRFError)
@bp.errorhandler(RateLimitExceeded)
def show_review_again(error: HTTPException) -> Response:
    """The review page, with its reason. Its answers are in the draft and not in the request."""
    if request.endpoint != "referrals.send":
        return errors.refuse(error)
    draft = _draft_to_send()
    answers = pages.valid_form(draft)
    if draft is None or answers is None:
        return errors.show_error(error)
    return errors.with_form(error, lambda form: pages.review_page(draft, answers, form, error.code or 400), SendForm())


@bp.errorhandler(drafts.DraftTooLarge)
def show_too_large(_error: drafts.DraftTooLarge) -> Response:
    return errors.refuse(RequestEntityTooLarge())


@bp.errorhandler(drafts.TooManyDrafts)
def show_too_many(_error: drafts.TooManyDrafts) -> Response:
    form = ReferralForm()
    form.form_errors = [TOO_MANY]
    return pages.form_page(form, 429)


def _draft_to_send() -> SavedDraft | None:
    """The draft that the request names; if it names none, the one that was saved last."""
    token, wanted = draft_token.read(), pages.asked_for("draft")
    return drafts.load(token, wanted) if wanted else next(iter(drafts.list_drafts(token)), None)


def _review_newest(form: SendForm) -> Response:
    """The answers as they are now, which were not read yet; the form, if they cannot be sent."""
    draft = _draft_to_send()
    answers = pages.valid_form(draft)
    if draft is None or answers is None:
        return hypermedia.go_to(pages.url("ask", draft=pages.asked_for("draft") or None))
    form.form_errors = [CHANGED]
    return pages.review_page(draft, answers, form, 422)


def _submit(draft: SavedDraft, answers: ReferralForm) -> str:
    """The draft keeps how the form was filled in, for this request is only the last of several."""
    opened = pages.opened_at(*draft.answers.get("opened", ()))
    origin = Origin(client_network(), opened, draft.started_at, "website" in draft.answers)
    data, keys = answers.referral_data(), current_app.config["SEALING_PUBLIC_KEYS"]
    return services.submit(data, draft.key, draft, keys, facts.current().email, origin)


errors.preserve_input_on_error(bp, "referrals.answer", ReferralForm, pages.form_page)
