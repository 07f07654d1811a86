"""Two servers of the site behind nginx, on one database: whoever is signed in stays so when one of them is killed."""

from __future__ import annotations

import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests import nginx, servers
from tests.builders import referral
from tests.conftest import free_ports
from tests.page import Document


class Browser:
    """Of one person: keeps cookies, and fills in the hidden fields of the form it saw last."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.page = ""

    def get(self, path: str) -> str:
        with self.open(self.site + path, timeout=30) as answer:
            self.page = answer.read().decode()
        return self.page

    def post(self, path: str, form: dict[str, str]) -> str:
        hidden = [
            field.attributes for field in Document(self.page).all("input") if field.attributes["type"] == "hidden"
        ]
        kept = {field["name"]: field.get("value") or "" for field in hidden}
        data = urllib.parse.urlencode({**kept, **form}, doseq=True).encode()
        with self.open(self.site + path, data, timeout=30) as answer:
            self.page = answer.read().decode()
        return self.page


@pytest.fixture
def two(tmp_path: Path, database_url: str) -> Iterator[tuple[str, list[subprocess.Popen[str]], str]]:
    """The address of nginx, the servers behind it, and the line about the staff."""
    first, second, front = free_ports(3)
    with ExitStack() as stack:
        running, lines = [], []
        for port in (first, second):
            running.append(
                stack.enter_context(servers.start(tmp_path, port, DATABASE_URL=database_url, TRUSTED_PROXIES="1"))
            )
            lines.append(_line_about_staff(running[-1]))
        yield stack.enter_context(nginx.before(tmp_path / "nginx", front, first, second)), running, lines[0]


def _line_about_staff(server: subprocess.Popen[str]) -> str:
    assert server.stdout
    return next(line for line in server.stdout if line.startswith("Staff: "))


@pytest.mark.nginx
def test_whoever_is_signed_in_stays_so_when_one_server_is_killed(
    two: tuple[str, list[subprocess.Popen[str]], str],
) -> None:
    site, running, line = two
    found = re.fullmatch(r"Staff: (\S+) email (\S+) password (\S+)", line.strip())
    assert found
    clinician = Browser(site)
    clinician.get("/refer")
    clinician.post("/refer", {**referral(), "action": "review"})
    sent = clinician.post("/refer/send", {})
    reference = re.search(r"KTC-\w{8}", sent)
    assert reference
    staff = Browser(site)
    staff.get("/staff/sign-in")
    staff.post("/staff/sign-in", {"email": found[2], "password": found[3]})
    for _ in range(4):  # Both servers answer.
        assert "Canaryfield" in staff.get(f"/staff/referrals/{reference[0]}")
    running[0].kill()
    for _ in range(4):
        assert "Canaryfield" in staff.get(f"/staff/referrals/{reference[0]}")
