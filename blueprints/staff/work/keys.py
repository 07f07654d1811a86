"""The keys of the desk, which people can switch off (WCAG 2.1.4). The switch is a cookie: nothing else is stored."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from werkzeug.wrappers import Response

COOKIE = "desk_keys"
YEAR = 365 * 24 * 3600
LIST = (
    ("j", "Next referral"),
    ("k", "Previous referral"),
    ("Enter", "Open it"),
    ("c", "Claim it"),
    ("?", "Show these keys"),
)
PAGE = (("c", "Claim it, or take it over"), ("n", "Write a note"), ("u", "Back to the list"), ("?", "Show these keys"))


def context(shown: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """For a template that has keys."""
    return {"keys_on": are_on(), "shown_keys": shown}


def are_on() -> bool:
    return request.cookies.get(COOKIE) != "off"


def switch(response: Response, on: bool) -> Response:
    """For this browser, for a year."""
    response.set_cookie(
        COOKIE,
        "on" if on else "off",
        max_age=YEAR,
        path="/staff",
        httponly=True,
        samesite="Strict",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )
    return response
