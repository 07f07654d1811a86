"""`flask serve`: waitress in development, because one process is easy to stop; Granian in production."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import flask_migrate
from blinker import Namespace
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext

from core.config import Settings
from core.ops import reload

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# In Granian, a form that arrives slowly or waits for a slot occupies a thread. core/web/request_bodies.py leaves at
# least a quarter of the threads to other requests. A waiting thread costs little.
THREADS = 512
MAX_HEADER_BYTES = 64 * 1024
welcoming = Namespace().signal("welcoming")
"""Signal sent within the application's context when `flask serve` starts. A receiver returns a line, or ""."""
SHUTDOWN_TIMEOUT = 10
"""Seconds that open requests have to finish after the server is told to stop. Without it, a slow client could keep the
server running forever."""


@click.command()
@click.option("--reload", "reloads", is_flag=True, help="Restart when code is saved (development only).")
@with_appcontext
def serve(reloads: bool) -> None:
    """Serve the site (HOST, PORT). In development, migrates the database first."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: Settings = app.config["SETTINGS"]
    if reloads and not settings.production:
        reload.run(Path(app.root_path))
        return
    if not settings.production:
        flask_migrate.upgrade()
    try:
        (_serve_in_production if settings.production else _serve_in_development)(app, settings)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"Cannot listen on {where}: {error.strerror}. Set HOST or PORT.") from error


def _serve_in_development(app: Flask, settings: Settings) -> None:
    import waitress

    server = waitress.create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=8,
        ident=None,
        max_request_body_size=1024 * 1024,
        # If there are proxies, ProxyFix (app.py) needs their headers.
        clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
    )
    click.echo("\n".join(welcome(app)))
    server.run()


def _serve_in_production(app: Flask, settings: Settings) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    # Granian reports a port that is in use with an unclear error; this raises an OSError first.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    socket.create_server((settings.host, settings.port), family=family).close()
    server = Granian(
        app.import_name,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=MAX_HEADER_BYTES),
        websockets=False,
        workers=settings.workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_TIMEOUT,
        log_level=LogLevels.error,
    )
    server.on_startup(lambda: click.echo("\n".join(welcome(app))))
    server.serve(target_loader=_load, wrap_loader=False)


def _load() -> WSGIApplication:
    """Load the app in a Granian worker."""
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    return ScriptInfo().load_app()


def _exit_with_parent(parent: int) -> None:
    """Without this, a worker whose parent was killed would keep running and hold the port."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def welcome(app: Flask) -> list[str]:
    """The lines that are printed at startup."""
    settings: Settings = app.config["SETTINGS"]
    keys = "development keys from instance/: no real patients, please" if settings.development_keys else "your keys"
    mail = settings.mail_url.partition("@")[2] or settings.mail_url.partition("//")[2]
    missing = app.config["CLINIC"].missing()
    with app.app_context():
        of_features = [line for _, line in welcoming.send(app) if line]
    return [
        f"{app.config['CLINIC'].name} is at {app.config['SITE_URL']}/",
        f"Mail: sent by `flask outbox send` to {mail}" if mail else f"Mail: kept, not sent; {_mailbox(app)}",
        f"Referrals: sealed with {keys}",
        *of_features,
        f"Left out of the pages until content/clinic.toml has it: {', '.join(missing) or 'nothing'}",
        "Stop with Ctrl+C",
    ]


def _mailbox(app: Flask) -> str:
    if app.config["SETTINGS"].production:
        return "set MAIL_URL to send it"
    return f"read it at {app.config['SITE_URL']}/dev/mailbox"
