"""A PostgreSQL that does not answer, hangs up, or loses its answer: every form comes back filled, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask, template_rendered
from sqlalchemy import text

from core.extensions import db, limiter
from tests.builders import referral
from tests.conftest import close
from tests.page import Answer, Client
from tests.postgres import Cluster, Line
from tests.subscriptions.actions import OWN, confirmed, link, subscribe

IMPATIENT = {"DATABASE_POOL_TIMEOUT": "0.2", "DATABASE_STATEMENT_TIMEOUT": "0.6", "DATABASE_LOCK_TIMEOUT": "0.3"}
AT_ONCE = 30
ACTIONS = ("review", "save", "discard", "add_trial", "remove_trial:0")
PROMISED = 10
"""Seconds until an answer; the other work of this machine may add half as many."""
Make = Callable[..., Flask]

pytestmark = pytest.mark.postgres


def answers(app: Flask, action: str = "review") -> tuple[Client, dict[str, Any]]:
    clinician = Client(app)
    return clinician, {**clinician.token(), **referral(), "action": action}


def check_kept(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    assert answer.document.by_id("patient_family_name").attributes["value"] == "Canaryfield"
    assert "Your answers are still here" in answer.text


def post_at_once(posts: list[tuple[Client, dict[str, Any]]]) -> tuple[list[Answer], float]:
    """The answers, and the seconds that the last one took."""
    started = time.monotonic()
    with ThreadPoolExecutor(len(posts)) as people:
        given = list(people.map(lambda post: post[0].post("/refer", post[1]), posts))
    return given, time.monotonic() - started


def test_thirty_posts_to_a_frozen_server_come_back_filled_within_the_promised_time(
    cluster: Cluster, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the times that nobody has set, and connections that were idle. Afterwards the site goes on by itself."""
    monkeypatch.setattr(limiter, "enabled", False)
    app = make()
    posts = [answers(app) for _ in range(AT_ONCE)]
    assert {answer.status for answer in post_at_once(posts)[0]} == {303}
    with cluster.frozen():
        given, seconds = post_at_once(posts)
    for answer in given:
        check_kept(answer)
    assert seconds < 1.5 * PROMISED
    assert {answer.status for answer in post_at_once(posts)[0]} == {303}


def test_posts_that_wait_for_a_lock_when_the_server_freezes_come_back_filled(cluster: Cluster, make: Make) -> None:
    app = make(**{**IMPATIENT, "DATABASE_LOCK_TIMEOUT": "30", "DATABASE_STATEMENT_TIMEOUT": "4"})
    posts = [answers(app) for _ in range(3)]
    with held(app), ThreadPoolExecutor(3) as people:
        waiting = [people.submit(client.post, "/refer", data) for client, data in posts]
        until(lambda: cluster.waiting_for_a_lock() == 3)
        with cluster.frozen():
            for answer in waiting:
                check_kept(answer.result())


def test_a_lock_that_lasts_is_not_waited_for(make: Make) -> None:
    app = make(**{**IMPATIENT, "DATABASE_STATEMENT_TIMEOUT": "60"})
    clinician, data = answers(app)
    with held(app):
        check_kept(clinician.post("/refer", data))
    assert clinician.post("/refer", data).status == 303


def test_a_server_that_hangs_up_in_the_middle_costs_nothing(cluster: Cluster, make: Make) -> None:
    app = make(DATABASE_LOCK_TIMEOUT="30", DATABASE_STATEMENT_TIMEOUT="60")
    clinician, data = answers(app)
    with held(app), ThreadPoolExecutor(1) as people:
        waiting = people.submit(clinician.post, "/refer", data)
        until(lambda: cluster.waiting_for_a_lock() == 1)
        cluster.hang_up()
        check_kept(waiting.result())
    assert clinician.post("/refer", data).status == 303


@pytest.mark.parametrize("path", ["/refer", "/refer/review"])
def test_a_connection_that_is_lost_after_the_last_answer_is_the_sites_own_page(
    cluster: Cluster, make: Make, path: str
) -> None:
    app = make()
    clinician, data = answers(app)
    clinician.post("/refer", data)

    def hang_up(*_: object, **__: object) -> None:
        template_rendered.disconnect(hang_up, app)
        cluster.hang_up()

    template_rendered.connect(hang_up, app)
    answer = clinician.get(path)
    assert answer.status == 503
    assert "Not available just now" in answer.text
    assert clinician.get(path).status == 200


def test_every_form_and_page_that_needs_a_frozen_database_says_so(cluster: Cluster, make: Make) -> None:
    app = make(**IMPATIENT)
    reader, (clinician, typed) = Client(app), answers(app)
    confirmed(app, reader)
    leave = link(app, "leave")
    subscribe(reader, "late@example.com")
    confirm = link(app, "confirm")
    clinician.post("/refer", typed)
    send = clinician.get("/refer/review").document.fields()
    links = (confirm, f"{confirm}/again", leave, f"{leave}/copy", f"{leave}/delete")
    pages = ("/refer", "/refer/review", "/refer/sent/KTC-23456789")
    asks: list[Callable[[], None]] = [
        *(partial(check_away, twin(clinician), path) for path in pages),
        *(partial(check_post, twin(clinician), {**typed, "action": action}) for action in ACTIONS),
        *(partial(check_again, twin(reader), path, {}) for path in links),
        partial(check_again, twin(clinician), "/refer/send", send),
        partial(check_sign_up, twin(reader)),
    ]
    with cluster.frozen(), ThreadPoolExecutor(len(asks)) as people:
        for asked in [people.submit(ask) for ask in asks]:
            asked.result()
        assert clinician.client.get("/readyz").status_code == 503
        for path in ("/refer/check/referrer_npi", "/refer/assess"):
            assert clinician.client.post(path, data=typed).status_code == 200, "needs no database"
        forged = clinician.post("/refer/send", {**send, "csrf_token": "forged"})
        assert forged.status == 503, "the review cannot be shown again without its draft"
    assert "/refer/sent/KTC-" in clinician.post("/refer/send", send).location
    assert reader.post(confirm, headers=OWN).status == 200


def twin(client: Client) -> Client:
    """The same browser, for another thread."""
    other = Client(client.app)
    other.client._cookies = dict(client.client._cookies or {})
    return other


def check_away(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 503, path
    assert "Not available just now" in answer.text
    assert "Try again</button>" not in answer.text


def check_post(client: Client, data: dict[str, Any]) -> None:
    check_kept(client.post("/refer", data))


def check_sign_up(client: Client) -> None:
    refused = client.post("/subscribe", {"email": "typed@example.com"})
    assert refused.status == 503
    assert refused.document.by_id("email").attributes["value"] == "typed@example.com"


def check_again(client: Client, path: str, fields: dict[str, str]) -> None:
    """The page holds what was sent, behind a button."""
    answer = client.post(path, fields, headers=OWN)
    assert answer.status == 503, path
    assert answer.response.headers["Retry-After"]
    assert answer.document.all("form", action=path)
    assert fields.items() <= answer.document.fields().items()
    assert "Try again</button>" in answer.text


def test_a_commit_whose_answer_is_lost_gives_the_same_reference(cluster: Cluster, make: Make) -> None:
    with Line(cluster.port) as line:
        app = make(line.port, **IMPATIENT)
        clinician, data = answers(app)
        clinician.post("/refer", data)
        form = clinician.get("/refer/review").document.fields()
        line.lose_answer_to = b"COMMIT"
        doubtful = clinician.post("/refer/send", form)
        assert doubtful.status == 503
        assert "To send it twice does no harm" in doubtful.text
        assert line.lost.is_set()
        line.mend()
        until(lambda: count(app, "referrals") == 1)
        again = clinician.post("/refer/send", {name: doubtful.document.fields()[name] for name in form})
        (reference,) = column(app, "SELECT reference FROM referrals")
        assert again.location == f"/refer/sent/{reference}"
        assert count(app, "referrals") == count(app, "outbox") == 1
        close(app)


def test_a_cut_line_is_noticed(cluster: Cluster, make: Make) -> None:
    with Line(cluster.port) as line:
        app = make(line.port, **IMPATIENT)
        clinician, data = answers(app)
        assert clinician.post("/refer", data).status == 303
        line.lost.set()
        check_kept(clinician.post("/refer", data))
        line.mend()
        assert clinician.post("/refer", data).status == 303
        close(app)


@contextmanager
def held(app: Flask) -> Iterator[None]:
    """Somebody else has locked the drafts; the lock outlives a server that hangs up on the site."""
    with app.app_context():
        url = db.engine.url.set(username="other").render_as_string(hide_password=False)
    with Cluster.connect(url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE drafts IN ACCESS EXCLUSIVE MODE")
        yield


def until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it does not come to that")


def column(app: Flask, query: str) -> list[Any]:
    with app.app_context():
        return list(db.session.scalars(text(query)))


def count(app: Flask, table: str) -> int:
    return len(column(app, f"SELECT 1 FROM {table}"))
