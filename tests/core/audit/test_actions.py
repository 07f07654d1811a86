"""Every action that the code adds to the audit trail is in the table of docs/architecture/staff.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from blueprints.referrals.lifecycle.states import TRANSITIONS
from core.audit.trail import LENGTHS
from tests.servers import ROOT

TABLE = ROOT / "docs" / "architecture" / "staff.md"
ACTION = re.compile(r"[a-z]+\.[a-z_]+")
STARTS = re.compile(r"^[a-z]+\.$")
WRITERS = {f"{name}.{function}" for name in ("audit", "trail") for function in ("add", "record")}


def actions(file: Path) -> Iterator[str]:
    """Those that are given to audit.add or audit.record. One that is composed counts by its beginning: "referral."."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WRITERS and len(node.args) > 1:
            parts = [part.value for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)]
            yield from (part for part in parts if isinstance(part, str))


def documented() -> set[str]:
    rows = TABLE.read_text().partition("| action | when |")[2].splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([a-z]+\.[a-z_]+)`", row.split("|")[1])}


def used() -> set[str]:
    files = [file for top in ("core", "blueprints") for file in (ROOT / top).rglob("*.py")]
    return {name for file in files for name in actions(file)}


def test_each_action_is_documented() -> None:
    whole, known = {name for name in used() if ACTION.fullmatch(name)}, documented()
    assert "referral.exported" in whole
    assert whole <= known, f"add these to the table of actions in {TABLE.name}: {sorted(whole - known)}"
    beginnings = {name for name in used() if STARTS.fullmatch(name)}
    assert not [start for start in beginnings if not any(name.startswith(start) for name in known)]


def test_each_transition_is_documented() -> None:
    assert {f"referral.{transition.action}" for transition in TRANSITIONS} <= documented()


def test_each_action_fits_its_column() -> None:
    assert max(map(len, documented())) <= LENGTHS["action"]
