"""The pages of signing in."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from core.web import hypermedia


def show(template: str, status: int = 200, **context: Any) -> Response:
    return make_response(render_template(template, layout=_layout(), **context), status)


def for_security(template: str, **context: Any) -> Response | str:
    """How Flask-Security renders. A form that is refused comes back with 422; mail is text."""
    if template.startswith("security/email/"):
        return render_template(template, **context)
    forms = [value for value in context.values() if isinstance(value, FlaskForm)]
    refused = request.method == "POST" and any(form.errors or form.form_errors for form in forms)
    return show(template, 422 if refused else 200, **context)


def _layout() -> str:
    return "layouts/fragment.html" if hypermedia.wants_fragment() else "layouts/staff.html"
