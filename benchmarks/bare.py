"""What the site is measured beside: Flask and nothing else, with the same words."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, render_template

WORDS = Path(os.environ.get("BENCHMARK_WORDS", os.devnull))

app = Flask(__name__, template_folder=str(WORDS.parent))


@app.get("/words")
def words() -> str:
    """A whole page of the site as one template."""
    return render_template(WORDS.name, title="Words")


@app.get("/heading")
def heading() -> str:
    return "<!DOCTYPE html><html lang=en><title>One heading</title><h1>One heading</h1>"
