"""The conventions that a newcomer breaks first. Each failure says what to do. Reads files only, so it is quick."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
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
OF_SIGNING_IN = ("security", "signin")
"""Templates whose forms lead to a new page, with new cookies, and whose answers are passwords and codes: nothing that
should come back."""
OTHER_CLOCKS = {
    *("date.today", "datetime.today", "datetime.now", "datetime.utcnow"),
    *("datetime.date.today", "datetime.datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow"),
}
CAUSED_BY_OPERATORS = {
    "newsletters/emails.py:put_test": "an operator names the address",
    "newsletters/services.py:_write": "to confirmed readers, sent by an operator",
    "referrals/emails.py:arrived": "to the clinic's own address; verification.py limits how many",
    "referrals/emails.py:late": "to the clinic and its staff, once for each clock",
    "referrals/emails.py:many_at_once": "to the clinic's own address, once in an episode",
    "staff/keyring/emails.py:invited": "to somebody whom a manager invites",
    "staff/signin/mail_util.py:send_mail": "to somebody who signed in, about their own account",
    "staff/signin/steps.py:_tell": "to somebody who signed in, about their own account",
}
"""Functions of blueprints that write mail past the gate, and why they may."""
GATE = (
    "mail that a stranger can cause goes through limits.enqueue (core/mail/limits.py). "
    "Where only an operator can cause it, say so in CAUSED_BY_OPERATORS in tests/test_conventions.py."
)
OF_A_REQUEST = {"request", "session", "g", "current_app", "flash", "url_for"}


def services_that_reach_for_the_request(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*/services.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "flask":
                for name in sorted({alias.name for alias in node.names} & OF_A_REQUEST):
                    place = f"{file.relative_to(folder.parent)}:{node.lineno}"
                    yield f"{place}: a service does not know flask.{name}: {REQUEST}"


def mail_past_the_gate(folder: Path) -> Iterator[str]:
    """file:function that calls outbox.put, or makes rows of its table, under whatever name they are imported."""
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text())
        names = dict(imported(tree))
        for function in ast.walk(tree):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            if isinstance(function, ast.FunctionDef) and any(writes_mail(call, names) for call in calls):
                yield f"{file.relative_to(folder)}:{function.name}"


def writes_mail(call: ast.Call, names: Mapping[str, str]) -> bool:
    made_of = [path_of(call.func, names)]
    if made_of[0].endswith("insert"):
        made_of += [path_of(argument, names) for argument in call.args]
    return bool({"core.mail.outbox.enqueue", "core.mail.outbox.Message"} & set(made_of))


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name here, full name) of everything that is imported."""
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield alias.asname or alias.name, f"{module}{alias.name}"


def path_of(node: ast.AST, names: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{path_of(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else ""


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
        for form in FORM.finditer(file.read_text()) if file.parent.name not in OF_SIGNING_IN else ():
            for attribute, what in NEEDED.items() if "field(" in form[0] else ():
                if attribute not in form[0]:
                    yield f"{file.relative_to(folder.parent)}: {what}."


def other_clocks(folder: Path) -> Iterator[str]:
    """The server's day is not the clinic's, and tests must be able to move the clock."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())) if file.name != "clock.py" else ():
            if isinstance(node, ast.Attribute) and ast.unparse(node) in OTHER_CLOCKS:
                yield f"{file.relative_to(folder.parent)}:{node.lineno}: write clock.now() or clinic.today()."


def test_services_know_no_request() -> None:
    assert not list(services_that_reach_for_the_request(FEATURES))


def test_there_is_one_clock_and_one_calendar() -> None:
    assert not list(other_clocks(ROOT / "core"))
    assert not list(other_clocks(FEATURES))


@pytest.mark.parametrize("folder", [TEMPLATES, ROOT / "scaffold" / "templates"], ids=["site", "scaffold"])
def test_forms_are_made_of_their_macros(folder: Path) -> None:
    assert not list(controls_without_their_macro(folder))
    assert not list(forms_that_lose_answers(folder))


def test_mail_goes_through_the_gate() -> None:
    """Both ways: a declaration of what is no longer there would let the next function of that name through."""
    assert set(mail_past_the_gate(FEATURES)) == set(CAUSED_BY_OPERATORS), GATE


@pytest.mark.parametrize(
    "words",
    [
        "from core.mail import outbox\ndef tell(): outbox.enqueue('a@b.example')",
        "from core.mail.outbox import enqueue as send\ndef tell(): send('a@b.example')",
        "import core.mail.outbox as box\ndef tell(): box.enqueue('a@b.example')",
        "from core.mail.outbox import Message\ndef tell(): db.session.add(Message())",
        "from core.mail import outbox\ndef tell(): db.session.execute(insert(outbox.Message), [])",
    ],
)
def test_mail_past_the_gate_is_found(tmp_path: Path, words: str) -> None:
    (tmp_path / "emails.py").write_text(words)
    assert list(mail_past_the_gate(tmp_path)) == ["emails.py:tell"]


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
