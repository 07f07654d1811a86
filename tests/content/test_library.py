"""The content: what prevents startup, and what every page must have."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask

from blueprints.content import charts, frontmatter, library
from tests.content.words import CONTENT, change, load
from tests.page import CONTENT_PAGES, Client


def test_the_pages_of_the_site_load(folder: Path) -> None:
    pages = load(folder).pages.values()
    assert {page.path for page in pages if page.kind != "newsletter"} == set(CONTENT_PAGES)


def test_an_unknown_reference_stops_the_start(folder: Path) -> None:
    file = folder / "journey.md"
    file.write_text(file.read_text() + "\nMore. [@nobody1999]\n")
    line = len(file.read_text().splitlines())
    with pytest.raises(frontmatter.ContentError, match=rf"journey\.md:{line}: unknown reference @nobody1999"):
        load(folder)


def test_an_unused_reference_stops_the_start(folder: Path) -> None:
    source: dict[str, object] = {
        "id": "unused2000",
        "type": "book",
        "title": "Never cited",
        "author": [{"literal": "Nobody"}],
    }
    source["custom"] = {"design": "Made up", "finding": "Nothing"}
    change(folder / "references.json", "[", f"[\n{json.dumps(source)},")
    with pytest.raises(frontmatter.ContentError, match=r"references\.json:\d+: unused2000 is not cited"):
        load(folder)


@pytest.mark.parametrize("field", ["finding", "design", "title", "author", "type"])
def test_a_source_that_cannot_be_weighed_stops_the_start(folder: Path, field: str) -> None:
    change(folder / "references.json", f'"{field}"', f'"no_{field}"')
    with pytest.raises(frontmatter.ContentError, match=rf"references\.json:\d+: \w+ lacks {field}"):
        load(folder)


@pytest.mark.parametrize("field", sorted(library.REQUIRED))
def test_a_missing_field_stops_the_start(folder: Path, field: str) -> None:
    file = folder / "crisis.md"
    file.write_text(re.sub(rf"^{field}:.*\n", "", file.read_text(), flags=re.MULTILINE))
    with pytest.raises(frontmatter.ContentError, match=rf"crisis\.md:1: front matter: {field} is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("review_due: ", "review_due: soon ", "crisis.md:6: front matter: review_due must be a date"),
        ("title: ", "headline: x\ntitle: ", "headline is not known"),
        ("title: ", "title: [", "is not YAML"),
        ("---\n", "", "must start with front matter"),
    ],
)
def test_broken_front_matter_stops_the_start(folder: Path, old: str, new: str, message: str) -> None:
    change(folder / "crisis.md", old, new)
    with pytest.raises(frontmatter.ContentError, match=re.escape(message)):
        load(folder)


@pytest.mark.parametrize("path", CONTENT_PAGES)
def test_each_page_says_who_stands_behind_it(sqlite_app: Flask, sqlite_client: Client, path: str) -> None:
    page, written = sqlite_client.get(path), sqlite_app.extensions["content"].library().pages[path]
    assert page.status == 200
    assert (written.reviewed_by if written.is_reviewed else "Not yet reviewed by a clinician.") in page.text
    assert 'href="tel:988"' in page.text
    for address in re.findall(r'href="(/[^"#?]*)', page.text):
        if not address.startswith("/static/"):
            assert sqlite_client.client.get(address).status_code == 200, address


@pytest.mark.parametrize("path", CONTENT_PAGES)
def test_each_citation_leads_to_a_source_and_back(sqlite_client: Client, path: str) -> None:
    document = sqlite_client.get(path).document
    ids = {e.attributes["id"] for e in document.elements if "id" in e.attributes}
    for link in document.all("a"):
        if link.attributes.get("href", "").startswith("#"):
            assert link.attributes["href"].removeprefix("#") in ids


def test_sources_are_numbered_in_the_order_of_reading(sqlite_client: Client) -> None:
    links = sqlite_client.get("/ketamine-therapy").document.all("a")
    cited = [link.text for link in links if "source:" in link.attributes.get("aria-label", "")]
    first_seen = list(dict.fromkeys(cited))
    assert first_seen == [str(number) for number in range(1, len(first_seen) + 1)]


@pytest.mark.parametrize(
    ("name", "box", "needed"),
    [
        ("ketamine-iv-im", "::: status-offlabel", "::: status-offlabel or ::: boxed"),
        ("spravato", "::: boxed", "::: status-offlabel or ::: boxed"),
        *((name, box, box) for name in ("ketamine-iv-im", "spravato") for box in ("::: risks", "Not for emergencies")),
    ],
)
def test_a_treatment_page_needs_its_boxes(folder: Path, name: str, box: str, needed: str) -> None:
    file = folder / "treatments" / f"{name}.md"
    assert box in file.read_text()
    file.write_text(file.read_text().replace(box, "::: facts" if ":::" in box else "Another time"))
    with pytest.raises(frontmatter.ContentError, match=rf"{name}\.md:\d+: a page about a treatment needs .*{needed}"):
        load(folder)


def test_a_saved_page_shows_on_reload(folder: Path) -> None:
    store = library.ContentStore(folder, lambda chart: chart.title, watch=True)
    assert "Get help now" in store.library().pages["/crisis"].title
    change(folder / "crisis.md", "title: Get help now", "title: Help")
    os.utime(folder / "crisis.md", (2**31, 2**31))
    assert store.library().pages["/crisis"].title == "Help"


def test_a_mistake_in_a_saved_page_is_named_in_the_log(
    sqlite_app: Flask, sqlite_client: Client, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sqlite_app.extensions["content"].folder = folder
    change(folder / "crisis.md", "title:", "titel:")
    assert sqlite_client.client.get("/crisis").status_code == 500
    assert "crisis.md:" in caplog.text
    assert "title is missing" in caplog.text


def test_content_pages_set_no_cookie_and_can_be_asked_whether_they_changed(sqlite_client: Client) -> None:
    first = sqlite_client.get("/journey").response
    assert "Set-Cookie" not in first.headers
    again = sqlite_client.client.get("/journey", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611."""
    assert charts.wilson(100 * 81 / 263, 263) == (25.5, 36.6)
    assert charts.wilson(0, 20) == (0.0, 16.1)


def test_machines_find_the_pages(sqlite_client: Client) -> None:
    sitemap = sqlite_client.get("/sitemap.xml").text
    assert all(f"<loc>http://127.0.0.1:5000{path}</loc>" in sitemap for path in CONTENT_PAGES)
    assert "Sitemap: http://127.0.0.1:5000/sitemap.xml" in sqlite_client.get("/robots.txt").text
    assert sqlite_client.get("/healthz").text == "ok\n"
    assert sqlite_client.get("/readyz").text == "ready\n"


def test_the_sources_leave_as_csl_json_and_bibtex(sqlite_client: Client) -> None:
    original = json.loads((CONTENT / "references.json").read_text())
    exported = sqlite_client.get("/references.json")
    assert exported.response.mimetype == "application/vnd.citationstyles.csl+json"
    assert sorted(s["id"] for s in json.loads(exported.text)) == sorted(s["id"] for s in original)
    bib = sqlite_client.get("/references.bib").text
    assert set(re.findall(r"^@\w+\{(\w+),$", bib, re.MULTILINE)) == {s["id"] for s in original}
    assert "  author = {Anand, Amit and Mathew, Sanjay J and" in bib
    assert "finding =" not in bib
    assert "note = {55\\% responded to ketamine and 41\\% to ECT, of the 365 people who were treated." in bib
    assert bib.count("{") == bib.count("}")


def test_each_source_says_what_it_is_worth(sqlite_client: Client) -> None:
    text = " ".join(sqlite_client.get("/references").document.by_id("ref-anand2023").text.split())
    assert "everyone knew the treatment. 403 people. Compared with ECT. 55% responded to ketamine" in text


def test_the_updates_are_a_page_and_a_feed(sqlite_client: Client) -> None:
    page = sqlite_client.get("/updates").document
    feed = sqlite_client.get("/updates.atom")
    assert feed.response.mimetype == "application/atom+xml"
    atom = "{http://www.w3.org/2005/Atom}"
    entries = ElementTree.fromstring(feed.text).findall(f"{atom}entry")
    assert len(entries) == len(list((CONTENT / "updates").glob("*.md")))
    for entry in entries:
        address = entry.findtext(f"{atom}id", "")
        assert address.startswith("http://127.0.0.1:5000/updates#")
        assert page.by_id(address.partition("#")[2]).text == entry.findtext(f"{atom}title")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("date: ", "day: ", "front matter: date is missing"),
        ("[@gbd2021]", "[@gbd]", "unknown reference @gbd"),
    ],
)
def test_a_wrong_note_stops_the_start(folder: Path, old: str, new: str, message: str) -> None:
    (file,) = (folder / "updates").glob("*.md")
    change(file, old, new)
    with pytest.raises(frontmatter.ContentError, match=rf"{file.name}:\d+: {message}"):
        load(folder)


def test_a_page_tells_its_one_address(sqlite_client: Client) -> None:
    for path in ("/", "/safety"):
        (link,) = sqlite_client.get(path).document.all("link", rel="canonical")
        assert link.attributes["href"] == f"http://127.0.0.1:5000{path}"


def test_the_navigation_marks_the_page_that_is_shown(sqlite_client: Client) -> None:
    for path in ("/journey", "/treatments/spravato"):
        (link,) = sqlite_client.get(path).document.all("a", aria_current="page")
        assert link.attributes["href"] == path
    assert not sqlite_client.get("/visit").document.all("a", aria_current="page")
