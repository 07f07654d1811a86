"""A suppression outlives all other data about its address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from blueprints.subscriptions import services
from core.mail import limits, outbox
from core.rate_limits import HOUR, Kind, Limit
from tests.conftest import Wait
from tests.page import Client
from tests.subscriptions import operators
from tests.subscriptions.actions import OWN, READER, confirmed, link, mails, states, subscribe
from tests.subscriptions.operators import run, write


def forget_suppressed(app: Flask, client: Client) -> None:
    confirmed(app, client)
    leave = link(app, "leave")
    with app.app_context():
        services.suppress(READER, "test")
    assert client.post(f"{leave}/delete", headers=OWN).status == 200
    assert states(app) == mails(app) == []


def test_deleting_everything_does_not_end_a_suppression(app: Flask, client: Client, wait: Wait) -> None:
    forget_suppressed(app, client)
    for _ in range(2):
        wait(timedelta(days=2))
        assert subscribe(client).location == "/subscribe/thanks"
        assert mails(app) == []
        assert states(app) == ["suppressed"]


def test_a_refused_address_that_is_no_internet_address_is_nobodys(app: Flask) -> None:
    with app.app_context():
        outbox.refused.send(None, recipient="desk@localhost")
    assert states(app) == []


def test_a_suppression_ends_the_open_confirmation(app: Flask, client: Client) -> None:
    subscribe(client)
    path = link(app, "confirm")
    with app.app_context():
        services.suppress(READER, "test")
    assert client.post(path, headers=OWN).status == 404
    assert states(app) == ["suppressed"]


def test_an_import_does_not_bring_back_whom_a_suppression_outlived(app: Flask, client: Client, tmp_path: Path) -> None:
    forget_suppressed(app, client)
    file = write(tmp_path, "email", READER, "new@example.com")
    run(app, "import", file, "--status", "confirmed")
    assert operators.states(app) == {READER: "suppressed", "new@example.com": "confirmed"}


def test_an_operator_ends_the_suppression_of_a_forgotten_address(app: Flask, client: Client, wait: Wait) -> None:
    forget_suppressed(app, client)
    wait(HOUR)
    assert run(app, "allow", READER).exit_code == 0
    assert run(app, "allow", READER).exit_code == 1
    subscribe(client)
    assert [row.recipient for row in mails(app)] == [READER]


@pytest.mark.parametrize("command", ["suppress", "import"])
def test_whom_an_operator_suppresses_gets_no_receipt_either(app: Flask, tmp_path: Path, command: str) -> None:
    file = write(tmp_path, "email", READER)
    run(app, command, file, *(["--status", "suppressed"] if command == "import" else []))
    with app.app_context():
        assert limits.suppressed_of([READER]) == {READER}


def test_asking_again_and_a_copy_are_refused_alike_when_the_site_is_paused(
    app: Flask, client: Client, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(client)
    confirm, leave = link(app, "confirm"), link(app, "leave")
    wait(services.CONFIRM_WITHIN)
    monkeypatch.setattr(limits, "SIGN_UP", Kind("sign_up", (Limit("site", HOUR, 0),)))
    for path in (f"{confirm}/again", f"{leave}/copy"):
        assert client.post(path, headers=OWN).status == 503
    monkeypatch.setattr(limits, "SIGN_UP", Kind("sign_up", (Limit("network", HOUR, 0),)))
    assert subscribe(client).status == 429
    assert len(mails(app)) == 1
    # Nobody is kept from leaving.
    monkeypatch.setattr(limits, "LIST_CHANGE", Kind("list_change", (Limit("site", HOUR, 0),)))
    assert client.post(leave, headers=OWN).status == 200
    assert states(app) == ["left"]
