"""Pages a second: ours beside a bare Flask view of the same words, and beside nginx with the same bytes.

    .venv/bin/python -m benchmarks.pages

Each server has one worker. They take turns, so that whatever else the machine does meets them all; the median of five
rounds counts. Needs wrk (Debian's package wrk); nginx is left out where it is not installed.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from benchmarks.servers import NGINX, bare, nginx, site

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 32
PAGE = "/treatments/spravato"


def fetch(address: str, encoding: str) -> bytes:
    request = urllib.request.Request(address, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def load(address: str) -> float:
    """Answers a second. Any that is not 2xx ends the run."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", "Accept-Encoding: br", address]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in report:
        raise SystemExit(f"{address} answers with errors:\n{report}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])  # type: ignore[index]


def main() -> None:
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        ours = stack.enter_context(site()) + PAGE
        plain, packed = fetch(ours, "identity"), fetch(ours, "br")
        words = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "words.html"
        words.write_text("{% raw %}" + plain.decode() + "{% endraw %}{{ title }}")
        rivals = {
            f"bare Flask template, {server}": stack.enter_context(bare(server, BENCHMARK_WORDS=str(words))) + "/words"
            for server in ("gunicorn", "granian")
        }
        if NGINX:
            files = {"page.html": plain, "page.html.br": packed}
            rivals["nginx, brotli_static"] = stack.enter_context(nginx(files)) + "/page.html"
        report({"the site": ours, **rivals})


def report(addresses: dict[str, str]) -> None:
    rates: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(ROUNDS):
        for name, address in addresses.items():
            rates[name].append(load(address))
    ours = statistics.median(rates["the site"])
    for name, found in rates.items():
        middle = statistics.median(found)
        print(f"{name:32} {middle:8.0f} a second   the site is {ours / middle:5.2f} times that")


if __name__ == "__main__":
    main()
