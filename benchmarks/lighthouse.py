"""Lighthouse's four scores for each page: performance, accessibility, best practices and SEO.

    .venv/bin/python -m benchmarks.lighthouse [path …]

Its own simulated slow 4G and a processor slowed 4 times. npx fetches the pinned version once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.servers import PATHS, site
from tests.needs import CHROMIUM

LIGHTHOUSE = ("npx", "--yes", "lighthouse@12.8.2")
OPTIONS = ("--quiet", "--output=json", "--chrome-flags=--headless=new --no-sandbox")
TRIES = 3
"""Now and then it does not reach the browser that it started."""
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def scores(address: str) -> list[int]:
    command = [*LIGHTHOUSE, address, *OPTIONS, f"--only-categories={','.join(CATEGORIES)}"]
    for _ in range(TRIES):
        done = subprocess.run(command, env={**os.environ, "CHROME_PATH": str(CHROMIUM)}, capture_output=True)
        if done.returncode == 0:
            found = json.loads(done.stdout)["categories"]
            return [round(100 * found[category]["score"]) for category in CATEGORIES]
    raise SystemExit(done.stderr.decode())


def main(paths: list[str]) -> None:
    print(f"{'':28}" + "".join(f"{category:>16}" for category in CATEGORIES))
    with site() as ours:
        for path in paths:
            print(f"{path:28}" + "".join(f"{score:16}" for score in scores(ours + path)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(PATHS))
