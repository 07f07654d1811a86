"""What a release says of itself."""

from __future__ import annotations

import tomllib

from tests.servers import ROOT


def test_the_changelog_knows_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## [{version}]" in changelog or f"This becomes {version}," in changelog
