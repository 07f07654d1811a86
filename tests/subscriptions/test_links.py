"""What the links in a mail say before a button is pressed, and how leaving is undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.subscriptions import consent, links, services
from blueprints.subscriptions.models import Subscriber
from core.extensions import db
from tests.conftest import Wait
from tests.page import Answer, Client
from tests.subscriptions.actions import OWN, READER, confirmed, link, mails, states, subjects, subscribe

pytestmark = pytest.mark.database_decides

MASKED = "r…@example.com"


def undo_of(page: Answer) -> str:
    """The address of its Undo button; "" if there is none."""
    actions = [form.attributes["action"] for form in page.document.all("form", method="post")]
    return next((action for action in actions if "/confirm/" in action), "")


def consented(app: Flask) -> tuple[object, ...]:
    with app.app_context():
        row = db.session.scalars(select(Subscriber)).one()
        return row.consented_at, row.consent_version, row.confirmed_at


def test_the_pages_of_a_link_name_the_masked_address(app: Flask, client: Client) -> None:
    subscribe(client)
    confirm, leave = link(app, "confirm"), link(app, "leave")
    pages = [client.get(confirm), client.post(confirm, headers=OWN), client.get(leave), client.post(leave, headers=OWN)]
    for page in pages:
        assert page.status == 200
        assert MASKED in page.text
        assert READER not in page.text


@pytest.mark.parametrize(("email", "masked"), [("a@b.example", "a…@b.example"), ("ö.x@b.example", "ö…@b.example")])
def test_a_masked_address_is_recognized_and_no_more(email: str, masked: str) -> None:
    assert links.mask(email) == masked


def test_a_used_link_says_so(app: Flask, client: Client) -> None:
    confirmed(app, client)
    path = link(app, "confirm")
    before = len(mails(app))
    for page in (client.get(path), client.post(path, headers=OWN), client.post(f"{path}/again", headers=OWN)):
        assert page.status == 410
        assert "This link was used." in page.text
        assert MASKED in page.text
    assert (states(app), len(mails(app))) == (["confirmed"], before)


def test_a_link_that_is_too_old_says_so(app: Flask, client: Client, wait: Wait) -> None:
    subscribe(client)
    wait(services.CONFIRM_WITHIN)
    page = client.get(link(app, "confirm"))
    assert page.status == 410
    assert "This link has expired" in page.text
    assert MASKED in page.text
    assert page.document.all("form", action=f"{link(app, 'confirm')}/again")


@pytest.mark.parametrize("path", ["/subscribe/confirm/bogus", "/subscribe/leave/bogus"])
def test_a_bogus_link_says_so_and_names_nobody(app: Flask, client: Client, path: str) -> None:
    confirmed(app, client)
    page = client.get(path)
    assert page.status == 404
    assert "This link is not known" in page.text
    assert "…@" not in page.text


def test_a_link_that_a_newer_mail_replaced_is_not_known(app: Flask, client: Client, wait: Wait) -> None:
    subscribe(client)
    old = link(app, "confirm")
    wait(timedelta(hours=1))
    subscribe(client)
    assert client.get(old).status == 404
    assert client.get(link(app, "confirm")).status == 200


def test_the_page_to_leave_says_that_one_has_left(app: Flask, client: Client) -> None:
    confirmed(app, client)
    path = link(app, "leave")
    assert "Press the button" in client.get(path).text
    client.post(path, headers=OWN)
    page = client.get(path)
    assert "You are unsubscribed" in page.text
    assert undo_of(page) == ""


def test_leaving_is_undone_with_one_press_and_consent_is_recorded_anew(app: Flask, client: Client, wait: Wait) -> None:
    confirmed(app, client)
    before = consented(app)
    wait(timedelta(days=30))
    page = client.post(link(app, "leave"), headers=OWN)
    assert states(app) == ["left"]
    assert consent.TEXT in page.text
    undo = undo_of(page)
    done = client.post(undo, headers=OWN)
    assert "You are subscribed" in done.text
    assert states(app) == ["confirmed"]
    after = consented(app)
    assert after[0] != before[0]
    assert (after[1], after[2]) == (consent.VERSION, after[0])
    assert sorted(subjects(app)[-2:]) == ["You are subscribed", "You have left the list"]
    assert client.post(undo, headers=OWN).status == 410


def test_undo_ends_after_an_hour_and_then_the_address_is_confirmed_anew(app: Flask, client: Client, wait: Wait) -> None:
    confirmed(app, client)
    undo = undo_of(client.post(link(app, "leave"), headers=OWN))
    wait(services.UNDO_WITHIN)
    page = client.post(undo, headers=OWN)
    assert page.status == 410
    assert states(app) == ["left"]
    assert client.post(f"{undo}/again", headers=OWN).location == "/subscribe/thanks"
    assert states(app) == ["pending"]
    assert subjects(app)[-1] == "Please confirm your subscription"


def test_the_link_to_leave_alone_subscribes_nobody(app: Flask, client: Client) -> None:
    """It is in every mail for years, and mails are forwarded."""
    confirmed(app, client)
    path = link(app, "leave")
    undo = undo_of(client.post(path, headers=OWN))
    assert undo.rpartition("/")[2] != path.rpartition("/")[2]
    assert undo_of(client.post(path, headers=OWN)) == ""
    assert client.post(undo, headers=OWN).status == 404
    assert states(app) == ["left"]


def test_who_never_confirmed_has_nothing_to_undo(app: Flask, client: Client) -> None:
    subscribe(client)
    page = client.post(link(app, "leave"), headers=OWN)
    assert undo_of(page) == ""
    assert page.document.all("a", href="/subscribe")


def test_another_site_cannot_undo(app: Flask, client: Client) -> None:
    confirmed(app, client)
    undo = undo_of(client.post(link(app, "leave"), headers=OWN))
    assert client.post(undo, headers={"Sec-Fetch-Site": "cross-site"}).status == 400
    assert states(app) == ["left"]
