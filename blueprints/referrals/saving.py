"""Saving the form: what its buttons do, and the saves in the background.

Nothing that was typed is lost where a save is refused. If another tab saved a newer version, the answers of this one
become a draft of their own; if the draft was sent or deleted, they stay on the page, and can be saved as a new one.

A save in the background answers 204 if it was kept and 409, with words for the page, if not. Draft-Id and Draft-Version
in the answer tell static/js/referral.js what the page holds now.
"""

from __future__ import annotations

from contextlib import suppress

from flask import request
from werkzeug.wrappers import Response

from blueprints.referrals import drafts, pages
from blueprints.referrals.cookies import draft_token, remembered
from blueprints.referrals.drafts import SavedDraft
from blueprints.referrals.forms import changes, trial_rows
from blueprints.referrals.forms.referral import ReferralForm
from blueprints.referrals.pages import Notices
from core.web import hypermedia

COPIED = (
    "Another tab saved a newer version of this draft. What you type here is now saved as a draft of its own, so that "
    "both versions are kept."
)
GONE = (
    "This draft was deleted, or is more than 24 hours old, so your changes are not being saved. They are still on this "
    "page: to go on with them, choose “Save and come back”."
)
ALREADY_SENT = (
    "This referral was sent as {}, so your changes are not being saved. They are still on this page: to send them as "
    "another referral, choose “Save and come back”."
)


def press_button(form: ReferralForm) -> Response:
    try:
        return _pressed(form)
    except drafts.NotNewest as error:
        return _show_both_versions(form, error.newest)
    except drafts.DraftClosed as error:
        return _show_closed(form, error)


def save_in_background(form: ReferralForm) -> Response:
    """Whoever chose "yes" in the emergency question has not pressed a button yet: nothing is saved, nothing deleted."""
    if form.is_emergency:
        return Response(status=409)
    try:
        draft = _keep(form)
    except drafts.NotNewest as error:
        return _refuse_late(form, error.newest)
    except drafts.DraftClosed as error:
        return _refuse_closed(error)
    is_whole = not form.trials.left_out
    return _with_draft(Response(status=204) if is_whole else pages.form_page(form, 422, draft=draft), draft)


def _pressed(form: ReferralForm) -> Response:
    """What a button does. Raises NotKept."""
    action, _, of = request.form.get("action", "review").partition(":")
    if action == "undo_discard":
        return _undo_discard(form, pages.known_id(of) or pages.state().id)
    if action == "forget_me":
        return _forget_me(form)
    if form.is_emergency:
        drafts.erase(draft_token.current(), pages.state().id, draft_token.network())
        return hypermedia.page("referrals/stop.html")
    if action == "discard":
        return _discard(form)
    return _keep_and_go_on(form)


def _keep_and_go_on(form: ReferralForm) -> Response:
    action, everything_fits = request.form.get("action", "review"), not form.trials.left_out
    if everything_fits and (changed := changes.change(action, form.typed(), request.form.lists())):
        return _rows_page(changed)
    draft = _keep(form)
    place = {"draft": draft.id if draft else None}
    if action == "save" and everything_fits:
        response = hypermedia.saved(pages.url("ask", **place))
    elif form.validate():
        response = hypermedia.go_to(pages.url("check", **place))
    else:
        response = pages.form_page(form, 422, draft=draft)
    return _with_draft(_remember(response, form), draft)


def _rows_page(change: trial_rows.Change) -> Response:
    """The form again with a row more or less. What was in error stays in error."""
    form = pages.form_of(change.answers)
    draft = _keep(form)
    _validate_again(form)
    return _with_draft(pages.form_page(form, draft=draft, change=change), draft)


def _discard(form: ReferralForm) -> Response:
    """What is still on the page is deleted with the draft, and restored with it."""
    token, draft_id = draft_token.current(), pages.state().id
    with suppress(drafts.NotKept):
        _keep(form)
    drafts.discard(token, draft_id, draft_token.network())
    return draft_token.write(hypermedia.go_to(pages.url("ask", discarded=draft_id)))


def _undo_discard(form: ReferralForm, draft_id: str) -> Response:
    with suppress(drafts.NotKept):
        _keep(form)
    drafts.restore(draft_token.current(), draft_id)
    return hypermedia.go_to(pages.url("ask", draft=draft_id))


def _forget_me(form: ReferralForm) -> Response:
    """The form without what the cookies filled in."""
    form, draft = pages.without_filled_in(form), None
    with suppress(drafts.NotKept):
        draft = _keep(form)
    response = pages.form_page(form, draft=draft)
    return _with_draft(remembered.forget(response, remembered.COMPUTER, remembered.SESSION), draft)


def _keep(form: ReferralForm) -> SavedDraft | None:
    """The draft as it was saved; None if there is nothing to save. Raises NotKept."""
    page, answers = pages.state(), pages.typed(form)
    if not answers and not page.version:
        return None
    return drafts.save(draft_token.current(), page, answers, draft_token.network())


def _keep_copy(form: ReferralForm) -> SavedDraft:
    return drafts.save_copy(draft_token.current(), pages.state(), pages.typed(form), draft_token.network())


def _refuse_late(form: ReferralForm, newest: SavedDraft) -> Response:
    """Of the same tab, this save is older than what is stored. Another tab's answers are kept beside it."""
    tab = pages.state().tab
    if tab and tab == newest.page.tab:
        return _with_draft(Response(status=409), newest)
    return _with_draft(Response(COPIED, 409, mimetype="text/plain"), _keep_copy(form))


def _show_both_versions(form: ReferralForm, newest: SavedDraft) -> Response:
    copy = _keep_copy(form)
    _validate_again(form)
    notices = Notices(newer=newest, differing=pages.differing(form, copy.answers, newest.answers))
    return _with_draft(pages.form_page(form, 422, draft=copy, notices=notices), copy)


def _refuse_closed(error: drafts.DraftClosed) -> Response:
    words = ALREADY_SENT.format(error.sent.reference) if error.sent else GONE
    return Response(words, 409, mimetype="text/plain")


def _show_closed(form: ReferralForm, error: drafts.DraftClosed) -> Response:
    _validate_again(form)
    return draft_token.write(pages.form_page(form, 422, notices=Notices(is_closed=True, sent=error.sent)))


def _validate_again(form: ReferralForm) -> None:
    if request.form.get("strict") == "1":
        form.validate()


def _with_draft(response: Response, draft: SavedDraft | None) -> Response:
    """Tell static/js/referral.js what the page holds now."""
    if draft is None:
        return response
    response.headers["Draft-Id"], response.headers["Draft-Version"] = draft.id, str(draft.page.version)
    return draft_token.write(response)


def _remember(response: Response, form: ReferralForm) -> Response:
    if form.remember_me.data:
        return remembered.keep(response, remembered.COMPUTER, form.typed())
    return remembered.forget(response, remembered.COMPUTER)
