"""What keeps an address from being mailed outlives everything else that is known of it."""

from __future__ import annotations

from flask import Flask

from blueprints.subscriptions import services
from core import outbox
from tests.page import Visitor
from tests.subscriptions.actions import OWN, READER, confirmed, link, mails, states, subscribe


def test_deleting_everything_does_not_end_a_suppression(app: Flask, visitor: Visitor) -> None:
    confirmed(app, visitor)
    leave = link(app, "leave")
    with app.app_context():
        services.suppress(READER, "test")
    assert visitor.post(f"{leave}/delete", headers=OWN).status == 200
    assert states(app) == mails(app) == []
    assert subscribe(visitor).location == "/subscribe/thanks"
    assert mails(app) == []


def test_a_refused_address_that_is_no_internet_address_is_nobodys(app: Flask) -> None:
    with app.app_context():
        outbox.refused.send(None, recipient="desk@localhost")
    assert states(app) == []


def test_a_suppression_ends_the_open_confirmation(app: Flask, visitor: Visitor) -> None:
    subscribe(visitor)
    path = link(app, "confirm")
    with app.app_context():
        services.suppress(READER, "test")
    assert visitor.post(path, headers=OWN).status == 404
    assert states(app) == ["suppressed"]
