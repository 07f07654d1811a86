"""What tests need besides Python, and whether it is on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOOLS = Path(__file__).parent / "tools" / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
HTML_VALIDATE = TOOLS / ".bin" / "html-validate"

NEEDS = {
    "browser": (bool(CHROMIUM), "Chromium is missing"),
    "axe": (AXE.exists(), "axe-core is missing: npm ci --prefix tests/tools"),
    "html_validate": (
        HTML_VALIDATE.exists() and bool(shutil.which("node")),
        "html-validate is missing: npm ci --prefix tests/tools",
    ),
    "nginx": (bool(shutil.which("nginx") or Path("/usr/sbin/nginx").exists()), "nginx is missing"),
    "postgres": (bool(POSTGRES), "TEST_POSTGRES_URL is not set"),
}
"""Marker → whether what its tests need is there, and what is wrong otherwise."""
