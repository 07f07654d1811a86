"""Somebody writes to the database: rows that are not as they were sealed are seen wherever they are opened."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.referrals import services
from blueprints.referrals.models import Referral
from core.crypto import envelope, models
from core.extensions import db
from tests.core.crypto.test_commands import NEW, NEW_KEYS, OLD, RECOVERY, arrive, rows, run
from tests.referrals.charts import details
from tests.referrals.test_commands import run as referrals


@pytest.fixture
def site(app: Flask) -> Flask:
    """With 5 referrals, more than one batch of two."""
    app.config.update(SEALING_PUBLIC_KEYS=NEW_KEYS, SEALING_PRIVATE_KEY=NEW.private)
    arrive(app, 5, NEW_KEYS)
    return app


def forget_rows(app: Flask, *references: str) -> None:
    """As referrals were sealed before their row was."""
    with app.app_context():
        for row in db.session.scalars(select(Referral).where(Referral.reference.in_(references))):
            said = details(clinical_summary=f"canary of {row.reference}").as_json()
            made = envelope.seal(said, NEW_KEYS, Referral.context(row.public_id))
            row.blob, row.wraps = made.blob, made.wraps
        db.session.commit()


def exchange(app: Flask, *references: str) -> None:
    """Two referrals, each under the reference of the other."""
    with app.app_context():
        one, two = (db.session.scalars(select(Referral).where(Referral.reference == name)).one() for name in references)
        kept = [(row.public_id, row.blob, row.wraps) for row in (two, one)]
        one.public_id = two.public_id = ""
        one.public_id = "in between"
        db.session.flush()
        for row, (public_id, blob, wraps) in zip((one, two), kept, strict=True):
            row.public_id, row.blob, row.wraps = f"x{public_id}"[:36], blob, wraps
            db.session.flush()
        for row, (public_id, _, _) in zip((one, two), kept, strict=True):
            row.public_id = public_id
        db.session.commit()


def change(app: Flask, reference: str, **values: Any) -> None:
    with app.app_context():
        row = db.session.scalars(select(Referral).where(Referral.reference == reference)).one()
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


def differs(app: Flask, reference: str) -> tuple[str, ...] | None:
    with app.app_context():
        return services.open_referral(reference, NEW.private).differs


def references(app: Flask) -> list[str]:
    return [name for name, _, _ in rows(app)]


def test_a_referral_that_nobody_touched_is_as_it_was_sealed(site: Flask) -> None:
    assert {differs(site, name) for name in references(site)} == {()}
    checked = run(site, "check")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert "5 of 5 rows open and are as they were sealed" in checked.stdout


def test_an_exchanged_referral_is_seen_in_the_middle_of_the_table(site: Flask) -> None:
    first, one, two, three, last = references(site)
    exchange(site, one, three)
    assert differs(site, one) == differs(site, three) == ("reference", "received_at")
    assert differs(site, first) == differs(site, two) == differs(site, last) == ()
    checked = run(site, "check")
    assert checked.exit_code == 1
    assert "3 of 5 rows open and are as they were sealed" in checked.stdout
    for name in (one, three):
        assert f"{name}: not as it was sealed: reference, received_at changed in the database" in checked.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", "routine"),
        ("priority", ""),
        ("reference", "KTC-22222222"),
        ("received_at", None),
    ],
)
def test_each_column_that_was_changed_is_named(
    site: Flask, name: str, value: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with site.app_context():
        row = db.session.get_one(Referral, 3)
        setattr(row, name, value if value is not None else row.received_at - timedelta(microseconds=1))
        reference = row.reference
        db.session.commit()
    with caplog.at_level(logging.WARNING, "site"):
        assert differs(site, reference) == (name,)
    assert f"referrals '{reference}' is not as it was sealed: {name}" in caplog.text
    assert "canary" not in caplog.text
    assert run(site, "check").exit_code == 1
    for command in (["show", reference], ["export"], ["export", "--format", "fhir"]):
        opened = referrals(site, *command)
        assert opened.exit_code == 1
        assert f"{reference}: not as it was sealed: {name} changed in the database." in opened.stderr
        assert "canary old 2" in opened.stdout
    fhir = json.loads(referrals(site, "show", reference, "--format", "fhir").stdout)
    (task,) = (e["resource"] for e in fhir["entry"] if e["resource"]["resourceType"] == "Task")
    assert task["note"] == [{"text": f"Warning: not as it was sealed: {name} changed in the database"}]
    assert task["priority"] == "urgent"
    assert json.loads(referrals(site, "show", reference).stdout)["differs"] == [name]
    assert json.loads(referrals(site, "show", reference).stdout)["priority"] == "urgent"


def test_a_difference_is_red_on_a_terminal(site: Flask) -> None:
    (reference, *_) = references(site)
    change(site, reference, priority="routine")
    runner = site.test_cli_runner()
    for command in (["keys", "check"], ["referrals", "show", reference], ["referrals", "export"]):
        shown = runner.invoke(args=command, color=True)
        assert f"\x1b[31m{reference}: not as it was sealed: priority changed in the database.\x1b[0m" in shown.stderr
        assert "\x1b" not in runner.invoke(args=command).output


def test_the_public_id_belongs_to_the_row_as_well(site: Flask) -> None:
    """Without it the envelope does not even open."""
    name, *_ = references(site)
    change(site, name, public_id="00000000-0000-4000-8000-000000000000")
    with pytest.raises(envelope.SealingError):
        differs(site, name)
    assert "public_id" in Referral.recorded


@pytest.mark.parametrize("row", [None, 1, [], "x", {}, {"version": 1}, {"version": 1, "priority": ["urgent"]}])
def test_a_record_that_is_none_is_never_taken_for_a_true_one(site: Flask, row: Any) -> None:
    name, *_ = references(site)
    with site.app_context():
        found = db.session.get_one(Referral, 1)
        inside = {**details().as_json(), models.ROW: row}
        made = envelope.seal(inside, NEW_KEYS, Referral.context(found.public_id))
        found.blob, found.wraps = made.blob, made.wraps
        db.session.commit()
    assert run(site, "check").exit_code == 1
    if isinstance(row, dict):
        assert differs(site, name) == Referral.recorded
    else:
        with pytest.raises(envelope.SealingError, match="no readable record"):
            differs(site, name)


def test_rows_from_before_open_are_counted_and_fail_the_check_until_they_are_recorded(site: Flask) -> None:
    first, *_, last = references(site)
    forget_rows(site, first, last)
    assert differs(site, first) is None
    checked = run(site, "check")
    assert checked.exit_code == 1
    assert "3 of 5 rows open and are as they were sealed" in checked.stdout
    assert "2 rows were sealed before columns were recorded: see `flask keys record`" in checked.stdout
    before = rows(site)
    done = run(site, "record", "--batch", "2", private_key=RECOVERY.private)
    assert done.exit_code == 0
    assert "referrals: 2 recorded." in done.stdout
    assert run(site, "check").exit_code == 0
    after = rows(site)
    assert after[1:-1] == before[1:-1]
    assert differs(site, first) == ()
    with site.app_context():
        said = services.open_referral(last, RECOVERY.private).data
    assert said["clinical_summary"] == f"canary of {last}"
    assert "referrals: 0 recorded.\n" in run(site, "record").stdout
    assert rows(site) == after


def test_an_old_row_that_is_put_back_fails_the_check(site: Flask) -> None:
    """Whoever kept a copy from before the update puts it in place of a referral of today."""
    first, second, *_ = references(site)
    forget_rows(site, first)
    with site.app_context():
        old = db.session.get_one(Referral, 1)
        copy = {"public_id": old.public_id, "blob": old.blob, "wraps": old.wraps}
    run(site, "record")
    with site.app_context():
        db.session.delete(db.session.get_one(Referral, 1).events[0])
        db.session.delete(db.session.get_one(Referral, 1))
        db.session.commit()
    change(site, second, **copy)
    checked = run(site, "check")
    assert checked.exit_code == 1
    assert "1 rows were sealed before" in checked.stdout


def test_what_differs_is_not_recorded_away(site: Flask) -> None:
    _, one, two, *_ = references(site)
    exchange(site, one, two)
    before = rows(site)
    assert "referrals: 0 recorded.\n" in run(site, "record").stdout
    assert rows(site) == before


def test_a_row_that_does_not_open_is_named_and_does_not_stop_the_recording(site: Flask) -> None:
    first, second, *rest = references(site)
    forget_rows(site, first, second, *rest)
    change(site, second, blob=b"cut")
    done = run(site, "record", "--batch", "1")
    assert done.exit_code == 1
    assert f"{second}: the record is cut short or empty" in done.stderr
    assert "1 rows were not changed" in done.stderr
    assert [differs(site, name) for name in (first, *rest)] == [()] * 4


def test_a_row_that_was_sealed_again_meanwhile_is_not_recorded_over(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = references(site)
    forget_rows(site, first)
    seal, changed = envelope.seal, list[bool]()

    def seal_again_first(*args: Any) -> envelope.Envelope:
        if not changed:
            changed.append(True)
            row = db.session.get_one(Referral, 1)
            row.seal(details(clinical_summary="changed").as_json(), NEW_KEYS)
            db.session.commit()
        return seal(*args)

    monkeypatch.setattr(envelope, "seal", seal_again_first)
    assert "referrals: 0 recorded." in run(site, "record").stdout
    with site.app_context():
        assert services.open_referral(first, NEW.private).data["clinical_summary"] == "changed"


def test_rotation_keeps_the_record(site: Flask) -> None:
    _, one, two, *_ = references(site)
    exchange(site, one, two)
    site.config["SEALING_PUBLIC_KEYS"] = (OLD.public,)
    assert run(site, "rotate").exit_code == 0
    checked = run(site, "check", private_key=OLD.private)
    assert checked.exit_code == 1
    assert "3 of 5 rows open and are as they were sealed" in checked.stdout
