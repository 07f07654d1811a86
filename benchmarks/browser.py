"""What a first visit costs a person on a slow phone: bytes, largest paint, shifts and blocked time of each page.

    .venv/bin/python -m benchmarks.browser [path …]

Chromium with an empty cache, throttled as DevTools does: 150 ms a round trip, 1.6 Mbit/s, the processor slowed 4 times.
The median of five visits. The yardstick of the same run is a page of one heading, served by the same server.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from benchmarks.servers import PATHS, bare, site
from tests.browser.fixtures import FLAGS
from tests.needs import CHROMIUM

VISITS = 5
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
OBSERVE = """
window.seen = {lcp: 0, cls: 0, tbt: 0};
const observe = (type, see) =>
  new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({type, buffered: true});
observe("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
observe("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.cls += entry.value; });
observe("longtask", (entry) => { seen.tbt += entry.duration - 50; });
"""


@dataclass(frozen=True)
class Visit:
    """Milliseconds and bytes; layout shift is a score."""

    lcp: float
    cls: float
    tbt: float
    size: float
    fonts: float
    foreign: int


@contextmanager
def slow_page(browser: Browser) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """A page of a fresh visitor, and what it fetched."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    fetched: dict[str, dict[str, Any]] = {}
    session.on("Network.responseReceived", lambda e: fetched.setdefault(e["requestId"], {}).update(e["response"]))
    session.on(
        "Network.loadingFinished", lambda e: fetched.setdefault(e["requestId"], {}).update(size=e["encodedDataLength"])
    )
    page.add_init_script(OBSERVE)
    page.wait_for_timeout(1500)  # a new window loads the parts of the browser itself
    yield page, fetched.values()  # type: ignore[misc]
    context.close()


def visit(browser: Browser, address: str) -> Visit:
    with slow_page(browser) as (page, fetched):
        page.goto(address, wait_until="networkidle")
        seen = page.evaluate("seen")
        files = [file for file in fetched if "url" in file and "size" in file]
        fonts = sum(file["size"] for file in files if ".woff2" in file["url"])
        foreign = sum(urlsplit(file["url"]).netloc != urlsplit(address).netloc for file in files)
        return Visit(seen["lcp"], seen["cls"], seen["tbt"], sum(f["size"] for f in files) - fonts, fonts, foreign)


def show(name: str, visits: list[Visit]) -> None:
    def middle(field: str) -> float:
        return float(statistics.median(getattr(visit, field) for visit in visits))

    print(
        f"{name:28} {middle('lcp'):6.0f} ms {middle('cls'):7.3f} {middle('tbt'):6.0f} ms "
        f"{middle('size') / 1024:6.1f} KB {(middle('size') + middle('fonts')) / 1024:6.1f} KB {middle('foreign'):4.0f}",
        flush=True,
    )


def main(paths: list[str]) -> None:
    print(f"{'':28} {'LCP':>9} {'shift':>7} {'blocked':>9} {'size':>9} {'+ fonts':>9} foreign")
    with sync_playwright() as playwright, site() as ours, bare("granian") as plain:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        show("(one heading)", [visit(browser, f"{plain}/heading") for _ in range(VISITS)])
        for path in paths:
            visit(browser, ours + path)
            show(path, [visit(browser, ours + path) for _ in range(VISITS)])
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:] or list(PATHS))
