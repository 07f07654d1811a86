"""One URL per file in content/, plus feeds, exports, robots.txt and the like."""

from __future__ import annotations

import dataclasses
import datetime
import json
import logging
from typing import Any

from flask import Response, current_app, make_response, render_template, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from blueprints.content import bibtex, bp, frontmatter, jsonld, library, markup, suggestions
from core import clinic, clock
from core.web import errors, hypermedia
from core.web.page_cache import cached_public
from core.web.sitemap import listed
from core.web.urls import link

log = logging.getLogger("site")

TEMPLATES = {
    "/": "content/home.html",
    "/references": "content/references.html",
    "/visit": "content/visit.html",
    "/cost": "content/cost.html",
    "/for-clinicians": "content/for-clinicians.html",
    "/for-patients": "content/for-patients.html",
    library.NEWSLETTERS: "content/newsletters.html",
}


@bp.record
def add_pages(state: BlueprintSetupState) -> None:
    """Loads the library at startup, so that an error in it prevents startup."""
    app = state.app
    chart: Any = app.jinja_env.get_template("components/chart.html").module
    art: Any = app.jinja_env.get_template("components/art.html").module
    store = library.ContentStore(app.config["CONTENT"], chart.chart, not app.config["PRODUCTION"], art.scene)
    app.extensions["content"] = store
    app.jinja_env.globals["likely_pages"] = _likely_pages
    for path in store.library().pages:
        state.add_url_rule(path, "page", show_page, defaults={"path": path})


def _library() -> library.Library:
    store: library.ContentStore = current_app.extensions["content"]
    return store.library()


def _likely_pages(address: str) -> list[library.Page]:
    """For the page of a 404, which must be shown even where the content has an error."""
    try:
        return suggestions.likely(_library().pages.values(), address)
    except frontmatter.ContentError:
        return []


@listed
@cached_public
def show_page(path: str) -> BaseResponse:
    books = _library()
    template = TEMPLATES.get(path, "content/page.html")
    page, known = books.pages[path], clinic.current()
    html, glance = (markup.for_clinic(part, known) for part in (page.html, page.glance))
    page = dataclasses.replace(page, html=html, glance=glance)
    facts = jsonld.graph(page, known, current_app.config["SITE_URL"])
    return hypermedia.page(template, page=page, library=books, facts=facts)


@bp.errorhandler(frontmatter.ContentError)
def show_mistake(error: frontmatter.ContentError) -> BaseResponse:
    """In development pages reload when saved: the error is logged with file and line."""
    log.error("%s", error.message)
    return errors.show_error(InternalServerError(), error)


@bp.get("/references.json")
@cached_public
def references_json() -> BaseResponse:
    """CSL-JSON as in content/references.json; the evidence shown to readers is in `custom`."""
    body = json.dumps([source.data for source in _library().references], ensure_ascii=False, indent=1)
    return Response(body, mimetype="application/vnd.citationstyles.csl+json")


@bp.get("/references.bib")
@cached_public
def references_bib() -> BaseResponse:
    body = bibtex.export(_library().references)
    return Response(body, content_type="application/x-bibtex; charset=utf-8")


@bp.get("/updates.atom")
@cached_public
def feed() -> BaseResponse:
    """RFC 4287."""
    response = make_response(render_template("content/updates.atom.xml", entries=_library().entries))
    response.mimetype = "application/atom+xml"
    return response


@bp.get("/site.webmanifest")
@cached_public
def manifest() -> BaseResponse:
    """https://www.w3.org/TR/appmanifest/. The site is not an installable app: it opens in the browser."""
    icon = {"src": url_for("static", filename="img/favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    name = current_app.config["CLINIC"].name
    body = {"name": name, "start_url": "/", "display": "browser", "icons": [icon]}
    return Response(json.dumps(body), mimetype="application/manifest+json")


@bp.get("/.well-known/security.txt")
def security_txt() -> BaseResponse:
    """RFC 9116. Falls back to /visit, which lists ways to reach the clinic.

    Not cached: a process may outlive `Expires`.
    """
    contact = current_app.config["CLINIC"].security_contact or link("/visit")
    expires = clock.now() + datetime.timedelta(days=180)
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {link('/.well-known/security.txt')}",
        "",
    ]
    return Response("\n".join(lines), mimetype="text/plain")


@bp.get("/robots.txt")
@cached_public
def robots() -> BaseResponse:
    lines = ["User-agent: *", "Disallow: /refer/", "Disallow: /subscribe/", f"Sitemap: {link('/sitemap.xml')}", ""]
    return Response("\n".join(lines), mimetype="text/plain")
