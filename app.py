"""The application: settings, what every feature shares, then the features."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from core import brand, clients, clinic, config, database, extensions, files
from core.ops import commands, health
from core.web import access, errors, hypermedia, page_cache, request_log, security, sitemap, static_files
from scaffold import commands as scaffold

ROOT = Path(__file__).parent
# Folders of blueprints/, each with its `bp`.
FEATURES = (
    "content",
    "referrals",
    "subscriptions",
    "newsletters",
    "staff",
    "dev",
)


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """The site. `overrides` goes before the environment: settings of core/config.py and Flask's own."""
    values = {**os.environ, **(overrides or {})}
    instance = config.instance_folder(values, ROOT / "instance")
    app = Flask(__name__, instance_path=str(instance))
    app.config.from_mapping(config.flask_config(config.read(values, instance)))
    facts = ROOT / "content" / ("clinic.demo.toml" if app.config["SETTINGS"].demo else "clinic.toml")
    app.config.from_mapping(CLINIC=clinic.load(facts, ROOT / "static"), CONTENT=ROOT / "content")
    app.config.from_mapping({k: v for k, v in (overrides or {}).items() if k not in app.config["SETTING_NAMES"]})
    config.refuse_debugging(app)
    _add_shared_parts(app)
    files.close_to_others([instance, *instance.glob("*")])
    for feature in FEATURES:
        app.register_blueprint(import_module(f"blueprints.{feature}").bp)
    access.check(app)
    clinic.check(app)
    page_cache.init_app(app)
    return app


def _add_shared_parts(app: Flask) -> None:
    app.wsgi_app = clients.ReadableAddress(app.wsgi_app)  # type: ignore[method-assign]
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    for part in (request_log, access, security, errors, static_files, health, sitemap, commands, scaffold):
        part.init_app(app)
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", database.engine_options(app.config["SETTINGS"]))
    extensions.db.init_app(app)
    with app.app_context():
        database.init_app(app, extensions.db.engine)
    extensions.migrate.init_app(app, extensions.db, directory=str(ROOT / "migrations"))
    extensions.limiter.init_app(app)
    extensions.csrf.init_app(app)
    extensions.compress.init_app(app)
    app.jinja_env.globals["clinic"] = app.config["CLINIC"]
    app.jinja_env.globals["brand"] = brand.colors(ROOT / "static" / "css" / "tokens.css")
    app.jinja_env.globals.update(
        check_attributes=hypermedia.check_attributes, inline_check=hypermedia.inline_check, question=hypermedia.question
    )
