"""What helps a reader on: suggestions on a 404, drawings, and facts beside the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from blueprints.content import frontmatter, library
from tests.content.words import change
from tests.page import Client


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/treatment/spravatoo", "/treatments/spravato"),
        ("/side-effects.html", "/safety"),
        ("/doctors/for-clinician", "/for-clinicians"),
        ("/costs", "/cost"),
    ],
)
def test_a_wrong_address_leads_to_the_page_that_was_meant(sqlite_client: Client, asked: str, meant: str) -> None:
    page = sqlite_client.get(asked)
    assert page.status == 404
    links = [link.attributes["href"] for link in page.document.all("a")]
    assert links.count(meant) > sqlite_client.get("/q/xyzzy").text.count(f'href="{meant}"')
    assert "Did you mean" in page.text
    assert "Did you mean" not in sqlite_client.get("/q/xyzzy").text


def test_a_box_names_a_drawing_that_exists(sqlite_app: Flask, folder: Path) -> None:
    store = sqlite_app.extensions["content"]
    change(folder / "index.md", "::: door\n", "::: door spray\n")
    assert 'class="door">\n<svg class="scene"' in load_drawn(folder, store).pages["/"].html
    change(folder / "index.md", "::: door spray\n", "::: door nothing\n")
    with pytest.raises(frontmatter.ContentError, match=r"index\.md:\d+: there is no drawing nothing"):
        load_drawn(folder, store)
    change(folder / "index.md", "::: door nothing\n", "::: door\n")
    change(folder / "journey.md", "art: path", "art: nothing")
    with pytest.raises(frontmatter.ContentError, match=r"journey\.md:\d+: there is no drawing nothing"):
        load_drawn(folder, store)


def load_drawn(folder: Path, store: library.ContentStore) -> library.Library:
    return library.load(folder, lambda chart: chart.title, store.draw)


def test_facts_before_the_first_heading_stand_beside_the_text(sqlite_app: Flask) -> None:
    page = sqlite_app.extensions["content"].library().pages["/for-clinicians"]
    assert "4 to 10 minutes" in page.glance
    assert 'class="facts"' not in page.html
    assert [heading.words for heading in page.headings][0] == "Whom to refer"
