"""Addresses of this site as others see them."""

from __future__ import annotations

from flask import current_app


def link(path: str) -> str:
    """An absolute address, from SITE_URL and never from a request."""
    return f"{current_app.config['SITE_URL']}{path}"
