"""Workers as processes of their own: two at once, one that is killed, and a mail server that speaks TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import text

from core import clock
from core.extensions import db
from core.mail import outbox, transport, worker
from tests.postbox import Postbox, listening
from tests.servers import ROOT

pytestmark = pytest.mark.database_decides


def put(app: Flask, count: int = 1) -> None:
    with app.app_context():
        for number in range(count):
            outbox.enqueue(f"r{number}@example.com", "Subject", "email/confirm.md", confirm_link="c", leave_link="l")
        db.session.commit()


def worker_process(app: Flask, box: Postbox) -> subprocess.Popen[str]:
    settings = {"MAIL_URL": box.url, "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"]}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "outbox", "send"],
        cwd=ROOT,
        env={**kept, **settings, "INSTANCE_PATH": app.instance_path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_workers_never_send_one_row_twice(app: Flask) -> None:
    put(app, 240)
    with listening(Postbox()) as box:
        workers = [worker_process(app, box) for _ in range(2)]
        for process in workers:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, out + err
    assert set(Counter(box.ids).values()) == {1}
    assert len(box.ids) == 240


class Slow(Postbox):
    """Holds the third message until it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if len(self.received) == 2:
            self.reached.set()
            while not self.go_on.is_set():
                await asyncio.sleep(0.01)
        return await super().handle_DATA(server, session, envelope)


def test_the_rows_of_a_killed_worker_are_taken_up_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    put(app, 5)
    with listening(Slow()) as box:
        assert isinstance(box, Slow)
        process = worker_process(app, box)
        assert box.reached.wait(30)
        process.kill()
        process.communicate()
        app.config["MAIL_URL"] = box.url
        with app.app_context():
            assert outbox.count() == {"queued": 0, "sending": 3, "failed": 0}
            assert sum(worker.deliver()) == 0, "it may still live"
            later = clock.now() + worker.CLAIM
            monkeypatch.setattr(clock, "now", lambda: later)
            box.received.append(box.received[-1])  # The third may have arrived; from here on nothing is held.
            box.go_on.set()
            assert sum(worker.deliver()) == 3
            assert outbox.count() == {"queued": 0, "sending": 0, "failed": 0}
    assert len(set(box.ids)) == 5


def test_a_claim_lasts_while_its_worker_lives(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the mail server thinks, nobody else takes the row up."""
    monkeypatch.setattr(worker, "CLAIM", datetime.timedelta(seconds=0.4))
    put(app)
    others: list[int] = []

    class Thinking(Postbox):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            started = clock.now()
            while clock.now() - started < 3 * worker.CLAIM:
                await asyncio.sleep(0.05)
            with app.app_context():
                others.append(sum(worker.deliver()))
            return await super().handle_DATA(server, session, envelope)

    with listening(Thinking()) as box:
        app.config["MAIL_URL"] = box.url
        with app.app_context():
            assert sum(worker.deliver()) == 1
    assert others == [0]
    assert len(box.received) == 1


def test_a_worker_that_lost_its_claims_stops_sending(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a sleep of the machine."""
    put(app, 3)
    monkeypatch.setattr(worker.Worker, "_renew", lambda *_: None)
    with listening(Postbox()) as box:
        app.config["MAIL_URL"] = box.url
        with app.app_context():
            outcomes = worker.deliver()
            assert next(outcomes) is True
            db.session.execute(text("UPDATE outbox SET claimed_by = 'another' WHERE status = 'sending'"))
            db.session.commit()
            assert list(outcomes) == [False, False]
    assert len(box.received) == 1


def test_what_is_taken_back_while_a_worker_holds_it_stays_so(app: Flask) -> None:
    """Whoever leaves the list must not come back to it when the worker lets go of its claims."""
    now = clock.now()
    with app.app_context():
        words = outbox.Broadcast(name="n", subject="Broadcast", body="Hello", headers={})
        for recipient in ("a@example.com", "b@example.com"):
            row = outbox.Message(id=recipient, recipient=recipient, subject="", body="", headers={}, broadcast=words)
            row.merge_fields, row.created_at, row.due_at, row.attempts = {}, now, now, 0
            db.session.add(row)
        db.session.commit()
        with listening(Postbox()) as box:
            app.config["MAIL_URL"] = box.url
            with worker.Worker(box.url) as working:
                assert next(working.run()) is True
                (left,) = {"a@example.com", "b@example.com"} - {mail["To"] for mail in box.received}
                outbox.withdraw(left)
                db.session.commit()
        db.session.expire_all()
        states = {row.recipient: row.status for row in outbox.newest()}
    assert states.pop(left) == "withdrawn"
    assert set(states.values()) == {"sent"}


def test_a_connection_carries_only_so_many_messages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail servers hang up on those who never do."""
    connections: Counter[tuple[str, int]] = Counter()

    class Counting(Postbox):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            connections[session.peer] += 1
            return await super().handle_DATA(server, session, envelope)

    monkeypatch.setattr(worker, "MESSAGES_PER_CONNECTION", 2)
    put(app, 5)
    with listening(Counting()) as box, app.app_context():
        app.config["MAIL_URL"] = box.url
        assert sum(worker.deliver()) == 5
    assert sorted(connections.values()) == [1, 2, 2]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secured(certificate: Path) -> Iterator[Postbox]:
    """STARTTLS and a password: nothing is taken without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        return AuthResult(success=(given.login, given.password) == (b"clinic", b"p@ss"))

    options = {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}
    with listening(Postbox(), **options) as box:
        yield box


def test_mail_travels_encrypted_and_signed_in(
    sqlite_app: Flask, secured: Postbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sqlite_app)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sqlite_app.config["MAIL_URL"] = f"smtp://clinic:p%40ss@127.0.0.1:{secured.port}"
    with sqlite_app.app_context():
        assert sum(worker.deliver()) == 1


def test_tls_from_the_start(sqlite_app: Flask, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    put(sqlite_app)
    with listening(Postbox(), ssl_context=context) as box, sqlite_app.app_context():
        sqlite_app.config["MAIL_URL"] = box.url.replace("smtp:", "smtps:")
        assert sum(worker.deliver()) == 1


@pytest.mark.parametrize(
    ("trusts", "password", "kind"),
    [(False, "p%40ss", "SSLCertVerificationError"), (True, "wrong", "SMTPAuthenticationError|SMTPServerDisconnected")],
)
def test_a_stranger_or_a_wrong_password_gets_no_mail(
    sqlite_app: Flask,
    secured: Postbox,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusts: bool,
    password: str,
    kind: str,
) -> None:
    put(sqlite_app)
    monkeypatch.setattr(transport, "TIMEOUT", 2)
    if trusts:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sqlite_app.config["MAIL_URL"] = f"smtp://clinic:{password}@127.0.0.1:{secured.port}"
    with sqlite_app.app_context(), pytest.raises(worker.Unreachable, match=kind):
        sum(worker.deliver())
    assert secured.received == []


def test_no_password_and_no_foreign_host_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [transport._is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "mail.example")] == [
        True,
        True,
        True,
        False,
    ]
    with listening(Postbox()) as box:
        with pytest.raises(transport.NotSecure):
            transport.connect(f"smtp://clinic:secret@127.0.0.1:{box.port}")
        monkeypatch.setattr(transport, "_is_loopback", lambda _host: False)
        with pytest.raises(transport.NotSecure):
            transport.connect(box.url)
