"""What a person does with the referral form."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

FILL = """answers => {
    const form = document.querySelector("#referral-form");
    const fire = (box, kind) => box.dispatchEvent(new Event(kind, {bubbles: true}));
    for (const [place, [name, value]] of answers.entries()) {
        const boxes = [...form.querySelectorAll(`[name="${name}"]`)];
        const options = [value].flat().map(one => boxes.find(box => box.value === one));
        if (boxes.length && ["radio", "checkbox"].includes(boxes[0].type)) {
            if (!options.every(option => option?.checkVisibility())) return place;
            options.filter(option => !option.checked).forEach(option => { option.focus(); option.click(); });
        } else if (!boxes.length || (boxes[0].type === "select-one" && !boxes[0].checkVisibility())) {
            return place;
        } else if (value && boxes[0].checkVisibility()) {
            boxes[0].focus();
            boxes[0].value = value;
            fire(boxes[0], "input");
            fire(boxes[0], "change");
        }
    }
    return answers.length;
}"""
"""Gives all answers with the events that a person causes, up to the first one whose control is not there yet. It is for
tests that need a filled-in form; tests about typing type."""


def fill_in(page: Page, answers: dict[str, Any]) -> None:
    """Type and choose every answer, in the order of the form."""
    rest = list(answers.items())
    while rest:
        rest = rest[page.evaluate(FILL, rest) :]
        if rest:
            _answer(page, *rest.pop(0))


def _answer(page: Page, name: str, value: Any) -> None:
    """One answer, whose control may have to be added or waited for."""
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
