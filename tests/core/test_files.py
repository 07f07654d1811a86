"""What the site writes is for its owner only, whatever the umask."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import files
from tests.builders import referral
from tests.conftest import build, close
from tests.page import Client


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.iterdir())}


def use(folder: Path) -> dict[str, str]:
    """The modes of all files while a site writes, in the folder that it makes."""
    app = build(folder.parent, "")
    client = Client(app)
    assert client.post("/refer", {**client.token(), **referral(), "action": "review"}).status == 303
    found = modes(folder)
    close(app)
    return found


def test_the_database_and_the_keys_are_for_their_owner_only(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "instance"
    found = use(folder)
    assert {"instance", "site.sqlite3", "site.sqlite3-wal", "site.sqlite3-shm", "development-keys.json"} == set(found)
    assert found.pop("instance") == "0o700"
    assert set(found.values()) == {"0o600"}


def test_what_lies_open_is_closed_at_the_start_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "instance"
    use(folder)
    (folder / "site.sqlite3-wal").touch()
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path == folder else 0o644)
    with caplog.at_level(logging.WARNING, "site"):
        found = use(folder)
    assert found.pop("instance") == "0o700"
    assert set(found.values()) == {"0o600"}
    for name in ("instance", "site.sqlite3", "site.sqlite3-wal", "development-keys.json"):
        assert f"{name} could be read by others" in caplog.text


def test_a_database_elsewhere_is_closed_and_its_folder_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir(0o755)
    for _ in range(2):
        close(build(tmp_path, f"sqlite:///{place / 'kept.sqlite3'}"))
        assert modes(place) == {"elsewhere": "0o755", "kept.sqlite3": "0o600"}
        (place / "kept.sqlite3").chmod(0o664)


def test_a_folder_of_everybody_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    files.close_to_others([tmp_path, tmp_path / "not there"])
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_a_file_of_a_command_is_for_its_owner_only(tmp_path: Path, umask: int) -> None:
    with files.new_file(str(tmp_path / "export.ndjson")) as file:
        file.write("x")
    assert stat.S_IMODE((tmp_path / "export.ndjson").stat().st_mode) == 0o600
