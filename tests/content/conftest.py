"""A copy of the content that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.content.words import CONTENT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))
