"""How thoroughly a property is tested: with as many examples as it names in CI, and with a fifth of them otherwise."""

from __future__ import annotations

import os

FEWEST = 10


def examples(number: int) -> int:
    return number if os.environ.get("CI") else max(FEWEST, number // 5)
