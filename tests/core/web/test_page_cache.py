"""What is the same for everybody is made once and answered from memory in production."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask, Response, request, session, template_rendered
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response as BaseResponse

from core import clock
from core.web import page_cache
from tests.builders import PRODUCTION, referral
from tests.conftest import Wait, build, close, copy_of
from tests.page import CONTENT_PAGES, EXPORTS, Document, check_headers

DECODE: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "zstd": page_cache.zstd.decompress,
    "gzip": gzip.decompress,
    "identity": bytes,
}
KB = 1024
HOST = "https://clinic.example"
TINY = {"/robots.txt", "/site.webmanifest"}
"""Files that compressing makes no smaller."""
FONTS = Path(__file__).parents[3] / "static" / "fonts"
Fetch = Callable[..., TestResponse]
View = Callable[[], BaseResponse]


@pytest.fixture
def production(tmp_path: Path, sqlite_tables: Path) -> Iterator[Flask]:
    app = build(tmp_path, copy_of(sqlite_tables, tmp_path), **PRODUCTION)
    yield app
    close(app)


@pytest.fixture
def fetch(production: Flask) -> Fetch:
    client = production.test_client()

    def get(path: str, accept: str = "", **options: Any) -> TestResponse:
        headers = {"Accept-Encoding": accept, **options.pop("headers", {})}
        return client.open(path, base_url=HOST, headers=headers, **options)

    return get


@pytest.fixture
def rendered(production: Flask) -> Iterator[list[str]]:
    """Names of the templates that were rendered so far."""
    names: list[str] = []

    def note(_app: Flask, template: Any, **_: Any) -> None:
        names.append(template.name)

    with template_rendered.connected_to(note, production):
        yield names


@pytest.mark.parametrize("path", sorted({*CONTENT_PAGES, *EXPORTS} - TINY))
def test_a_page_is_the_same_in_every_encoding(fetch: Fetch, path: str) -> None:
    plain = fetch(path)
    assert "Content-Encoding" not in plain.headers
    etags = {plain.headers["ETag"]}
    for encoding in ("br", "zstd", "gzip"):
        answer = fetch(path, encoding)
        check_headers(answer, public=True)
        assert answer.headers["Content-Encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert DECODE[encoding](answer.data) == plain.data
        assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data)
        etags.add(answer.headers["ETag"])
    assert len(etags) == 4, "each encoding has a strong tag of its own"
    assert not any(tag.startswith("W/") for tag in etags)


def test_a_page_is_rendered_once(fetch: Fetch, rendered: list[str]) -> None:
    for accept in ("br", "gzip", "", "br;q=0, *"):
        assert fetch("/safety", accept).status_code == 200
    assert rendered.count("content/page.html") == 1


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, zstd;q=0.5, gzip;q=0.1", "zstd"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("identity", "identity"),
        ("", "identity"),
        ("compress", "identity"),
        ("*", "br"),
        (";;q=x,,", "identity"),
    ],
)
def test_the_visitor_says_which_encoding(fetch: Fetch, accepted: str, encoding: str) -> None:
    assert fetch("/", accepted).headers.get("Content-Encoding", "identity") == encoding


def test_a_page_that_did_not_change_is_not_sent_again(fetch: Fetch) -> None:
    tag = fetch("/", "br").headers["ETag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = fetch("/", "br", headers={"If-None-Match": asked})
        assert (answer.status_code, answer.data) == (304, b"")
        check_headers(answer, public=True)
        assert answer.headers["ETag"] == tag
        assert not {"Content-Encoding", "Content-Type"} & set(answer.headers.keys())
    assert fetch("/", "gzip", headers={"If-None-Match": tag}).status_code == 200


def test_head_tells_the_size_and_sends_nothing(fetch: Fetch) -> None:
    whole, head = fetch("/", "br"), fetch("/", "br", method="HEAD")
    assert head.data == b""
    assert dict(head.headers) == dict(whole.headers)


def test_a_foreign_host_gets_no_page_even_from_memory(fetch: Fetch, production: Flask) -> None:
    assert fetch("/").status_code == 200
    for host in ("evil.example", "clinic.example.evil", "clinic.example@evil", "a b", ""):
        assert production.test_client().get("/", headers={"Host": host}).status_code == 400


def test_what_is_not_the_cached_public_is_left_to_flask(fetch: Fetch, production: Flask) -> None:
    assert fetch("/", method="POST").status_code == 405
    assert fetch("/?utm_source=x").status_code == 200
    form = fetch("/refer", "br")
    assert (form.headers["Cache-Control"], form.headers["Content-Encoding"]) == ("no-store", "br")
    assert form.headers["Set-Cookie"]
    assert fetch("/nowhere").status_code == 404
    assert production.wsgi_app.copies == {}  # type: ignore[attr-defined]


def test_static_files_are_answered_from_memory(fetch: Fetch) -> None:
    page = Document(fetch("/").text)
    addresses = [e.attributes["src"] for e in page.scripts] + [e.attributes["href"] for e in page.all("link")]
    files = [address for address in addresses if address.startswith("/static/")]
    assert len(files) == 5
    for address in files:
        answer = fetch(address, "br")
        assert "immutable" in answer.headers["Cache-Control"]
        assert (answer.headers.get("Content-Encoding") == "br") != address.endswith(".woff2")
    assert "no-cache" in fetch("/static/js/site.js").headers["Cache-Control"]


@pytest.mark.parametrize("path", [*CONTENT_PAGES, "/refer", "/subscribe"])
def test_a_first_visit_is_small(fetch: Fetch, path: str) -> None:
    """At most 45 KB over the wire, and 130 KB with fonts; see benchmarks/pages.py for what a browser fetches."""
    answer = fetch(path, "br")
    page = Document(brotli.decompress(answer.data).decode())
    files = {e.attributes.get("src") or e.attributes["href"] for e in [*page.scripts, *page.all("link")]}
    sizes = {file: len(fetch(file, "br").data) for file in files if file.startswith("/static/")}
    fonts = sum(font.stat().st_size for font in FONTS.glob("*.woff2"))
    rest = len(answer.data) + sum(size for file, size in sizes.items() if not file.partition("?")[0].endswith("woff2"))
    assert rest < 45 * KB
    assert rest + fonts < 130 * KB


def test_development_shows_a_saved_page_at_once(sqlite_app: Flask) -> None:
    assert "/" not in getattr(sqlite_app.wsgi_app, "addresses", ())


def test_the_empty_subscribe_form_is_cached_and_never_kept(fetch: Fetch, rendered: list[str]) -> None:
    for _ in range(2):
        answer = fetch("/subscribe")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
    assert rendered.count("subscriptions/subscribe.html") == 1


def test_an_unanswered_question_is_cached_and_an_answered_one_is_never_kept(production: Flask, fetch: Fetch) -> None:
    def questions() -> str:
        return re.sub(
            r'(name="(?:csrf_token|opened|draft|tab)"[^>]*value=")[^"]*', r"\1", fetch("/refer").get_data(as_text=True)
        )

    first, somebody = questions(), production.test_client()
    token = Document(somebody.get("/refer", base_url=HOST).get_data(as_text=True)).fields()
    typed = {**token, **referral(patient_family_name="Canaryfield", referrer_npi="12"), "action": "review"}
    refused = somebody.post("/refer", data=typed, base_url=HOST, headers={"Origin": HOST}).get_data(as_text=True)
    assert 'value="Canaryfield"' in refused
    assert "NPI must be 10 digits." in refused
    assert questions() == first
    assert "Canaryfield" not in str(production.extensions["questions"])


Kept = Callable[[View], tuple[Flask, FlaskClient]]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A site with one page that is to be answered from memory, and its visitor."""

    def make(view: View) -> tuple[Flask, FlaskClient]:
        app = Flask(__name__)
        app.config.update(PRODUCTION=True, SITE_URL=HOST, TRUSTED_HOSTS=["clinic.example"], SECRET_KEY="k" * 40)
        app.add_url_rule("/page", "page", page_cache.cached_public(view))
        page_cache.init_app(app)
        return app, app.test_client()

    return make


def cookie() -> BaseResponse:
    response = Response("words")
    response.set_cookie("session", "of the first visitor")
    return response


def new_session() -> BaseResponse:
    session["visitor"] = "the first"
    return Response("words")


def read_session() -> BaseResponse:
    return Response(f"words for {session.get('visitor')}")


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (cookie, "it sets a cookie"),
        (new_session, "it sets a cookie"),
        (read_session, "it depends on a cookie"),
        (lambda: Response("words", 404), "the status is 404"),
        (lambda: Response("words", 503), "the status is 503"),
        (lambda: Response("words", 206), "the status is 206"),
        (lambda: Response("words", 302, {"Location": "/"}), "the status is 302"),
    ],
)
def test_what_is_not_for_everybody_is_not_kept_and_the_log_says_so(
    kept: Kept, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, view: View, reason: str
) -> None:
    monkeypatch.setattr(logging.getLogger("site"), "propagate", True)
    app, client = kept(view)
    for _ in range(2):
        caplog.clear()
        answer = client.get("/page", base_url=HOST)
        assert answer.headers.getlist("Cache-Control") == ["no-store"]
        assert answer.text.startswith("words")
        errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert errors == [f"page (/page) is not kept in the page cache: {reason}"]
    assert app.wsgi_app.copies == {}  # type: ignore[attr-defined]


def test_whoever_asks_for_a_page_that_is_not_kept_gets_their_own(kept: Kept) -> None:
    def mine() -> BaseResponse:
        response = Response(request.headers.get("Cookie", "none"))
        response.set_cookie("a", "b")
        return response

    app, client = kept(mine)
    client.set_cookie("who", "first", domain="clinic.example")
    assert "who=first" in client.get("/page", base_url=HOST).text
    assert app.test_client().get("/page", base_url=HOST).text == "none"


def test_the_page_is_made_for_nobody(kept: Kept) -> None:
    seen: list[dict[str, Any]] = []

    def look() -> BaseResponse:
        seen.append(dict(request.environ))
        return Response(f"{request.host_url} {request.remote_addr} {sorted(request.headers.keys())}")

    app, _ = kept(look)
    app.config["TRUSTED_HOSTS"].append("other.example")
    personal = {
        **dict.fromkeys(("Cookie", "Authorization", "Accept-Language", "Range", "If-Range", "If-None-Match"), "canary"),
        **dict.fromkeys(("User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "HX-Request", "Referer"), "canary"),
    }
    visit = {"headers": personal, "base_url": "http://other.example", "environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    answer = app.test_client().get("/page", **visit)  # type: ignore[arg-type]
    assert answer.text == f"{HOST}/ None ['Host']"
    assert "canary" not in str(seen)
    assert len(seen) == 1


def test_security_txt_does_not_expire_in_a_process_that_runs_for_long(fetch: Fetch, wait: Wait) -> None:
    def expires() -> datetime:
        return datetime.fromisoformat(re.findall("Expires: (.*)", fetch("/.well-known/security.txt").text)[0])

    assert expires() > clock.now()
    wait(timedelta(days=200))
    assert expires() > clock.now()
