"""What a developer has: a site that starts again on save, faults in words, .env, `flask run` and `flask shell`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from core import config
from core.ops import settings_example
from tests.builders import PRODUCTION
from tests.conftest import build, close
from tests.page import Client
from tests.project import NEW_FEATURE, run
from tests.servers import ROOT, start, wait_for

NAME, URL = NEW_FEATURE
ROUTES = f"blueprints/{NAME}/routes.py"
ROUTE = '\n\n@bp.get("/saved")\ndef saved() -> Response:\n    {}\n'
PAGE = """---
title: A new page
summary: It has just been written.
reviewed_on: 2026-11-23
reviewed_by: not yet reviewed
review_due: 2027-05-23
---
Words.
"""


@pytest.fixture
def restored(project: Path) -> Iterator[Path]:
    """The shared copy, which stays as it was."""
    texts = {project / file: (project / file).read_text() for file in (ROUTES, f"templates/{NAME}/thanks.html")}
    yield project
    for file, text in texts.items():
        file.write_text(text)
    (project / "content" / "new-page.md").unlink(missing_ok=True)
    (project / ".env").unlink(missing_ok=True)


def answer(address: str) -> str:
    """The body, whatever the status is; "" while nothing answers."""
    try:
        with urlopen(address, timeout=5) as response:  # noqa: S310 - our own server
            return str(response.read().decode())
    except URLError as error:
        return str(error.read().decode()) if hasattr(error, "read") else ""
    except OSError:
        return ""


def wait_until(address: str, words: str) -> None:
    for _ in range(300):
        if words in answer(address):
            return
        time.sleep(0.1)
    raise AssertionError(f"{address} never said “{words}”")


@pytest.mark.full
@pytest.mark.xdist_group("project")
def test_the_site_starts_again_when_something_is_saved(restored: Path, tmp_path: Path, free: int) -> None:
    routes = restored / ROUTES
    before = routes.read_text()
    with start(tmp_path, free, restored, "serve --reload") as server:
        site = wait_for(free)
        routes.write_text(before + ROUTE.format('return Response("once")'))
        wait_until(f"{site}{URL}/saved", "once")
        routes.write_text("def (")
        wait_until(f"{site}{URL}/saved", "")
        routes.write_text(before + ROUTE.format('raise RuntimeError("what went wrong")'))
        wait_until(f"{site}{URL}/saved", "RuntimeError: what went wrong")
        thanks = restored / "templates" / NAME / "thanks.html"
        thanks.write_text(thanks.read_text().replace("Say what happens next", "We call back"))
        wait_until(f"{site}{URL}/thanks", "We call back")
        (restored / "content" / "new-page.md").write_text(PAGE)
        wait_until(f"{site}/new-page", "A new page")
        server.terminate()
        printed, complained = server.communicate(timeout=20)
    assert f"Saved {ROUTES}: starting again" in printed
    assert "RuntimeError: what went wrong" in complained
    assert answer(site) == "", "the site goes on after its parent was stopped"


@pytest.mark.parametrize("shown", [True, False])
def test_a_fault_is_told_in_development_only(
    tmp_path: Path, database_url: str, shown: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    app = build(tmp_path, database_url, SHOW_FAULTS=shown)

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError("what went wrong")

    page = Client(app).get("/broken")
    assert page.status == 500
    assert ("RuntimeError: what went wrong" in page.text) == shown
    assert ("RuntimeError: what went wrong" in capfd.readouterr().err) == shown
    close(app)


def test_production_never_tells_a_fault(tmp_path: Path) -> None:
    settings = config.read(PRODUCTION, tmp_path)
    assert config.flask_config(settings)["SHOW_FAULTS"] is False
    assert config.flask_config(config.read({}, tmp_path))["SHOW_FAULTS"] is True


@pytest.mark.xdist_group("project")
def test_a_shell_knows_the_tables_and_reads_the_settings_of_a_file(restored: Path) -> None:
    (restored / ".env").write_text("SITE_URL=http://from-a-file.example\n")
    typed = "print(app.config['SITE_URL'], Referral.__tablename__, CallBack.__tablename__, db)\n"
    said = run(restored, ".venv/bin/flask", "shell", typed=typed, FLASK_SKIP_DOTENV="0")
    assert "http://from-a-file.example referrals call_backs <SQLAlchemy" in said.stdout, said.stderr


def test_flask_run_serves_the_site(tmp_path: Path, free: int) -> None:
    with start(tmp_path, free, ROOT, f"run --port {free}"):
        assert "Ketamine Therapy Center" in answer(wait_for(free))


def test_the_example_of_settings_is_up_to_date(sqlite_app: Flask) -> None:
    printed = sqlite_app.test_cli_runner().invoke(args=["settings", "example"]).output
    assert printed == settings_example.text()
    assert "# PORT=5000\n" in printed
    hint = "run: .venv/bin/flask settings example > .env.example"
    assert (ROOT / ".env.example").read_text() == printed, hint
