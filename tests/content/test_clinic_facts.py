"""The clinic's facts on every page and in every mail: shown when they are given, and missed by no sentence if not."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template
from jinja2 import ChainableUndefined
from markupsafe import Markup

from app import create_app
from blueprints.content import library, markup
from blueprints.content.frontmatter import ContentError
from blueprints.referrals.facts import ReferralFacts
from core import clinic
from core.config import ConfigError
from tests.builders import PRODUCTION
from tests.conftest import close
from tests.page import CONTENT_PAGES, Client
from tests.servers import ROOT

DEMO = ROOT / "content" / "clinic.demo.toml"
DEAD_END = re.compile(
    r"\b(call|phone|fax|e-?mail|contact|reach|write to) the (center|clinic)\b(?!’s)"
    r"|\b(tell|ask) the (center|clinic) (for|before|the way|how to)\b"
    r"|(its|the center’s) (fax|phone) number|the center has not given any",
    re.IGNORECASE,
)
"""Sends the reader to the center by a way that the page does not show."""
PAGES = (*CONTENT_PAGES, "/refer", "/refer/print", "/subscribe", "/subscribe/thanks", "/not-there")
MAILS = sorted(file.name for file in (ROOT / "templates" / "email").glob("*.md"))
REFERRALS = ("closed", "confirm", "confirm_expired", "confirm_unknown", "confirmed", "sent", "stop")


@pytest.fixture
def demo(tmp_path: Path, sqlite_tables: Path) -> Iterator[Flask]:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "site.sqlite3").write_bytes(sqlite_tables.read_bytes())
    app = create_app({"DEMO": "1", "INSTANCE_PATH": str(tmp_path), "TESTING": True})
    yield app
    close(app)


def mail(app: Flask, name: str) -> str:
    values: dict[str, Any] = {"facts": ReferralFacts(), "issue": ChainableUndefined()}
    with app.test_request_context():
        return render_template(f"email/{name}", **values)


def of_a_referral(app: Flask, name: str) -> str:
    values: dict[str, Any] = {"facts": ReferralFacts(), "reference": "KTC-1", "token": "a-token", "form": None}
    with app.test_request_context():
        return render_template(f"referrals/{name}.html", layout="layouts/site.html", receipt_is_paused=True, **values)


def dead_ends(html: str) -> list[str]:
    words = " ".join(Markup(html).striptags().split())  # noqa: S704 - only its words are read
    return [words[max(0, found.start() - 40) : found.end() + 40] for found in DEAD_END.finditer(words)]


def test_no_page_leads_to_a_center_that_has_given_no_way_to_it(sqlite_app: Flask, sqlite_client: Client) -> None:
    found = {path: dead_ends(sqlite_client.get(path).text) for path in PAGES}
    assert {path: sentences for path, sentences in found.items() if sentences} == {}


@pytest.mark.parametrize("name", REFERRALS)
def test_no_page_of_a_referral_does(sqlite_app: Flask, name: str) -> None:
    assert dead_ends(of_a_referral(sqlite_app, name)) == []


@pytest.mark.parametrize("name", MAILS)
def test_no_mail_does(sqlite_app: Flask, name: str) -> None:
    assert dead_ends(mail(sqlite_app, name)) == []


@pytest.mark.parametrize(
    "words",
    [
        "Ask the center for its fax number.",
        "use it when you contact the center.",
        "Tell the center before your visit if you need time.",
        "or reach the center the way you usually do",
        "<p>Please call the center: <a>",
    ],
)
def test_a_dead_end_is_found(words: str) -> None:
    assert dead_ends(words)


def test_a_full_clinic_is_shown(demo: Flask) -> None:
    client, given = Client(demo), demo.config["CLINIC"]
    shown = {path: client.get(path).text for path in PAGES}
    visit = Markup(shown["/visit"]).unescape()
    for fact in (given.phone, given.fax, given.street, given.map_link, given.hours, given.medical_reviewer):
        assert fact in visit
    assert f'href="{given.phone_link}"' in visit
    for thing in (*given.people, *given.rooms):
        for fact in filter(None, dataclasses.astuple(thing)):
            assert fact in visit
    for fact in (*given.insurers, *(text for price in given.prices for text in dataclasses.astuple(price) if text)):
        assert fact in Markup(shown["/cost"]).unescape()
    assert f"Fax them to {given.fax}" in shown["/refer"]
    assert all(given.phone in page for page in shown.values())
    assert given.phone in mail(demo, "referral_received.md")
    assert all(given.street in mail(demo, name) for name in MAILS)
    facts = client.get("/").document.facts["MedicalClinic"]
    assert (facts["faxNumber"], facts["hasMap"]) == (given.fax, given.map_link)


def promises(app: Flask) -> str:
    with app.test_request_context():
        return render_template("content/_clinic_promises.html").strip()


def test_what_referrers_are_promised_is_shown_as_far_as_it_is_given(demo: Flask, sqlite_app: Flask) -> None:
    assert "within 1 business day, and an urgent one within 4 hours" in promises(demo)
    assert "urgent" not in promises(sqlite_app)
    sqlite_app.jinja_env.globals["clinic"] = clinic.Clinic("a", "b")
    assert promises(sqlite_app) == ""


def test_make_demo_starts_the_demo() -> None:
    (recipe,) = re.findall(r"^demo:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe == "@DEMO=1 $(BIN)/flask serve --reload"


def test_an_empty_clinic_has_no_empty_places(sqlite_client: Client) -> None:
    for path in ("/visit", "/cost"):
        document = sqlite_client.get(path).document
        assert not [e for e in document.elements if e.attributes.get("class") in ("clinic-photo", "cards people")]
        assert not [e for e in document.all("h2") if e.text in ("The rooms", "What the center charges")]
        assert "fax" not in {e.text.casefold() for e in document.all("dt")}


def test_the_photographs_of_the_demo_are_drawings_that_say_so(demo: Flask) -> None:
    pictures = [e for e in Client(demo).get("/visit").document.all("img") if e.attributes["class"] == "clinic-photo"]
    assert len(pictures) == 4
    for picture in pictures:
        assert picture.attributes["alt"].startswith("A drawing in place of a photograph")
        assert Client(demo).get(picture.attributes["src"]).status == 200


def test_the_demo_says_on_each_page_and_in_each_mail_that_it_is_made_up(demo: Flask, sqlite_client: Client) -> None:
    for path in PAGES:
        assert "Everything about this clinic is made up." in Client(demo).get(path).text
        assert "made up" not in sqlite_client.get(path).text
    assert all("Everything about this clinic is made up." in mail(demo, name) for name in MAILS)


def test_the_demo_is_obviously_made_up() -> None:
    words = DEMO.read_text()
    given = clinic.load(DEMO, ROOT / "static")
    assert "made up" in given.name
    assert given.made_up
    assert set(re.findall(r"\d{3}-\d{4}", words)) == {"555-0100", "555-0101"}
    assert set(re.findall(r"[@/]([\w.-]+\.(?:com|org|net))", words)) <= {"example.com"}


def test_the_demo_gives_every_fact(demo: Flask) -> None:
    assert clinic.missing(demo) == []


def test_the_demo_keeps_to_itself(tmp_path: Path) -> None:
    given = {"DEMO": "1", "INSTANCE_PATH": str(tmp_path), "MAIL_URL": "smtp://127.0.0.1:1", "TESTING": True}
    app = create_app({**given, "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}"})
    assert app.config["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'demo' / 'site.sqlite3'}"
    assert app.config["MAIL_URL"] == ""
    close(app)


def test_production_refuses_the_demo_and_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**PRODUCTION, "INSTANCE_PATH": str(tmp_path), "DATABASE_URL": "sqlite://"}
    with pytest.raises(ConfigError, match="DEMO must not be set"):
        create_app({**given, "DEMO": "1"})
    made_up = clinic.load(DEMO, ROOT / "static")
    monkeypatch.setattr(clinic, "load", lambda *_: made_up)
    with pytest.raises(ConfigError, match="must not be shown in production"):
        create_app(given)


@pytest.mark.parametrize(("phone", "shown"), [("310 555 0100", "Call us."), (None, "Ask there.")])
def test_a_sentence_can_wait_for_a_fact(phone: str | None, shown: str) -> None:
    words = "::: given phone\nCall us.\n:::\n::: missing phone\nAsk there.\n:::\n::: checklist\n- Always.\n:::\n"
    html = Markup(markup.markdown().render(words, {}))  # noqa: S704 - written above
    page = markup.for_clinic(html, clinic.Clinic("a", "b", phone=phone))
    assert page == f'<p>{shown}</p>\n<div class="checklist">\n<ul>\n<li>Always.</li>\n</ul>\n</div>\n'


def test_a_condition_on_an_unknown_fact_stops_the_start(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("---\n---\n::: given telephone\nCall.\n:::\n")
    with pytest.raises(ContentError, match=r"page.md:3: telephone is no fact of content/clinic.toml"):
        library._render(page, "::: given telephone\nCall.\n:::\n", {})
