"""`flask keys rotate`: rotation that may be killed and run again, on both databases. Drafts have keys of their own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import drafts, services
from blueprints.referrals.drafts import PageState
from blueprints.referrals.models import Referral
from core import config
from core.crypto import envelope, models
from core.extensions import db
from tests.referrals.charts import details

pytestmark = pytest.mark.database_decides

OLD, RECOVERY, NEW = (envelope.new_key_pair() for _ in range(3))
OLD_KEYS, NEW_KEYS = (OLD.public, RECOVERY.public), (NEW.public, RECOVERY.public)
OLD_IDS, NEW_IDS = ({envelope.key_id(key) for key in keys} for keys in (OLD_KEYS, NEW_KEYS))
ROOT = Path(__file__).parents[3]


@pytest.fixture
def rotating(app: Flask) -> Flask:
    """A site whose public keys have changed, with 7 referrals from before."""
    app.config.update(SEALING_PUBLIC_KEYS=NEW_KEYS, SEALING_PRIVATE_KEY=OLD.private)
    arrive(app, 7)
    return app


def arrive(app: Flask, count: int, keys: tuple[str, ...] = OLD_KEYS, name: str = "old") -> None:
    with app.app_context():
        for number in range(count):
            services.submit(details(clinical_summary=f"canary {name} {number}"), f"{name}-{number}", None, keys)


def run(app: Flask, *command: str, private_key: str | None = None) -> Result:
    options = ["--private-key-file", "-"] if private_key else []
    return app.test_cli_runner().invoke(args=["keys", *command, *options], input=private_key)


def rows(app: Flask) -> list[tuple[str, bytes, dict[str, str]]]:
    with app.app_context():
        columns = (Referral.reference, Referral.blob, Referral.wraps)
        return [
            (r.reference, bytes(r.blob), r.wraps) for r in db.session.execute(select(*columns).order_by(Referral.id))
        ]


def key_ids(app: Flask) -> list[set[str]]:
    return [set(wraps) for _, _, wraps in rows(app)]


def summaries(app: Flask, private_key: str) -> list[str]:
    """What each referral says, opened with this key."""
    with app.app_context():
        return [services.open_referral(name, private_key).data["clinical_summary"] for name, _, _ in rows(app)]


def test_new_keys_fit_each_other(sqlite_app: Flask) -> None:
    printed = dict(line.rsplit(maxsplit=1) for line in run(sqlite_app, "new").stdout.splitlines())
    assert envelope.public_key_of(printed["private"]) == printed["public"]
    assert envelope.key_id(printed["public"]) == printed["key id"]


def test_rotation_changes_the_keys_and_not_a_byte_of_the_data(rotating: Flask) -> None:
    before = rows(rotating)
    done = run(rotating, "rotate", "--batch", "3")
    assert done.exit_code == 0
    assert "referrals: 7 rewrapped." in done.stdout
    assert "7 of 7 rows are sealed for exactly these keys" in done.stdout
    after = rows(rotating)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert key_ids(rotating) == [NEW_IDS] * 7
    for pair in (NEW, RECOVERY):
        assert summaries(rotating, pair.private) == [f"canary old {n}" for n in range(7)]
    with pytest.raises(envelope.SealingError, match=envelope.key_id(OLD.public)):
        summaries(rotating, OLD.private)


def test_rotating_again_changes_nothing(rotating: Flask) -> None:
    run(rotating, "rotate")
    before = rows(rotating)
    again = run(rotating, "rotate")
    assert (again.exit_code, rows(rotating)) == (0, before)
    assert "referrals: 0 rewrapped." in again.stdout


def test_the_recovery_key_rotates_when_the_clinic_key_is_lost(rotating: Flask) -> None:
    assert run(rotating, "rotate", private_key=RECOVERY.private).exit_code == 0
    assert key_ids(rotating) == [NEW_IDS] * 7


def test_a_wrong_key_changes_nothing_and_is_told_which_is_needed(rotating: Flask) -> None:
    before = rows(rotating)
    refused = run(rotating, "rotate", private_key=NEW.private)
    assert refused.exit_code == 1
    assert envelope.key_id(OLD.public) in refused.stderr
    assert "7 rows were not changed" in refused.stderr
    assert rows(rotating) == before


def test_a_public_key_that_is_none_changes_nothing(rotating: Flask) -> None:
    before = rows(rotating)
    rotating.config["SEALING_PUBLIC_KEYS"] = (NEW.public, "slip")
    refused = run(rotating, "rotate")
    assert refused.exit_code == 1
    assert "Key 2 of SEALING_PUBLIC_KEYS" in refused.stderr
    assert rows(rotating) == before


def test_a_damaged_row_is_named_left_alone_and_does_not_stop_the_others(rotating: Flask) -> None:
    (first, _, wraps), *_ = rows(rotating)
    with rotating.app_context():
        row = db.session.scalars(select(Referral).where(Referral.reference == first)).one()
        row.wraps = dict.fromkeys(wraps, "AAAA")
        db.session.commit()
    done = run(rotating, "rotate", "--batch", "2")
    assert done.exit_code == 1
    assert f"{first}: the wrapped key was changed" in done.stderr
    assert key_ids(rotating) == [OLD_IDS] + [NEW_IDS] * 6


def test_a_row_whose_json_is_damaged_does_not_stop_the_others(sqlite_app: Flask) -> None:
    """PostgreSQL would not take it."""
    sqlite_app.config.update(SEALING_PUBLIC_KEYS=NEW_KEYS, SEALING_PRIVATE_KEY=OLD.private)
    arrive(sqlite_app, 3)
    with sqlite_app.app_context():
        db.session.execute(text("UPDATE referrals SET wraps = '{' WHERE id = 1"))
        db.session.commit()
    done = run(sqlite_app, "rotate")
    assert done.exit_code == 1
    assert "the wrapped keys cannot be read" in done.stderr
    assert "referrals: 2 rewrapped." in done.stdout
    assert run(sqlite_app, "check", private_key=NEW.private).exit_code == 1


def test_a_row_that_was_sealed_again_meanwhile_is_not_overwritten(
    rotating: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading a row and writing it, somebody gives it new contents, with another data key."""
    rewrap, changed = envelope.rewrap, threading.Event()

    def seal_again_first(*args: Any) -> envelope.Envelope:
        if not changed.is_set():
            changed.set()
            row = db.session.scalars(select(Referral).order_by(Referral.id)).first()
            assert row
            row.seal(details(clinical_summary="changed").as_json(), OLD_KEYS)
            db.session.commit()
        return rewrap(*args)

    monkeypatch.setattr(envelope, "rewrap", seal_again_first)
    assert run(rotating, "rotate").exit_code == 0
    assert key_ids(rotating) == [NEW_IDS] * 7
    assert summaries(rotating, NEW.private)[0] == "changed"


def test_referrals_that_arrive_meanwhile_are_rotated_too(rotating: Flask) -> None:
    """The public site may go on sealing for the old keys until it is restarted."""
    with rotating.app_context():
        steps = models.rotate(Referral, OLD.private, NEW_KEYS, 3)
        next(steps)
        with rotating.app_context():
            arrive(rotating, 2, OLD_KEYS, "late")
            arrive(rotating, 2, NEW_KEYS, "new")
        assert sum(step.written for step in steps) == 6
    assert key_ids(rotating) == [NEW_IDS] * 11
    assert len(set(summaries(rotating, NEW.private))) == 11


def test_a_row_that_appears_behind_is_found(rotating: Flask) -> None:
    """PostgreSQL gives out ids before the commit: a row may show up after its place was passed."""
    (_, _, wraps), *_ = rows(rotating)
    with rotating.app_context():
        steps = models.rotate(Referral, OLD.private, NEW_KEYS, 3)
        next(steps)
        db.session.scalars(select(Referral).order_by(Referral.id)).first().wraps = wraps  # type: ignore[union-attr]
        db.session.commit()
        assert sum(step.written for step in steps) == 5
    assert key_ids(rotating) == [NEW_IDS] * 7


def test_referrals_are_sent_while_keys_rotate(rotating: Flask) -> None:
    arrive(rotating, 40, OLD_KEYS, "more")
    sender = threading.Thread(target=arrive, args=(rotating, 20, NEW_KEYS, "new"))
    sender.start()
    assert run(rotating, "rotate", "--batch", "1").exit_code == 0
    sender.join()
    assert key_ids(rotating) == [NEW_IDS] * 67
    assert len(set(summaries(rotating, NEW.private))) == 67


def test_drafts_are_not_touched(rotating: Flask) -> None:
    with rotating.app_context():
        draft_id = drafts.save("t" * 86, PageState("one"), {"referrer_npi": ["12"]}).id
    run(rotating, "rotate")
    with rotating.app_context():
        draft = drafts.load("t" * 86, draft_id)
    assert draft
    assert draft.answers == {"referrer_npi": ["12"]}


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a pipe can be chosen on Linux only")
def test_rotation_that_is_killed_loses_nothing_and_goes_on(app: Flask, database_url: str, tmp_path: Path) -> None:
    app.config.update(SEALING_PUBLIC_KEYS=NEW_KEYS, SEALING_PRIVATE_KEY=OLD.private)
    arrive(app, 150)
    before = rows(app)
    kill_rotation_after_its_first_commit(database_url, tmp_path)

    half = key_ids(app)
    assert 0 < half.count(NEW_IDS) < 150
    assert half.count(OLD_IDS) + half.count(NEW_IDS) == 150
    assert [row[:2] for row in rows(app)] == [row[:2] for row in before]
    with app.app_context():
        for (name, _, _), ids in zip(before, half, strict=True):
            services.open_referral(name, (NEW if ids == NEW_IDS else OLD).private)
    assert run(app, "check", private_key=NEW.private).exit_code == 1

    assert f"referrals: {half.count(OLD_IDS)} rewrapped." in run(app, "rotate").stdout
    assert key_ids(app) == [NEW_IDS] * 150
    assert [row[:2] for row in rows(app)] == [row[:2] for row in before]
    for pair in (NEW, RECOVERY):
        checked = run(app, "check", private_key=pair.private)
        assert checked.exit_code == 0
        assert "150 of 150 rows open and are as they were sealed" in checked.stdout
        assert len(set(summaries(app, pair.private))) == 150


def kill_rotation_after_its_first_commit(database_url: str, tmp_path: Path) -> None:
    """It cannot end before it is killed: its progress goes into a pipe that is too small for all of it."""
    names = {name.upper() for name in config.Settings.__dataclass_fields__}
    env = {name: value for name, value in os.environ.items() if name not in names} | {
        "INSTANCE_PATH": str(tmp_path / "instance"),
        "DATABASE_URL": database_url,
        "SEALING_PUBLIC_KEYS": ",".join(NEW_KEYS),
        "SEALING_PRIVATE_KEY": OLD.private,
    }
    command = [sys.executable, "-m", "flask", "keys", "rotate", "--batch", "1"]
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=writer) as process:
        os.close(writer)
        said = b""
        while b"1 rewrapped" not in said and (more := os.read(reader, 64)):  # First comes a word about the old key.
            said += more
        process.kill()
    os.close(reader)
    assert b"1 rewrapped" in said, said
    assert process.returncode == -9
