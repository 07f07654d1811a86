"""The page of things."""

from __future__ import annotations

import pytest
from flask import Flask

from blueprints.skeleton.things.models import Thing
from core import clock
from core.extensions import db
from tests.browser.checks import check
from tests.browser.fixtures import OpenPage
from tests.page import Visitor

PATH = "/things"


def test_the_page_is_there_and_in_the_sitemap(visitor: Visitor) -> None:
    assert "There is none yet." in visitor.get(PATH).text
    assert f"{PATH}</loc>" in visitor.get("/sitemap.xml").text


def test_what_is_kept_is_shown(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        db.session.add(Thing(contact_name="<Ada>", contact_email="ada@example.com", created_at=clock.now()))
        db.session.commit()
    assert "&lt;Ada&gt;" in visitor.get(PATH).text


@pytest.mark.browser
def test_the_page_is_accessible(open_page: OpenPage) -> None:
    check(open_page(PATH, bypass_csp=True))
