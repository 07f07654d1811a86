"""What an operator types: `flask keys`, `flask outbox`, and `flask serve` (serving.py). `flask --help` lists them."""

from __future__ import annotations

import time

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from core import outbox, sealing, serving

keys_group = AppGroup("keys", help="Keys that seal patient data.")
outbox_group = AppGroup("outbox", help="Mail that waits to be sent.")


def init_app(app: Flask) -> None:
    app.cli.add_command(serving.serve)
    app.cli.add_command(keys_group)
    app.cli.add_command(outbox_group)


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
