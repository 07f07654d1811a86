"""The page of things."""

from __future__ import annotations

import pytest

from tests.browser.checks import check
from tests.browser.fixtures import OpenPage
from tests.page import Visitor

PATH = "/things"


def test_the_page_is_there_and_in_the_sitemap(visitor: Visitor) -> None:
    assert visitor.get(PATH).status == 200
    assert f"{PATH}</loc>" in visitor.get("/sitemap.xml").text


@pytest.mark.browser
def test_the_page_is_accessible(open_page: OpenPage) -> None:
    check(open_page(PATH, bypass_csp=True))
