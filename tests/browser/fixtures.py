"""A real server and a real Chromium."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import waitress
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.extensions import limiter
from tests.conftest import build, close
from tests.needs import CHROMIUM

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One process for all pages of the site: they are opened one after another.
    "--process-per-site",
]


# A busy machine may need longer than the usual five seconds to reach a state.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With one mail in its mailbox, so that every page has something to show."""
    folder = tmp_path_factory.mktemp("live")
    app = build(folder, f"sqlite:///{folder / 'live.sqlite3'}")
    app.test_client().post("/subscribe", data={"email": "first@example.com"})
    yield app
    close(app)


@pytest.fixture(scope="session")
def site(live_app: Flask) -> Iterator[str]:
    """The address of the running site."""
    server: Any = waitress.create_server(
        live_app, host="127.0.0.1", port=0, threads=4, clear_untrusted_proxy_headers=True
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    live_app.config["SITE_URL"] = f"http://127.0.0.1:{server.effective_port}"
    yield live_app.config["SITE_URL"]
    server.close()
    thread.join(5)


OpenPage = Callable[..., Page]
Visitors = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def clients(browser: Browser, site: str) -> Iterator[Visitors]:
    """The browser of the first, second, … visitor with these options, kept: a new one costs more than most tests."""
    kept: dict[str, BrowserContext] = {}

    def visitor(number: int, options: dict[str, Any]) -> BrowserContext:
        name = f"{number} {sorted(options.items())}"
        if name not in kept:
            kept[name] = browser.new_context(base_url=site, **options)
            kept[name].set_default_timeout(10_000)
        return kept[name]

    yield visitor
    for context in kept.values():
        context.close()


@pytest.fixture
def open_page(clients: Visitors) -> Iterator[OpenPage]:
    """Opens a page, each time for another visitor, who has no cookie yet. Afterwards no page may have broken the
    content security policy or logged an error."""
    limiter.reset()
    used: list[BrowserContext] = []
    complaints: list[str] = []

    def open_it(path: str = "/", width: int = 1280, **options: Any) -> Page:
        context = clients(len(used), options)
        used.append(context)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_it
    for context in used:
        leave(context)
    assert complaints == []


def leave(context: BrowserContext) -> None:
    """As it was before it was used."""
    for page in context.pages:
        # A form saves itself as its page goes. The answer to that would set the next visitor's cookies.
        page.evaluate("() => { window.fetch = () => new Promise(() => {}); }")
        page.close()
    context.clear_cookies()
    context.set_offline(False)
    context.unroute_all()
