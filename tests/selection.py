"""Which tests `make test` leaves to `make test-all`, and one line for all that cannot run on this machine."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.needs import NEEDS

LONGEST_ID = 40
BROWSER = Path(__file__).parent / "browser"

MARKER_OF = {"browser": "browser", "postgres_tables": "postgres"}
"""Whoever asks for such a fixture needs what its marker stands for."""


def pytest_sessionstart() -> None:
    """In CI nothing may be skipped."""
    missing = [why for there, why in NEEDS.values() if not there]
    if missing and os.environ.get("CI"):
        raise pytest.UsageError(f"CI must skip nothing, but {'; '.join(missing)}.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        on_both = item.get_closest_marker("postgres")
        if on_both and not item.get_closest_marker("database_decides"):
            item.add_marker("full")
        if item.path.parent == BROWSER and not item.get_closest_marker("smoke"):
            item.add_marker("full")
        for fixture in MARKER_OF.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKER_OF[fixture])
        for marker, (there, why) in NEEDS.items():
            if not there and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker} tests: {why}"))
                break


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = Counter(longrepr[2].removeprefix("Skipped: ") for longrepr in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"skipped {count} {reason}")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long text may be a key that was made for this run, and every worker must give a test the same name."""
    return argname if isinstance(val, str) and len(val) > LONGEST_ID else None
