"""`flask referrals`, on both databases."""

from __future__ import annotations

import json
import stat
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from fhir.resources.R4B.bundle import Bundle
from flask import Flask
from sqlalchemy import text, update

from blueprints.referrals import drafts, services
from blueprints.referrals.drafts import PageState
from blueprints.referrals.models import Referral
from core import batches, clock
from core.crypto import envelope
from core.extensions import db
from tests.builders import CANARIES
from tests.referrals.charts import details

MOMENTS = ("2026-11-20T07:59:59+00:00", "2026-11-20T08:00:00+00:00", "2026-11-21T12:00:00+00:00")


def run(app: Flask, *command: str, stdin: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["referrals", *command], input=stdin)


def arrive(app: Flask, *priorities: str) -> list[str]:
    """References of new referrals."""
    keys = app.config["SEALING_PUBLIC_KEYS"]
    with app.app_context():
        count = len(list(services.summaries()))
        return [
            services.submit(details(priority=priority), f"key-{count + number}", None, keys)
            for number, priority in enumerate(priorities)
        ]


def damage(app: Flask, reference: str, **values: object) -> None:
    with app.app_context():
        db.session.execute(update(Referral).where(Referral.reference == reference).values(**values))
        db.session.commit()


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of rows is more than one batch."""
    monkeypatch.setattr(batches, "MOST", 2)


@pytest.mark.usefixtures("small_batches")
def test_the_list_has_urgent_ones_first_and_nothing_of_the_patient(app: Flask) -> None:
    first, second, third, fourth, fifth = arrive(app, "routine", "urgent", "routine", "urgent", "urgent")
    table = run(app, "list")
    assert [line.split()[0] for line in table.stdout.splitlines()] == [
        "REFERENCE",
        *(second, fourth, fifth, first, third),
    ]
    assert "canary" not in table.stdout
    listed = lines(run(app, "list", "--format", "json", "--limit", "3").stdout)
    assert [row["reference"] for row in listed] == [second, fourth, fifth]
    assert set(listed[0]) == {"reference", "received_at", "priority", "status", "email", "marks", "outcome"}


def test_the_list_is_in_the_time_of_the_center(app: Flask) -> None:
    (reference,) = arrive(app, "routine")
    damage(app, reference, received_at=datetime.fromisoformat("2026-11-20T22:05:00+00:00"))
    assert f"{reference}  2026-11-20 14:05 PST  routine   new" in run(app, "list").stdout


def test_one_is_shown_as_json_or_fhir(app: Flask) -> None:
    (reference,) = arrive(app, "urgent")
    shown = json.loads(run(app, "show", reference.lower()).stdout)
    assert shown["reference"] == reference
    assert shown["trials"][0]["medication"] == "Zoloft"
    bundle = json.loads(run(app, "show", reference, "--format", "fhir").stdout)
    assert Bundle.model_validate(bundle).type == "transaction"
    assert reference in json.dumps(bundle)


def test_a_private_key_may_come_from_a_file_or_stdin(app: Flask, tmp_path: Path) -> None:
    (reference,) = arrive(app, "urgent")
    private, app.config["SEALING_PRIVATE_KEY"] = app.config["SEALING_PRIVATE_KEY"], ""
    refused = run(app, "show", reference)
    assert refused.exit_code == 1
    assert "--private-key-file" in refused.stderr
    (tmp_path / "key").write_text(private + "\n")
    for source, stdin in ((str(tmp_path / "key"), None), ("-", private)):
        assert run(app, "show", reference, "--private-key-file", source, stdin=stdin).exit_code == 0


@pytest.mark.parametrize("wrong", ["secret-with-a-slip", "AAAA", "é" * 40])
def test_what_is_no_key_is_not_repeated(app: Flask, wrong: str) -> None:
    refused = run(app, "show", "KTC-22222222", "--private-key-file", "-", stdin=wrong)
    assert refused.exit_code == 1
    assert "it is not a private key (ktc-priv-1…), or a character of it is wrong" in refused.stderr
    assert wrong not in refused.output


def test_another_key_is_told_which_one_is_needed(app: Flask) -> None:
    arrive(app, "urgent")
    app.config["SEALING_PRIVATE_KEY"] = envelope.new_key_pair().private
    refused = run(app, "export")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert envelope.key_id(app.config["SEALING_PUBLIC_KEYS"][0]) in refused.stderr


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("form", ["json", "fhir"])
def test_all_are_exported_one_a_line(app: Flask, tmp_path: Path, form: str) -> None:
    references = arrive(app, "routine", "urgent", "routine")
    file = tmp_path / "export.ndjson"
    done = run(app, "export", "--format", form, "--out", str(file))
    assert done.exit_code == 0
    assert (done.stdout, done.stderr) == ("", "3 referrals exported.\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(app, "export", "--format", form).stdout == file.read_text()
    exported = lines(file.read_text())
    for reference, line in zip(references, exported, strict=True):
        assert reference in json.dumps(line)
        if form == "fhir":
            Bundle.model_validate(line)


def test_nothing_is_overwritten(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    file.write_text("precious")
    refused = run(app, "export", "--out", str(file))
    assert refused.exit_code == 1
    assert "already exists" in refused.stderr
    assert file.read_text() == "precious"
    assert "cannot be written" in run(app, "export", "--out", str(tmp_path / "no" / "where")).stderr


def test_since_is_a_day_of_the_center(app: Flask) -> None:
    references = arrive(app, *["routine"] * 3)
    for reference, moment in zip(references, MOMENTS, strict=True):
        damage(app, reference, received_at=datetime.fromisoformat(moment))
    exported = lines(run(app, "export", "--since", "2026-11-20").stdout)
    assert [line["reference"] for line in exported] == references[1:]


def test_a_damaged_row_is_named_and_does_not_stop_the_others(app: Flask) -> None:
    good, flipped, swapped, unwrapped, last = arrive(app, *["routine"] * 5)
    with app.app_context():
        blob = db.session.scalar(text("SELECT blob FROM referrals WHERE reference = :r"), {"r": good})
    damage(app, flipped, blob=bytes(blob))
    damage(app, swapped, wraps={key: "AAAA" for key in map(envelope.key_id, app.config["SEALING_PUBLIC_KEYS"])})
    damage(app, unwrapped, wraps={})
    export = run(app, "export")
    assert export.exit_code == 1
    assert [line["reference"] for line in lines(export.stdout)] == [good, last]
    for reference in (flipped, swapped, unwrapped):
        assert f"{reference} cannot be opened" in export.stderr
    assert "3 referrals could not be opened" in export.stderr
    assert not [canary for canary in ("canary", *CANARIES) if canary in export.stderr]


def test_a_row_whose_json_is_damaged_does_not_stop_the_others(sqlite_app: Flask) -> None:
    """PostgreSQL would not take it."""
    broken, good = arrive(sqlite_app, "routine", "routine")
    with sqlite_app.app_context():
        db.session.execute(text("UPDATE referrals SET wraps = '{' WHERE reference = :r"), {"r": broken})
        db.session.commit()
    export = run(sqlite_app, "export")
    assert [line["reference"] for line in lines(export.stdout)] == [good]
    assert f"{broken} cannot be opened" in export.stderr


def test_whoever_reads_slowly_holds_no_lock(app: Flask) -> None:
    arrive(app, "routine", "routine")
    with app.app_context():
        opened, listed = services.opened(app.config["SEALING_PRIVATE_KEY"]), services.summaries()
        next(opened), next(listed)
        assert not db.session().in_transaction()
        assert len(list(opened)) == len(list(listed)) == 1


def test_expired_drafts_are_purged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    with app.app_context():
        for age in (0.0, 0.3, 0.6):
            monkeypatch.setattr(clock, "now", lambda age=age: start + age * drafts.LIFETIME)
            drafts.save("t" * 86, PageState(f"draft {age}"), {})
    monkeypatch.setattr(clock, "now", lambda: start + 1.4 * drafts.LIFETIME)
    assert run(app, "purge-drafts").stdout == "2 expired drafts deleted\n"
    assert run(app, "purge-drafts").stdout == "0 expired drafts deleted\n"
