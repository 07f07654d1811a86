"""The colors of the site for what cannot read its style sheets, such as email. They are named once, in
static/css/tokens.css."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

TOKEN = re.compile(r"--([\w-]+): (?:light-dark\((#\w+), (#\w+)\)|(#\w+));")


class Color(NamedTuple):
    """Two CSS colors, such as #0b5a63."""

    light: str
    dark: str


def colors(tokens: Path) -> dict[str, Color]:
    """Every color that the file names, without its leading dashes: {"accent": Color("#0b5a63", "#7fd0d6")}."""
    found = TOKEN.findall(tokens.read_text(encoding="utf-8").lower())
    return {name: Color(light or both, dark or both) for name, light, dark, both in found}
