"""Signing in with a real browser."""

from __future__ import annotations

import pytest
from flask import Flask
from passlib.totp import TOTP
from playwright.sync_api import CDPSession, Page, expect

from blueprints.staff.keyring import sessions
from tests.browser.checks import Look, check, with_javascript
from tests.browser.conftest import StaffPage, fill_in
from tests.browser.fixtures import OpenPage
from tests.staff.people import Someone, make_member

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


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_link_of_another_site_opens_the_desk_for_whoever_is_signed_in(
    staff_page: StaffPage, site: str, scripts: bool
) -> None:
    """Chromium sends no SameSite=Strict cookie with the first request."""
    page = staff_page("clinician", java_script_enabled=scripts)
    page.goto(f"{site.replace('127.0.0.1', 'localhost')}/cost")
    page.evaluate("to => { document.querySelector('main a').href = to; }", f"{site}/staff/account")
    page.locator("main a").first.click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_the_page_warns_before_the_session_ends_and_keeps_what_was_typed(staff_page: StaffPage) -> None:
    page = staff_page("clinician")
    page.clock.install()
    page.goto("/staff/password")
    box = page.get_by_label("New password", exact=True)
    box.fill("typed before")
    dialog = page.get_by_role("alertdialog")
    page.clock.run_for("12:50")
    expect(dialog).to_be_hidden()
    page.clock.run_for("00:15")
    expect(dialog).to_contain_text("You will be signed out in 2 min")
    stay = dialog.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    stay.click()
    expect(dialog).to_be_hidden()
    expect(box).to_be_focused()
    expect(box).to_have_value("typed before")


def test_a_session_that_is_over_covers_the_page_until_somebody_signs_in_in_another_tab(
    live_app: Flask, open_page: OpenPage
) -> None:
    someone = make_member(live_app, "clinician")
    page = open_page("/staff/sign-in?next=/staff/password")
    fill_in(page, someone)
    page.clock.install()
    page.reload()
    box = page.get_by_label("New password", exact=True)
    box.fill("typed before")
    page.clock.run_for("15:05")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("You are signed out")
    with live_app.app_context():
        sessions.end_all(someone.id)
    dialog.get_by_role("button", name="I have signed in again").click()
    expect(dialog).to_contain_text("You are signed out")
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in in another tab").click()
    fill_in(opened.value, someone)
    expect(opened.value.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    dialog.get_by_role("button", name="I have signed in again").click()
    expect(dialog).to_be_hidden()
    expect(box).to_have_value("typed before")


def test_an_app_and_a_recovery_code_need_no_scripts(staff_page: StaffPage, live_app: Flask) -> None:
    page = staff_page("clinician", java_script_enabled=False, path="/staff/two-factor")
    page.get_by_role("button", name="Show the code to scan").click()
    key = page.locator("code.key").inner_text()
    page.get_by_label("Code of the authenticator app").fill(TOTP(key=key.replace("-", "")).generate().token)
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("button", name="Make recovery codes").click()
    code = page.locator(".codes code").first.inner_text()
    email = page.context.new_page()
    email.goto("/staff/account")
    address = email.locator("dd").nth(1).inner_text()
    email.locator("main").get_by_role("button", name="Sign out", exact=True).click()
    email.get_by_role("link", name="Sign in again").click()
    fill_in(email, Someone(0, address))
    email.get_by_role("link", name="Use a recovery code instead").click()
    email.get_by_label("Recovery code").fill(code)
    email.get_by_role("button", name="Go on").click()
    email.goto("/staff/account")
    expect(email.get_by_text("7 left")).to_be_visible()


@pytest.mark.axe
@with_javascript
def test_the_pages_have_no_barriers(staff_page: StaffPage, looks: tuple[Look, ...]) -> None:
    page = staff_page("manager")
    for path in ("account", "password", "two-factor", "recovery-codes", "passkeys", "signed-out", "sign-in"):
        if path == "sign-in":
            page.context.clear_cookies()
        page.goto(f"/staff/{path}")
        check(page, looks)


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
    expect(page.get_by_role("heading", name="Referrals" if prf else "Unlock the referrals", exact=True)).to_be_visible()
