"""Forms: what one page or one check costs beside a minimal Flask-WTF view with as many fields.

    .venv/bin/python -m benchmarks.forms

In one process and without a server, so that only the application is measured. The two take turns; the median of nine
rounds counts. Our pages carry their layout, error slots, limits, logging and headers; the minimal one has none of them.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Callable

import flask_migrate
from flask import Flask, render_template
from flask_wtf import FlaskForm
from jinja2 import DictLoader
from werkzeug.test import Client
from wtforms import StringField
from wtforms.validators import DataRequired, Email

from app import create_app
from core.extensions import limiter
from tests.builders import PRODUCTION
from tests.page import Document

ROUNDS = 9
TIMES = 40
HOST = "https://clinic.example"
TEMPLATE = """<!DOCTYPE html><html lang=en><title>Form</title><form method=post>{{ form.csrf_token }}
{% for field in form if field.name != "csrf_token" %}<p>{{ field.label }} {{ field }}
{% for error in field.errors %}<span>{{ error }}</span>{% endfor %}</p>{% endfor %}<button>Send</button></form>"""


def minimal(fields: int) -> Flask:
    """Flask-WTF and nothing else."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "k" * 40
    app.jinja_loader = DictLoader({"form.html": TEMPLATE})  # type: ignore[assignment]
    names = {f"field_{number}": StringField(f"Field {number}") for number in range(fields - 1)}
    email = StringField("Email", validators=[DataRequired(), Email()])
    kind = type("Minimal", (FlaskForm,), {"email": email, **names})

    @app.route("/", methods=["GET", "POST"])
    def view() -> str:
        form = kind()
        form.validate_on_submit()
        return render_template("form.html", form=form)

    return app


def ours() -> Flask:
    logging.disable()
    folder = tempfile.mkdtemp()
    settings = {**PRODUCTION, "INSTANCE_PATH": folder, "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3"}
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
    limiter.enabled = False
    return app


def timed(call: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    for _ in range(TIMES):
        call()
    return (time.perf_counter() - started) / TIMES * 1000


def compare(name: str, site: Callable[[], object], bare: Callable[[], object]) -> None:
    rounds = [(timed(site), timed(bare)) for _ in range(ROUNDS)]
    mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{name:28} {mine:6.2f} ms   minimal {other:6.2f} ms   {other / mine:5.2f} of its speed", flush=True)


def main() -> None:
    site = Client(ours())
    for path, check in (("/subscribe", "/subscribe/check/email"), ("/refer", "/refer/check/referrer_email")):
        page = Document(site.get(path, base_url=HOST).get_data(as_text=True))
        fields = [e for tag in ("input", "select", "textarea") for e in page.all(tag) if e.attributes.get("name")]
        bare = Client(minimal(len({e.attributes["name"] for e in fields})))
        token = Document(bare.get("/", base_url=HOST).get_data(as_text=True)).fields()
        compare(f"GET {path}", lambda p=path: site.get(p, base_url=HOST), lambda b=bare: b.get("/", base_url=HOST))  # type: ignore[misc]
        sent = {**page.fields(), "email": "reader@", "referrer_email": "reader@", "strict": "0"}
        compare(
            f"POST {check}",
            lambda c=check, d=sent: site.post(c, data=d, base_url=HOST, headers={"HX-Request": "true"}),  # type: ignore[misc]
            lambda b=bare, t=token: b.post("/", data={**t, "email": "reader@"}, base_url=HOST),  # type: ignore[misc]
        )


if __name__ == "__main__":
    main()
