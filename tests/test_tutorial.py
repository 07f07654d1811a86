"""docs/adding-a-blueprint.md, followed literally in a copy of the project with somebody else's feature beside it; then
the site it makes, as people use it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from playwright.sync_api import Browser, expect

from tests import project as projects
from tests.page import Document
from tests.servers import ROOT, start, wait_for

DOCUMENT = "docs/adding-a-blueprint.md"
pytestmark = pytest.mark.xdist_group("project")
FENCE = re.compile(r"^```(\w*)$")
NAMED = re.compile(r"^`([\w./-]+)`:$")


@dataclass(frozen=True)
class Block:
    line: int
    kind: str
    file: str
    text: str

    def fail(self, why: str) -> None:
        pytest.fail(f"{DOCUMENT}:{self.line}: {why}", pytrace=False)


def blocks(words: str) -> Iterator[Block]:
    """In order; the file of each is named in the paragraph above it."""
    lines = words.splitlines()
    starts = [number for number, line in enumerate(lines) if FENCE.match(line)]
    for first, last in zip(starts[::2], starts[1::2], strict=True):
        named = NAMED.match(lines[first - 2])
        kind = lines[first].removeprefix("```")
        yield Block(first + 1, kind, named[1] if named else "", "".join(f"{x}\n" for x in lines[first + 1 : last]))


def apply(block: Block, project: Path) -> None:
    if block.kind == "console":
        for command in block.text.splitlines():
            run_line(block, project, command.removeprefix("$ "))
    elif block.kind == "diff":
        change(block, project / block.file)
    elif block.file:
        place = project / block.file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(block.text)
    else:
        block.fail("the block says neither its file nor a command")


def run_line(block: Block, project: Path, command: str) -> None:
    if command.startswith("make "):
        return  # The environment of the copy is linked, not made.
    done = projects.run(project, *shlex.split(command))
    if done.returncode:
        block.fail(f"`{command}` ended with {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def change(block: Block, file: Path) -> None:
    old = "".join(line[1:] + "\n" for line in block.text.splitlines() if line[:1] in " -")
    new = "".join(line[1:] + "\n" for line in block.text.splitlines() if line[:1] in " +")
    if file.read_text().count(old) != 1:
        block.fail(f"{file.name} does not hold these lines exactly once")
    file.write_text(file.read_text().replace(old, new))


@pytest.fixture(scope="module")
def followed(project: Path) -> Path:
    for block in blocks((ROOT / DOCUMENT).read_text()):
        apply(block, project)
    return project


class Reader:
    """A browser without JavaScript, or htmx with `htmx`."""

    def __init__(self, site: str, htmx_client: bool) -> None:
        self.site, self.headers = site, {"HX-Request": "true"} if htmx_client else {}
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Document:
        return Document(self.opener.open(self.site + path).read().decode())

    def post(self, path: str, answers: dict[str, str]) -> tuple[int, str, str]:
        """Status, where it leads, and its text."""
        data = urlencode({**self.get(path).fields(), **answers}).encode()
        try:
            answer = self.opener.open(Request(self.site + path, data, self.headers))  # noqa: S310 - our own server
        except HTTPError as error:
            return error.code, "", error.read().decode()
        return (
            answer.status,
            answer.headers.get("HX-Redirect", answer.url.removeprefix(self.site)),
            answer.read().decode(),
        )


@pytest.mark.full
@pytest.mark.browser
def test_the_document_makes_a_feature_that_works(followed: Path, free: int, browser: Browser) -> None:
    """One seat plain, one with htmx, and in Chromium there is none left."""
    settings = {"INSTANCE_PATH": str(followed / "instance")}
    with start(followed.parent, free, root=followed, **settings):
        site = wait_for(free)
        for name, htmx in (("plain", False), ("htmx", True)):
            reader = Reader(site, htmx)
            (path,) = [a.attributes["href"] for a in reader.get("/evenings").all("a") if "one of" in a.text]
            refused = reader.post(path, {"contact_name": "", "contact_email": "a@"})
            assert refused[0] == 422
            assert "Enter your name." in refused[2]
            status, address, text = reader.post(path, {"contact_name": name, "contact_email": f"{name}@example.com"})
            assert (status, address) == (200, path if htmx else f"{path}/reserved")
            assert "Your seat is reserved" in text
        page = browser.new_context(base_url=site).new_page()
        page.goto(path)
        page.get_by_label("Your name").fill("Chromium")
        page.get_by_label("Your email address").fill("late@example.com")
        page.get_by_role("button", name="Reserve").click()
        expect(page.get_by_text("The last seat has just been taken.")).to_be_visible()
        expect(page.get_by_label("Your name")).to_have_value("Chromium")
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Evenings").click()
        expect(page.get_by_text("full")).to_be_visible()
        page.goto("/call-back")
        expect(page.get_by_role("heading", name="Call backs")).to_be_visible()
        page.goto("/dev/mailbox")
        expect(page.get_by_role("heading", name="Your seat is reserved")).to_have_count(2)
        page.context.close()


def test_a_block_that_stops_working_is_named_with_its_line(tmp_path: Path) -> None:
    words = "# A\n\n`app.py`:\n\n```diff\n no such line\n+x\n```\n\n```console\n$ false\n```\n"
    (tmp_path / "app.py").write_text("a\n")
    for block, complaint in zip(blocks(words), (":5: app.py does not hold", ":10: `false` ended with 1"), strict=True):
        with pytest.raises(pytest.fail.Exception, match=complaint):
            apply(block, tmp_path)
