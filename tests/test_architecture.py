"""The architecture: routes, templates, sizes, and files that came from elsewhere."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Blueprint, Flask
from sqlalchemy import event

from core.extensions import db
from core.web import access
from tests.page import Client
from tests.project import SHIPPED

pytestmark = pytest.mark.database_decides

ROOT = Path(__file__).parents[1]
CODE = [
    ROOT / "app.py",
    *(ROOT / "core").rglob("*.py"),
    *(ROOT / "blueprints").rglob("*.py"),
    *(ROOT / "scaffold").rglob("*.py"),
]
ADDRESSES = ROOT / "tests" / "addresses.txt"
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


def addresses(app: Flask) -> Iterator[str]:
    """Method, rule and endpoint of each."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule} {rule.endpoint}"


def test_each_feature_declares_who_may_use_it(sqlite_app: Flask) -> None:
    rules = {name: access.rule_of(bp) for name, bp in sqlite_app.blueprints.items()}
    assert {name for name, rule in rules.items() if rule == access.DEVELOPMENT} == {"dev"}
    assert set(rules.values()) == {access.EVERYONE, access.DEVELOPMENT}
    own = {name for name in sqlite_app.view_functions if "." not in name}
    assert own == {"static", "style_sheet", "healthz", "readyz", "sitemap"}


def test_a_feature_without_a_rule_stops_the_start_and_is_told_what_to_do() -> None:
    app = Flask(__name__)
    app.register_blueprint(Blueprint("evenings", "blueprints.evenings"))
    with pytest.raises(access.NoAccessRule, match=r"access.public\(bp\).*blueprints/evenings/__init__.py"):
        access.check(app)


def test_no_address_vanishes(sqlite_app: Flask) -> None:
    """People have bookmarks and links. New pages of content/ and features of one's own need not be listed."""
    known = set(ADDRESSES.read_text().splitlines())
    now = set(addresses(sqlite_app))
    gone = sorted(known - now)
    assert not gone, f"lead these on to what replaces them, or remove them from {ADDRESSES.name}:\n" + "\n".join(gone)
    new = [line for line in sorted(now - known) if re.search(rf" ({'|'.join(SHIPPED)})\.(?!page$)", line)]
    assert not new, f"add these to {ADDRESSES.name}:\n" + "\n".join(new)


def test_no_get_commits(sqlite_app: Flask) -> None:
    """But for views whose reading is itself recorded (core/database.py, `writes`)."""
    commits: list[object] = []
    with sqlite_app.app_context():
        event.listen(db.engine, "commit", commits.append)
    for rule in sqlite_app.url_map.iter_rules():
        recorded = getattr(sqlite_app.view_functions[rule.endpoint], "writes", False)
        if "GET" in (rule.methods or ()) and rule.endpoint != "static" and not recorded:
            path = re.sub(r"<[^>]+>", "x", rule.rule)
            assert Client(sqlite_app).get(path).status < 500
    assert commits == []


def test_the_migrations_make_the_tables_that_the_models_say(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, db.metadata) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.relative_to(ROOT / "templates").as_posix())
def test_each_template_compiles_and_trusts_nothing(sqlite_app: Flask, template: Path) -> None:
    sqlite_app.jinja_env.get_template(template.relative_to(ROOT / "templates").as_posix())
    # A mail has no style sheet to link to.
    style = "" if template.parent.name == "email" else "|<style"
    assert not re.search(r"\|\s*safe\b|autoescape false|hx-on|javascript:" + style, template.read_text())


def test_each_macro_is_used() -> None:
    everything = "\n".join(t.read_text() for t in TEMPLATES) + "".join(f.read_text() for f in CODE)
    for template in TEMPLATES:
        for name in re.findall(r"{%-?\s*macro (\w+)\(", template.read_text()):
            calls = re.findall(rf"(?<!macro )\b{name}\(|\.module\.{name}\b|question\([^)]*\b{name}\b", everything)
            assert calls, f"{name} in {template.name} is never called"


def test_each_import_of_a_macro_is_used() -> None:
    for template in TEMPLATES:
        text = template.read_text()
        for names in re.findall(r"{% from \S+ import ([\w, ]+) %}", text):
            for name in names.split(", "):
                assert f"{name}(" in text, f"{template.name} imports {name} for nothing"


@pytest.mark.parametrize("file", [*CODE, *(ROOT / "tests").rglob("*.py")], ids=lambda f: f.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_small(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) < 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


@pytest.mark.parametrize("folder", ["vendor", "fonts"])
def test_files_from_elsewhere_are_unchanged(folder: str) -> None:
    place = ROOT / "static" / folder
    lines = (place / "SHA256SUMS").read_text().splitlines()
    sums = {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}
    assert set(sums) == {f.name for f in place.iterdir() if f.suffix in (".js", ".woff2")}
    for name, checksum in sums.items():
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == checksum


def test_htmx_is_the_one_that_was_chosen() -> None:
    htmx = ROOT / "static" / "vendor" / "htmx-4.0.1.min.js"
    expected = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
    assert hashlib.sha256(htmx.read_bytes()).hexdigest() == expected


def test_style_sheets_are_one_file_a_layer_and_travel_as_one(sqlite_client: Client) -> None:
    """Visitors do not load what only the desk's pages need."""
    folder = ROOT / "static" / "css"
    layers = re.findall(r'@import url\("(\w+\.css)"\)', (folder / "site.css").read_text())
    of_the_desk = {f.name for f in folder.glob("staff*.css")}
    assert set(layers) == {f.name for f in folder.glob("*.css")} - {"site.css"} - of_the_desk
    assert all("@layer staff {" in (folder / name).read_text() for name in of_the_desk)
    together = sqlite_client.get("/static/css/site.css").text
    assert "@import" not in together
    for file in layers:
        assert (folder / file).read_text() in together


def test_static_files_are_kept_for_ever_under_an_address_of_their_content(sqlite_client: Client) -> None:
    address = next(e.attributes["src"] for e in sqlite_client.get("/").document.scripts)
    assert "?v=" in address
    assert "immutable" in sqlite_client.get(address).response.headers["Cache-Control"]
    assert "no-cache" in sqlite_client.get("/static/js/site.js").response.headers["Cache-Control"]
