"""Signing in with a real browser."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import StaffPage, fill_in
from tests.browser.fixtures import OpenPage
from tests.staff.people import make_member

pytestmark = pytest.mark.browser


@pytest.mark.smoke
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_somebody_signs_in_and_out_and_the_back_button_shows_nothing(staff_page: StaffPage, scripts: bool) -> None:
    page = staff_page("clinician", java_script_enabled=scripts)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def authenticator(page: Page, *, prf: bool) -> CDPSession:
    """A device with a built-in authenticator, such as Touch ID."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": prf,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


@pytest.mark.parametrize("prf", [True, False], ids=["prf", "no prf"])
def test_a_passkey_signs_in_and_opens_the_key_if_it_can(
    live_app: Flask, open_page: OpenPage, site: str, prf: bool
) -> None:
    local = site.replace("127.0.0.1", "localhost")
    page = open_page("/healthz")
    authenticator(page, prf=prf)
    page.goto(f"{local}/staff/sign-in?next=/staff/passkeys")
    fill_in(page, make_member(live_app, "clinician"))
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(f"{local}/staff/account")
    page.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{local}/staff/sign-in?next=/staff/account")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.goto(f"{local}/staff/unlock")
    expect(page.get_by_role("heading", name="Your account" if prf else "Unlock the referrals")).to_be_visible()
