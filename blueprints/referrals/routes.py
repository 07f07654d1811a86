"""The referral's pages: the form, checking the answers, sending them, and the reference."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import abort, current_app, request, url_for
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from blueprints.referrals import bp, draft_token, drafts, facts, review, services
from blueprints.referrals.assessment.assess import GUIDANCE
from blueprints.referrals.forms import changes, trial_rows
from blueprints.referrals.forms.referral import ReferralForm, SendForm
from blueprints.referrals.terminology.diagnoses import diagnoses
from blueprints.referrals.terminology.medications import medications
from blueprints.referrals.terminology.search import suggest_diagnoses, suggest_medications
from blueprints.referrals.verification import Origin
from core import clock
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
    draft = drafts.load(draft_token.read())
    form = _form_of(draft.answers) if draft else ReferralForm(formdata=None)
    return _form_page(form, draft=draft, is_lost=draft is None and draft_token.is_there())


@bp.post("")
@limiter.limit("60/minute")
@security.read_up_to(LONGEST)
def answer() -> Response:
    form, action = ReferralForm(), request.form.get("action", "review")
    if action == "discard" or form.is_emergency:
        drafts.discard(draft_token.read())
        stopped = hypermedia.page("referrals/stop.html") if form.is_emergency else hypermedia.go_to(_url("ask"))
        return draft_token.clear(stopped)
    everything_fits = not form.trials.left_out
    if everything_fits and (changed := changes.change(action, form.typed(), request.form.lists())):
        return _rows_page(changed)
    draft = _keep(form)
    if action == "save" and everything_fits:
        return _with_token(hypermedia.saved(_url("ask")), draft)
    if form.validate():
        return _with_token(hypermedia.go_to(_url("check")), draft)
    return _with_token(_form_page(form, 422, draft=draft), draft)


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
    return hypermedia.fragment("referrals/_assessment.html", **_assessed(ReferralForm()))


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
    draft = drafts.load(draft_token.read())
    answers = _valid_form(draft)
    return _review_page(draft, answers) if draft and answers else hypermedia.go_to(_url("ask"))


@bp.post("/send")
@limiter.limit("60/minute")
def send() -> Response:
    draft, form = drafts.load(draft_token.read()), SendForm()
    if reference := services.reference_of(form.key.data or ""):
        again = hypermedia.go_to(_url("sent", reference=reference))
        return again if draft else draft_token.clear(again)
    answers = _valid_form(draft)
    if draft is None or answers is None:
        return hypermedia.go_to(_url("ask"))
    if form.seen.data != draft.fingerprint:
        form.form_errors = [CHANGED]
        return _review_page(draft, answers, form, 422)
    data, keys = answers.referral_data(), current_app.config["SEALING_PUBLIC_KEYS"]
    reference = services.submit(data, draft.key, draft.token, keys, facts.current().email, _origin(draft))
    return draft_token.clear(hypermedia.go_to(_url("sent", reference=reference)))


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
    draft = drafts.load(draft_token.read())
    answers = _valid_form(draft)
    if draft is None or answers is None:
        return errors.show_error(error)
    return errors.with_form(error, lambda form: _review_page(draft, answers, form, error.code or 400), SendForm())


@bp.errorhandler(drafts.DraftTooLarge)
def show_too_large(_error: drafts.DraftTooLarge) -> Response:
    return errors.refuse(RequestEntityTooLarge())


@bp.errorhandler(drafts.TooManyDrafts)
def show_too_many(_error: drafts.TooManyDrafts) -> Response:
    form = ReferralForm()
    form.form_errors = [TOO_MANY]
    return _form_page(form, 429)


def _form_page(
    form: ReferralForm,
    status: int = 200,
    draft: drafts.SavedDraft | None = None,
    change: trial_rows.Change | None = None,
    is_lost: bool = False,
) -> Response:
    lists = {"diagnoses": diagnoses(), "medications": medications(), **_assessed(form)}
    form.opened.data = form.opened.data or _signer().sign(clock.now().isoformat()).decode()
    context = {"form": form, "draft": draft, "change": change, "is_lost": is_lost}
    return hypermedia.page("referrals/form.html", status, **context, **lists)


def _assessed(form: ReferralForm) -> dict[str, Any]:
    return {"assessments": review.assessments(form), "guidance": GUIDANCE}


def _rows_page(change: trial_rows.Change) -> Response:
    """The form again with a row more or less. What was in error stays in error."""
    form = _form_of(change.answers)
    draft = _keep(form)
    if request.form.get("strict") == "1":
        form.validate()
    return _with_token(_form_page(form, draft=draft, change=change), draft)


def _keep(form: ReferralForm) -> drafts.SavedDraft | None:
    """The draft as it was saved. An empty form is none, and takes the place of an earlier one."""
    token = draft_token.read()
    if form.has_answers():
        return drafts.save(token, form.typed(), draft_token.network())
    drafts.discard(token)
    return None


def _with_token(response: Response, draft: drafts.SavedDraft | None) -> Response:
    if draft:
        return draft_token.write(response, draft.token)
    return draft_token.clear(response) if draft_token.is_there() else response


def _review_page(
    draft: drafts.SavedDraft, answers: ReferralForm, send_form: SendForm | None = None, status: int = 200
) -> Response:
    send_form = send_form or SendForm(formdata=None)
    send_form.key.data, send_form.seen.data = draft.key, draft.fingerprint
    context = {"groups": review.groups(answers), "form": send_form, **_assessed(answers)}
    return hypermedia.page("referrals/review.html", status, **context)


def _form_of(answers: drafts.Answers) -> ReferralForm:
    return ReferralForm(formdata=MultiDict(answers))


def _valid_form(draft: drafts.SavedDraft | None) -> ReferralForm | None:
    """The draft's answers where they can be sent as they are."""
    if draft is None:
        return None
    form = ReferralForm(formdata=MultiDict(draft.answers), meta={"csrf": False})
    return form if form.validate() else None


def _origin(draft: drafts.SavedDraft) -> Origin:
    """The draft keeps how the form was filled in, for this request is only the last of several."""
    opened = _opened_at(*draft.answers.get("opened", ()))
    return Origin(client_network(), opened, draft.started_at, "website" in draft.answers)


def _opened_at(signed: str = "") -> datetime | None:
    try:
        return datetime.fromisoformat(_signer().unsign(signed).decode())
    except BadSignature:
        return None


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="clinic/referral/opened/v1")


def _url(endpoint: str, **values: Any) -> str:
    return url_for(f"referrals.{endpoint}", **values)


errors.preserve_input_on_error(bp, "referrals.answer", ReferralForm, _form_page)
