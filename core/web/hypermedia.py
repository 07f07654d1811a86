"""How a view answers. The same template serves a whole page and, to htmx, its main part alone.

A page template starts with `{% extends layout %}`; routes never ask whether htmx is there.
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
    """On to another page: 303, or for htmx 204 with HX-Redirect so that the browser really goes there."""
    if wants_fragment():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)


def fragment(template: str, **context: Any) -> Response:
    """A part of a page, for an address that only scripts ask."""
    return make_response(render_template(template, **context))


def fragment_or_redirect(template: str, url: str, **context: Any) -> Response:
    """Finish in place: htmx gets a fragment; other browsers are redirected to `url`, which says the same."""
    if wants_fragment():
        return fragment(template, **context)
    return redirect(url, 303)


def saved(url: str) -> Response:
    """Saved: 204 for htmx, which leaves the page alone; a redirect back to the page without JavaScript."""
    return Response(status=204) if wants_fragment() else redirect(url, 303)


def checked(form: Form, name: str, **context: Any) -> Response:
    """The error slot of one field, full or empty, and its words for the live region."""
    form.check(name)
    return fragment("components/check.html", form=form, field=form.field(name), **context)


def check_attributes(form: Form, field: Field, trigger: str = "change delay:150ms") -> dict[str, str]:
    """What makes a control ask for the check of one field, and puts the answer in the field's slot.

    Each field has its own queue, so that two checks in quick succession both arrive.
    """
    return {
        "data-hx-post": url_for(form.check_endpoint, field=field.name),
        "data-hx-trigger": trigger,
        "data-hx-target": f"#{field.id}-error",
        "data-hx-swap": "outerHTML",
        "data-hx-sync": f"#{field.id}-group:replace",
    }


def question(macro: Macro, form: Form, asked: Field | Parts) -> str:
    """The markup of one question. Until it is answered it is the same for everybody, so in production it is then made
    once; what was typed is never kept."""
    fields = [form[name] for name in asked.names] if isinstance(asked, Parts) else [asked]
    if current_app.jinja_env.auto_reload or any(f.raw_data or f.errors or form.note_of(f) for f in fields):
        return macro(form, asked)
    made: dict[tuple[object, ...], str] = current_app.extensions.setdefault("questions", {})
    key = (type(form), macro.name, asked.id)
    if key not in made:
        made[key] = macro(form, asked)
    return made[key]
