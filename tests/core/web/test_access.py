"""Which part of the site answers at which address (SITE_PARTS), and to which methods."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from werkzeug.exceptions import MethodNotAllowed

from core.extensions import csrf, limiter
from core.web import access
from tests.builders import PRODUCTION
from tests.conftest import build, close, copy_of
from tests.page import Document

HOST = "https://clinic.example"
PARTS = ("public", "staff", "public,staff")
BODILESS = ("DELETE", "TRACE", "PUT", "PATCH")
Start = Callable[..., Flask]


@pytest.fixture
def start(tmp_path: Path, sqlite_tables: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """The site in production in one of its parts, with a feature for staff."""
    monkeypatch.setattr(limiter, "enabled", False)
    started: list[Flask] = []

    def make(parts: str, **settings: str) -> Flask:
        app = build(tmp_path, copy_of(sqlite_tables, tmp_path), **{**PRODUCTION, "SITE_PARTS": parts, **settings})
        desk = Blueprint("desk", __name__, url_prefix="/desk")
        access.public(desk, access.STAFF)
        desk.add_url_rule("/<name>", "show", lambda name: "desk", methods=["GET", "POST"])
        csrf.exempt(desk)
        app.register_blueprint(desk)
        access.check(app)
        started.append(app)
        return app

    yield make
    for app in started:
        close(app)


def addresses(app: Flask) -> list[tuple[str, str, frozenset[str]]]:
    """Each address, its endpoint and its methods."""
    rules = app.url_map.iter_rules()
    return [(_path(rule.rule), rule.endpoint, frozenset(rule.methods or ())) for rule in rules]


def _path(rule: str) -> str:
    return re.sub(r"<[^>]+>", "x", re.sub(r"<int:[^>]+>", "1", rule))


def is_missing(app: Flask, path: str, method: str) -> bool:
    """404 as Flask gives it to what is no address, and not a feature's own."""
    answer = app.test_client().open(path, method=method, base_url=HOST, buffered=True)
    return answer.status_code == 404 and "Page not found" in answer.text


NOT_THERE = ("static", "referrals.sent", "security.two_factor_rescue")
"""404 for what these tests ask for. The desk's signing in does not serve the last one at all."""


@pytest.mark.parametrize("parts", PARTS)
def test_each_address_answers_in_its_part_and_nowhere_else(start: Start, parts: str) -> None:
    app = start(parts)
    served = {"content"} | ({"referrals", "subscriptions"} if "public" in parts else set())
    served |= {"desk", "staff", "security"} if "staff" in parts else set()
    for path, endpoint, methods in addresses(app):
        feature = endpoint.rpartition(".")[0]
        for method in {*methods, *BODILESS} - {"HEAD"}:
            if feature and feature not in served:
                assert is_missing(app, path, method), (method, path)
        if (not feature or feature in served) and endpoint not in NOT_THERE:
            method = "GET" if "GET" in methods else "DELETE"
            status = app.test_client().open(path, method=method, base_url=HOST).status_code
            # Links from a mail are unknown without the mail.
            assert status != 404 or "confirm" in path or "leave" in path


@pytest.mark.parametrize("parts", PARTS)
def test_no_page_leads_to_a_feature_of_another_part(start: Start, parts: str) -> None:
    app = start(parts)
    for path in ("/", "/crisis", "/nowhere"):
        page = Document(app.test_client().get(path, base_url=HOST).text)
        forms = [form.attributes["action"] for form in page.all("form")]
        (header,) = page.all("header")
        assert ("/subscribe" in forms) == ("public" in parts)
        assert ("Refer a patient" in header.text) == ("public" in parts)
    listed = app.test_client().get("/sitemap.xml", base_url=HOST).text
    assert (f"{HOST}/refer<" in listed) == ("public" in parts)


def test_the_page_cache_knows_no_address_of_another_part(start: Start) -> None:
    assert "/subscribe" not in start("staff").wsgi_app.endpoints  # type: ignore[attr-defined]


def test_staff_open_referrals_where_nobody_is_served_the_form(start: Start) -> None:
    said = start("staff").test_cli_runner().invoke(args=["referrals", "list"])
    assert said.exit_code == 0
    assert "REFERENCE" in said.output


def test_a_feature_that_names_no_part_stops_the_start() -> None:
    for parts in ((), ("pubic",)):
        app, bp = Flask(__name__), Blueprint("evenings", "blueprints.evenings")
        access.public(bp, *parts)
        app.register_blueprint(bp)
        with pytest.raises(access.NoAccessRule, match=r"access.public\(bp, access.PUBLIC\)"):
            access.check(app)


@pytest.mark.parametrize("method", BODILESS)
def test_a_method_that_an_address_does_not_have_is_405_whatever_the_body(start: Start, method: str) -> None:
    app = start("public,staff")
    client, routes = app.test_client(), app.url_map.bind("clinic.example")
    paths = [path for path, endpoint, _ in addresses(app) if not endpoint.startswith("dev.")]
    for path in [*paths, "/static/js/site.js", "/refer/check/referrer_npi"]:
        for options in ({}, {"data": b"{}", "content_type": "application/json"}):
            answer = client.open(path, method=method, base_url=HOST, **options)  # type: ignore[arg-type]
            assert answer.status_code == 405, path
            with pytest.raises(MethodNotAllowed) as refused:
                routes.match(path, method)
            assert answer.allow.as_set() == {name.lower() for name in refused.value.valid_methods or ()}
    assert client.open("/", method=method, base_url=HOST).status_code == 405
    for path in ("/nowhere", "/static/nowhere.js", "/dev/mailbox", "/refer/nowhere/at/all"):
        assert client.open(path, method=method, base_url=HOST).status_code in (404, 405)
    assert is_missing(app, "/nowhere", method)
    assert is_missing(app, "/dev/mailbox", method)
