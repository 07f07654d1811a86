"""Absolute URLs of this site."""

from __future__ import annotations

from flask import current_app


def link(path: str) -> str:
    """The absolute URL of a path. It starts with SITE_URL, never with the Host header of a request."""
    return f"{current_app.config['SITE_URL']}{path}"
