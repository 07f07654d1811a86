"""A visitor, and what must hold of every answer that any test fetches."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import flask
from flask import Flask
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from core.extensions import csrf
from core.web.security import HEADERS
from tests.servers import ROOT

CONTENT = ROOT / "content"


def content_page(file: Path) -> str:
    """The address of a page of content/: its name."""
    return f"/{file.relative_to(CONTENT).with_suffix('').as_posix()}".removesuffix("index")


CONTENT_PAGES = tuple(
    content_page(file)
    for file in sorted(CONTENT.rglob("*.md"))
    if file.parent.name not in ("updates", "newsletters") or file.parts[-2:] == ("newsletters", "index.md")
)
"""Without the issues of the newsletter."""
META = ("/site.webmanifest",)
EXPORTS = ("/references.json", "/references.bib", "/updates.atom", "/robots.txt", "/sitemap.xml", *META)
SHOW_MAIL = ("/dev/mailbox/", "/staff/newsletters/")
"""Pages with the HTML of a mail in a frame."""
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


class Document(HTMLParser):
    """Elements in order, each with all the text inside it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if e.tag == tag and wanted.items() <= e.attributes.items()]

    @property
    def scripts(self) -> list[Element]:
        """Without blocks of data."""
        return [e for e in self.all("script") if "src" in e.attributes]

    @property
    def facts(self) -> dict[str, Any]:
        """The things of the page's JSON-LD, by their type."""
        (block,) = self.all("script", type="application/ld+json")
        return {thing["@type"]: thing for thing in json.loads(block.text)["@graph"]}

    def by_id(self, name: str) -> Element:
        (found,) = [e for e in self.elements if e.attributes.get("id") == name]
        return found

    def text_of(self, name: str) -> str:
        return " ".join(self.by_id(name).text.split())

    def fields(self, form_id: str = "referral-form") -> dict[str, str]:
        """Hidden fields of the page, as a browser would send them."""
        return {e.attributes["name"]: e.attributes.get("value", "") for e in self.all("input", type="hidden")}


@dataclass
class Answer:
    response: TestResponse
    document: Document = field(init=False)

    def __post_init__(self) -> None:
        self.document = Document(self.text if self.response.mimetype == "text/html" else "")

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def location(self) -> str:
        return self.response.headers.get("Location", "")

    def error(self, name: str) -> str:
        return self.document.text_of(f"{name}-error").removeprefix("Error: ")


class Client:
    """Fetches pages as one browser does: it keeps cookies, and sends the form token it was given."""

    def __init__(self, app: Flask, headers: dict[str, str] | None = None) -> None:
        self.app, self.client, self.headers = app, app.test_client(), headers or {}

    def get(self, path: str, **options: Any) -> Answer:
        return self._checked(self.client.get(path, buffered=True, **options), whole=True)

    def post(self, path: str, data: Any = None, headers: dict[str, str] | None = None, **options: Any) -> Answer:
        if not data:
            options["environ_overrides"] = {"CONTENT_LENGTH": "0"}
        sent = {**self.headers, **(headers or {})}
        response = self.client.post(path, data=data or None, headers=sent, **options)
        return self._checked(response, whole="HX-Request" not in self.headers)

    def token(self) -> dict[str, str]:
        """The form token of this browser's session, as its pages carry it."""
        with self.client.session_transaction() as session, self.app.test_request_context():
            flask.session.update(session)
            token = generate_csrf()
            session.update(flask.session)
        return {"csrf_token": token}

    def _is_public(self, path: str) -> bool:
        """Pages and files that are the same for everybody: they set no cookie and may be kept."""
        for_everybody = {*self.app.extensions["content"].library().pages, *EXPORTS}
        return path.startswith("/static/") or path in for_everybody

    def _checked(self, response: TestResponse, whole: bool) -> Answer:
        answer = Answer(response)
        check_headers(response, self._is_public(response.request.path))
        if response.mimetype == "text/html" and answer.text and response.status_code not in (301, 302, 303, 308):
            check_markup(answer.document, answer.text)
            if whole:
                check_whole_page(answer.document)
                check_tokens(answer.document, self.app)
        return answer


def check_headers(response: TestResponse, public: bool) -> None:
    for name, value in HEADERS.items():
        wider = f"{value}; frame-src 'self'" if response.request.path.startswith(SHOW_MAIL) else value
        assert response.headers[name] in (value, wider), name
    if public and response.status_code < 400:
        assert "Set-Cookie" not in response.headers
        assert "public" in response.headers["Cache-Control"]
    else:
        assert response.headers["Cache-Control"] == "no-store"


def check_markup(document: Document, html: str) -> None:
    ids = [e.attributes["id"] for e in document.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    for element in document.elements:
        check_element(element)
    for form in document.all("form"):
        assert form.attributes.get("action", "").startswith("/"), "a form without an action"
    labelled = {e.attributes.get("for") for e in document.all("label")}
    for control in [*document.all("select"), *document.all("textarea"), *document.all("input")]:
        if control.attributes.get("type") != "hidden":
            assert control.attributes["id"] in labelled, control


def check_element(element: Element) -> None:
    assert "style" not in element.attributes, element
    assert element.tag != "style", "inline style"
    assert not [name for name in element.attributes if name.startswith("on")], element
    if element.tag == "script" and element.attributes.get("type") != "application/ld+json":
        assert element.attributes.get("src", "").startswith("/static/"), "inline or foreign script"
    is_data = element.attributes.get("rel") == "canonical" or element.attributes.get("type") == "application/ld+json"
    if element.tag in ("img", "script", "link", "iframe", "source") and not is_data:
        address = element.attributes.get("src") or element.attributes.get("href", "")
        assert address.startswith("/"), f"foreign address {address}"
    for name in ("aria-describedby", "aria-labelledby"):
        assert "  " not in element.attributes.get(name, "")


def check_whole_page(document: Document) -> None:
    (title,) = [e for e in document.all("title") if e.text.strip()][:1]
    assert title.text.strip()
    assert len(document.all("h1")) == 1, [e.text for e in document.all("h1")]
    assert len(document.all("main")) == 1
    known = {e.attributes["id"] for e in document.elements if "id" in e.attributes}
    for element in document.elements:
        for name in ("aria-describedby", "aria-labelledby", "for"):
            for target in element.attributes.get(name, "").split():
                assert target in known, f"{name} leads to #{target}, which is not there"


def check_tokens(document: Document, app: Flask) -> None:
    """A form has a token, unless its view needs none."""
    routes = app.url_map.bind("localhost")
    posts = [form for form in document.all("form") if form.attributes.get("method") == "post"]
    views = [app.view_functions[str(routes.match(form.attributes["action"], "POST")[0])] for form in posts]
    needing = [view for view in views if f"{view.__module__}.{view.__name__}" not in csrf._exempt_views]
    tokens = document.all("input", name="csrf_token")
    assert len(tokens) == len(needing), "a form lacks its token: put {{ form.csrf_token() }} into it"
