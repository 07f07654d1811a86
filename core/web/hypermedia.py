"""How views respond. One template serves both the full page and, for htmx, only its main part.

A page template starts with `{% extends layout %}`; routes never check whether the request came from htmx.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from jinja2.runtime import Macro
from werkzeug.wrappers import Response
from wtforms import Field

from core.forms.base import Form, Parts


def wants_fragment() -> bool:
    """Fragments answer POST only: a GET address always serves a whole page."""
    return request.method == "POST" and request.headers.get("HX-Request") == "true"


def layout() -> str:
    return "layouts/fragment.html" if wants_fragment() else "layouts/site.html"


def page(template: str, status: int = 200, **context: Any) -> Response:
    """The page, or its main part for htmx."""
    return make_response(render_template(template, layout=layout(), **context), status)


def go_to(url: str) -> Response:
    """Redirect: a 303, or for htmx a 204 with HX-Redirect so that the browser navigates instead of swapping."""
    if wants_fragment():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def fragment(template: str, **context: Any) -> Response:
    """A part of a page, for an address that only scripts request."""
    return make_response(render_template(template, **context))


def fragment_or_redirect(template: str, url: str, **context: Any) -> Response:
    """Confirm in place: htmx gets a fragment; other browsers are redirected to `url`, a page that says the same."""
    if wants_fragment():
        return fragment(template, **context)
    return redirect(url, 303)


def saved(url: str) -> Response:
    """Acknowledge a save: a 204 for htmx, which leaves the page as it is; otherwise a redirect back to the page."""
    return Response(status=204) if wants_fragment() else redirect(url, 303)


def checked(form: Form, name: str, **context: Any) -> Response:
    """Validate one field; the response is its error slot (possibly empty) and the text for the live region."""
    form.check(name)
    return fragment("components/check.html", form=form, field=form.field(name), **context)


def check_attributes(form: Form, field: Field, trigger: str = "change delay:150ms") -> dict[str, str]:
    """The htmx attributes that make a control request the check of its field and swap the result into the error slot.

    Each field has its own queue (hx-sync), so that two checks in quick succession both arrive. A form that has no such
    view, because it asks for a password, gets none.
    """
    if not hasattr(form, "check_endpoint"):
        return {}
    return {
        "data-hx-post": url_for(form.check_endpoint, field=field.name),
        "data-hx-trigger": trigger,
        "data-hx-target": f"#{field.id}-error",
        "data-hx-swap": "outerHTML",
        "data-hx-sync": f"#{field.id}-group:replace",
    }


def inline_check(form: Form, field: Field) -> dict[str, str]:
    """The attributes that check the field when it is changed: one with a format, or whose answer renews a note."""
    return check_attributes(form, field) if field.flags.format or form.noted_with(field) else {}


def question(macro: Macro, form: Form, asked: Field | Parts) -> str:
    """The HTML of one question. An unanswered question is the same for every visitor, so in production it is rendered
    once and reused; one with an answer or an error is rendered each time and never stored."""
    fields = [form[name] for name in asked.names] if isinstance(asked, Parts) else [asked]
    if current_app.jinja_env.auto_reload or any(f.raw_data or f.errors or form.note_of(f) for f in fields):
        return macro(form, asked)
    made: dict[tuple[object, ...], str] = current_app.extensions.setdefault("questions", {})
    key = (type(form), macro.name, asked.id)
    if key not in made:
        made[key] = macro(form, asked)
    return made[key]
