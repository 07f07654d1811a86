"""`flask serve`, `flask keys` and `flask outbox`: what an operator types. `flask --help` lists them."""

from __future__ import annotations

import time

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from core import outbox, sealing
from core.config import Settings

keys_group = AppGroup("keys", help="Keys that seal patient data.")
outbox_group = AppGroup("outbox", help="Mail that waits to be sent.")


def init_app(app: Flask) -> None:
    app.cli.add_command(serve)
    app.cli.add_command(keys_group)
    app.cli.add_command(outbox_group)


@click.command()
@with_appcontext
def serve() -> None:
    """Serve the site (HOST, PORT). In development the database is brought up to date first."""
    import waitress

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: Settings = app.config["SETTINGS"]
    if not settings.production:
        flask_migrate.upgrade()
    try:
        server = waitress.create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=8,
            ident=None,
            max_request_body_size=1024 * 1024,
            # What proxies say of the visitor is for ProxyFix (app.py) to read, where there are proxies.
            clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
        )
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"Cannot listen on {where}: {error.strerror}. Set HOST or PORT.") from error
    click.echo("\n".join(welcome(app)))
    server.run()


def welcome(app: Flask) -> list[str]:
    """Five calm lines."""
    settings: Settings = app.config["SETTINGS"]
    keys = "development keys from instance/: no real patients, please" if settings.development_keys else "your keys"
    mail = settings.mail_url.partition("@")[2] or settings.mail_url.partition("//")[2]
    missing = app.config["CLINIC"].missing()
    return [
        f"{app.config['CLINIC'].name} is at {app.config['SITE_URL']}/",
        f"Mail: sent by `flask outbox send` to {mail}" if mail else f"Mail: kept, not sent; {_mailbox(app)}",
        f"Referrals: sealed with {keys}",
        f"Left out of the pages until content/clinic.toml has it: {', '.join(missing) or 'nothing'}",
        "Stop with Ctrl+C",
    ]


def _mailbox(app: Flask) -> str:
    if app.config["SETTINGS"].production:
        return "set MAIL_URL to send it"
    return f"read it at {app.config['SITE_URL']}/dev/mailbox"


@keys_group.command("new")
def new_keys() -> None:
    """Print a new key pair. Run it twice: once for the clinic, once for the offline recovery key."""
    pair = sealing.new_key_pair()
    click.echo(f"public  {pair.public}\nprivate {pair.private}\nkey id  {sealing.key_id(pair.public)}")


@outbox_group.command("send")
@click.option("--watch", is_flag=True, help="Go on until stopped, looking every 10 seconds.")
@with_appcontext
def send(watch: bool) -> None:
    """Send the mail that is due over MAIL_URL."""
    if not current_app.config["MAIL_URL"]:
        raise click.ClickException("MAIL_URL is not set: mail is kept and not sent.")
    while True:
        try:
            click.echo(f"{outbox.send_due()} sent")
        except OSError as error:
            click.echo(f"The mail server cannot be reached ({type(error).__name__}); the mail is kept.", err=True)
        if not watch:
            return
        time.sleep(10)
