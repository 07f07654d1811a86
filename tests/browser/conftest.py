"""Somebody of the staff, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.fixtures import OpenPage
from tests.staff.people import Someone, make_member

StaffPage = Callable[..., Page]


@pytest.fixture
def staff_page(live_app: Flask, open_page: OpenPage) -> StaffPage:
    """Makes a member of staff with these roles, signs them in over the real form, and opens the page:

        page = staff_page("clinician", path="/staff/referrals")

    Several roles: `staff_page("clinician", "manager")`. Other options are those of `open_page`, such as `width=390`,
    `java_script_enabled=False` and `color_scheme="dark"`. Each call is another person in another browser.
    """

    def open_it(*roles: str, path: str = "/staff/account", **options: Any) -> Page:
        page = open_page(f"/staff/sign-in?next={path}", **options)
        fill_in(page, make_member(live_app, *(roles or ("manager",))))
        page.wait_for_url(f"**{path}")
        return page

    return open_it


def fill_in(page: Page, someone: Someone) -> None:
    """Sign in on the page that is open."""
    main = page.locator("main")
    main.get_by_label("Email address").fill(someone.email)
    main.get_by_label("Password").fill(someone.password)
    main.get_by_role("button", name="Sign in").click()
