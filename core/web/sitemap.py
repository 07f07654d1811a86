"""/sitemap.xml: each feature marks its own pages, so there is no central list."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask, Response, current_app, make_response
from werkzeug.wrappers import Response as BaseResponse

from core.web.access import is_served
from core.web.page_cache import cached_public
from core.web.urls import link

View = Callable[..., BaseResponse]


def listed(view: View) -> View:
    """Marks a page for /sitemap.xml. Its route must not take arguments."""
    view.listed = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    app.add_url_rule("/sitemap.xml", "sitemap", sitemap)


def paths(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if getattr(app.view_functions[rule.endpoint], "listed", False) and is_served(app, rule.endpoint):
            yield rule.rule


@cached_public
def sitemap() -> BaseResponse:
    """https://www.sitemaps.org/protocol.html"""
    items = "".join(f"<url><loc>{link(path)}</loc></url>" for path in paths(current_app))
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{schema}">{items}</urlset>'
    response: Response = make_response(body)
    response.mimetype = "application/xml"
    return response
