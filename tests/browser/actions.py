"""What a person does with the referral form."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect


def fill_in(page: Page, answers: dict[str, Any]) -> None:
    """Type and choose every answer, in the order of the form."""
    for name, value in answers.items():
        field = page.locator(f"#referral-form [name='{name}']")
        if name.endswith("-medication") and not field.count():
            page.get_by_role("button", name="Add another medication").click()
            expect(field).to_be_visible()
        kind = field.first.evaluate("e => e.type || e.tagName")
        if kind in ("radio", "checkbox"):
            for one in value if isinstance(value, list) else [value]:
                page.locator(f"#referral-form [name='{name}'][value='{one}']").check()
        elif kind == "select-one":
            field.select_option(value)
        elif value and field.is_visible():
            field.fill(value)


def show_errors(page: Page) -> None:
    """Send the form as it is; the summary takes the focus."""
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator(".error-summary h2")).to_be_focused()
