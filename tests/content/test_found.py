"""Metadata: structured data, the web manifest, robots.txt and security.txt."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re

import pytest
from flask import Flask

from blueprints.content import jsonld
from core.clinic import Clinic
from tests.page import CONTENT_PAGES, Client

SITE = "http://127.0.0.1:5000"


@pytest.mark.parametrize("path", CONTENT_PAGES)
def test_a_page_says_of_itself_what_it_shows(sqlite_app: Flask, sqlite_client: Client, path: str) -> None:
    document = sqlite_client.get(path).document
    page = document.facts["MedicalWebPage"]
    assert page["url"] == f"{SITE}{path}"
    assert page["name"] == document.all("h1")[0].text
    assert ("lastReviewed" in page) == sqlite_app.extensions["content"].library().pages[path].is_reviewed
    assert document.facts["MedicalClinic"]["name"] in document.all("title")[0].text
    assert ("BreadcrumbList" in document.facts) == (path != "/")


def test_a_reviewed_page_says_by_whom_and_when(sqlite_app: Flask) -> None:
    page = sqlite_app.extensions["content"].library().pages["/safety"]
    reviewed = dataclasses.replace(page, reviewed_by="A. Example, MD")
    things = jsonld.graph(reviewed, Clinic("Example", "Here"), SITE)["@graph"]
    assert things[1]["lastReviewed"] == page.reviewed_on.isoformat()
    assert things[1]["reviewedBy"]["name"] == "A. Example, MD"


def test_what_the_clinic_has_not_given_is_not_made_up(sqlite_client: Client) -> None:
    assert set(sqlite_client.get("/").document.facts["MedicalClinic"]) == {
        *("@type", "@id", "name", "url", "medicalSpecialty", "address")
    }


def test_each_question_has_its_answer(sqlite_client: Client) -> None:
    document = sqlite_client.get("/faq").document
    questions = document.facts["FAQPage"]["mainEntity"]
    headings = [e.text for e in document.all("h2") if e.text.endswith("?")]
    assert [question["name"] for question in questions][: len(headings)] == headings
    for question in questions:
        answer = question["acceptedAnswer"]["text"]
        assert len(answer) > 20
        assert "<" not in answer


def test_the_manifest_names_the_site(sqlite_client: Client) -> None:
    manifest = json.loads(sqlite_client.get("/site.webmanifest").text)
    assert manifest["name"] == "Ketamine Therapy Center"
    assert sqlite_client.get(manifest["icons"][0]["src"]).status == 200


def test_security_txt_has_a_contact_and_an_end(sqlite_client: Client) -> None:
    lines = dict(line.split(": ", 1) for line in sqlite_client.get("/.well-known/security.txt").text.splitlines())
    assert lines["Contact"] == f"{SITE}/visit"
    left = datetime.datetime.fromisoformat(lines["Expires"]) - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=100) < left < datetime.timedelta(days=365)


def test_the_sitemap_lists_every_page(sqlite_client: Client) -> None:
    found = re.findall("<loc>(.*?)</loc>", sqlite_client.get("/sitemap.xml").text)
    assert {f"{SITE}{path}" for path in CONTENT_PAGES} <= set(found)


def test_the_sheet_for_a_clinician_sends_nothing(sqlite_client: Client) -> None:
    document = sqlite_client.get("/for-patients").document
    assert len(document.all("textarea")) == 4
    assert not [e for e in document.all("textarea") if "name" in e.attributes]
    assert [form.attributes["action"] for form in document.all("form")] == ["/subscribe"]


def test_a_page_shows_the_drawing_it_names(sqlite_app: Flask, sqlite_client: Client) -> None:
    pages = sqlite_app.extensions["content"].library().pages.values()
    assert {"infusion", "path", "spray"} <= {page.art for page in pages}
    for page in pages:
        if page.art:
            drawing = sqlite_client.get(page.path).text.split('class="scene"')[1].split("</svg>")[0]
            assert "<path" in drawing
            assert 'aria-hidden="true"' in drawing


def test_clinicians_find_the_referral_and_nobody_finds_a_reference(sqlite_client: Client) -> None:
    rules = sqlite_client.get("/robots.txt").text.splitlines()
    assert "Disallow: /refer/" in rules
    assert "Disallow: /refer" not in rules


def test_a_shared_page_has_a_picture(sqlite_client: Client) -> None:
    (picture,) = sqlite_client.get("/").document.all("meta", property="og:image")
    answer = sqlite_client.get(picture.attributes["content"].removeprefix(SITE))
    assert answer.response.mimetype == "image/png"
    assert answer.response.data[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")
