"""The conventions that a newcomer breaks first. Each failure says what to do. Reads files only, so it is quick."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT

FEATURES = ROOT / "blueprints"
TEMPLATES = ROOT / "templates"
CONTROL = re.compile(r"<(input|select|textarea)\b(?![^>]*type=\"hidden\")[^>]*\bname=", re.IGNORECASE)
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
REQUEST = "read it in routes.py and give it to the service as an argument, so that commands can call it too."
MACRO = 'Write {% from "components/field.html" import field %} and {{ field(form, form.name_of_the_field) }}.'
NEEDED = {
    "novalidate": "add novalidate: errors are the form's own words",
    "data-guard": "add data-guard, so that it is sent once",
    "data-hx-select": "add data-hx-post, -target and -select as in scaffold/templates/ask.html",
}
OF_A_REQUEST = {"request", "session", "g", "current_app", "flash", "url_for"}


def services_that_reach_for_the_request(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*/services.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "flask":
                for name in sorted({alias.name for alias in node.names} & OF_A_REQUEST):
                    place = f"{file.relative_to(folder.parent)}:{node.lineno}"
                    yield f"{place}: a service does not know flask.{name}: {REQUEST}"


def controls_without_their_macro(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.html")):
        words = file.read_text()
        for control in CONTROL.finditer(words) if file.parent.name not in ("components", "email") else ():
            line = words.count("\n", 0, control.start()) + 1
            place = f"{file.relative_to(folder.parent)}:{line}"
            yield f"{place}: a <{control[1]}> of its own has no label, hint or error slot. {MACRO}"


def forms_that_lose_answers(folder: Path) -> Iterator[str]:
    """A form with questions says to htmx and to the reader what became of it."""
    for file in sorted(folder.rglob("*.html")):
        for form in FORM.finditer(file.read_text()):
            for attribute, what in NEEDED.items() if "field(" in form[0] else ():
                if attribute not in form[0]:
                    yield f"{file.relative_to(folder.parent)}: {what}."


def test_services_know_no_request() -> None:
    assert not list(services_that_reach_for_the_request(FEATURES))


@pytest.mark.parametrize("folder", [TEMPLATES, ROOT / "scaffold" / "templates"], ids=["site", "scaffold"])
def test_forms_are_made_of_their_macros(folder: Path) -> None:
    assert not list(controls_without_their_macro(folder))
    assert not list(forms_that_lose_answers(folder))


def test_each_failure_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "evenings").mkdir()
    (tmp_path / "evenings" / "services.py").write_text("import datetime\nfrom flask import request\n")
    (said,) = services_that_reach_for_the_request(tmp_path)
    assert "evenings/services.py:2: a service does not know flask.request" in said
    assert "as an argument" in said
    page = tmp_path / "ask.html"
    page.write_text('<form method="post">\n<input type="hidden"><input name="x">{{ field(form, form.x) }}</form>')
    (said,) = controls_without_their_macro(tmp_path)
    assert "ask.html:2: a <input> of its own" in said
    assert "components/field.html" in said
    assert len(list(forms_that_lose_answers(tmp_path))) == 3
