"""What an operator types: `flask outbox`, `flask keys` (keys.py), `flask serve` (serving.py)."""

from __future__ import annotations

import time

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from core import keys, outbox, serving

outbox_group = AppGroup("outbox", help="Mail that waits to be sent.")


def init_app(app: Flask) -> None:
    app.cli.add_command(serving.serve)
    app.cli.add_command(keys.keys_group)
    app.cli.add_command(outbox_group)


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
