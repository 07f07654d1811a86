"""A real server, a real Chromium. Without one the tests are skipped, and in CI they fail."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import waitress
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright

from core.extensions import limiter
from tests.conftest import IN_CI, build, close

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOOLS = Path(__file__).parents[1] / "tools" / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def need(there: bool, what: str) -> None:
    if not there and IN_CI:
        pytest.fail(f"{what} is missing")
    if not there:
        pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    need(CHROMIUM is not None, "Chromium")
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


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """Opens a page; afterwards no page may have broken the content security policy or logged an error."""
    limiter.reset()
    contexts, complaints = [], []

    def open_it(path: str = "/", width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(base_url=site, viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
