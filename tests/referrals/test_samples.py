"""Referrals of every version are opened, shown, assessed and exported by this build."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from flask import Flask

from blueprints.referrals import details, services
from blueprints.referrals.assessment.assess import RULE_SETS, assess
from blueprints.referrals.assessment.models import assessment_input_of
from blueprints.referrals.fhir.bundle import bundle
from blueprints.referrals.models import Referral
from core.crypto import envelope
from core.extensions import db
from tests.referrals import samples
from tests.referrals.fhir.test_bundle import problems, resources
from tests.referrals.test_commands import run

NAMES = sorted(file.name for file in samples.FOLDER.iterdir())
TODAY = date(2026, 11, 24)


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    return samples.load(request.param)


@pytest.fixture
def kept(app: Flask, sample: dict[str, Any]) -> Flask:
    """A site whose database has the sample, from before."""
    with app.app_context():
        db.session.add(samples.row_of(sample))
        db.session.commit()
    public = envelope.public_key_of(sample["private_key"])
    app.config.update(SEALING_PRIVATE_KEY=sample["private_key"], SEALING_PUBLIC_KEYS=(public,))
    return app


def is_recorded(sample: dict[str, Any]) -> bool:
    return "recorded" in sample


def test_there_is_a_sample_of_each_version() -> None:
    versions = {samples.load(name)["details"]["version"] for name in NAMES}
    assert versions == set(range(1, details.VERSION + 1))
    assert samples.PRESENT in NAMES


def test_a_change_of_the_fields_comes_with_a_version_and_a_sample() -> None:
    """Failed? Raise VERSION in details.py (or ROW_VERSION in crypto/models.py), run tests.referrals.samples."""
    present = samples.load(samples.PRESENT)
    assert present["fields"] == samples.shape()
    assert present["recorded"] == list(Referral.recorded)
    assert set(present["details"]) == {"version", *samples.shape()["ReferralDetails"]}
    assert {tuple(trial) for trial in present["details"]["trials"]} == {tuple(samples.shape()["Trial"])}


def test_each_kind_of_field_can_be_read_and_has_a_blank() -> None:
    kinds = {kind for fields in samples.shape().values() for kind in fields.values()}
    assert kinds <= set(details.KINDS)
    blank = details.read({"version": 1})
    assert details.read(json.loads(json.dumps(blank.as_json()))) == blank


def within(sample: Any, said: Any) -> Any:
    """What `said` has of the sample's fields, also in each medication."""
    if isinstance(sample, dict) and isinstance(said, dict):
        return {name: within(value, said.get(name)) for name, value in sample.items()}
    if isinstance(sample, list) and isinstance(said, list) and len(sample) == len(said):
        return [within(*pair) for pair in zip(sample, said, strict=True)]
    return said


def test_it_opens_and_says_what_it_said(kept: Flask, sample: dict[str, Any]) -> None:
    with kept.app_context():
        opened = services.open_referral(sample["reference"], sample["private_key"])
    said = json.loads(json.dumps(opened.data))
    assert within(sample["details"], said) == sample["details"]
    assert set(said) == {"version", *samples.shape()["ReferralDetails"]}
    assert opened.differs == (() if is_recorded(sample) else None)


def test_it_is_shown_and_exported(kept: Flask, sample: dict[str, Any]) -> None:
    shown = json.loads(run(kept, "show", sample["reference"]).stdout)
    for name in ("reference", "priority", "version", "clinical_summary", "patient_family_name"):
        assert shown[name] == {**sample, **sample["details"]}[name]
    assert shown["differs"] == ([] if is_recorded(sample) else None)
    assert json.loads(run(kept, "export").stdout) == shown
    for command in (["show", sample["reference"]], ["export"]):
        done = run(kept, *command, "--format", "fhir")
        assert done.exit_code == 0
        assert ("before the row was recorded" in done.stderr) is not is_recorded(sample)
        bundle = json.loads(done.stdout)
        assert problems(bundle) == []
        trials = sample["details"].get("trials", [])
        assert len(resources(bundle, "MedicationStatement")) == len(trials)
        assert resources(bundle, "Patient")[0]["birthDate"] == sample["details"]["patient_birth_date"]


def test_it_is_assessed(sample: dict[str, Any]) -> None:
    case = assessment_input_of(details.read(sample["details"]), TODAY)
    assert case.phq9_score == sample["details"]["phq9_score"]
    assert len(case.trials) == len(sample["details"].get("trials", []))
    for assessment in (assess(case, rules) for rules in RULE_SETS):
        assert len(assessment.trials) == len(case.trials)
        assert assessment.verdict in ("yes", "no", "cannot_tell", "does_not_apply")


def test_what_a_later_version_adds_does_not_stop_this_one() -> None:
    data = samples.load(samples.PRESENT)["details"]
    trials = [{**trial, "later": 1} for trial in data["trials"]]
    later = {**data, "version": details.VERSION + 1, "later": {"x": [1]}, "trials": trials}
    assert details.read(later) == details.read(data)
    assert problems(bundle(later, "KTC-22222222", samples.row_of(samples.load(NAMES[0])).received_at)) == []


WRONG: list[tuple[str, Any]] = [
    ("version", "2"),
    ("version", 0),
    ("version", True),
    ("version", None),
    ("version", "\ud800"),
    ("clinical_summary", None),
    ("clinical_summary", "\ud800"),
    ("patient_language", []),
    ("patient_interpreter", "yes"),
    ("phq9_score", True),
    ("phq9_score", 1.5),
    ("weight_kg", float("nan")),
    ("weight_kg", float("inf")),
    ("service_requested", "spravato"),
    ("service_requested", [1]),
    ("trials", {}),
    ("trials", [1]),
    ("trials", [{"medication": None}]),
    ("safety", []),
    ("safety", {"mania": 1}),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=ascii)
def test_a_referral_that_no_form_would_send_is_named_and_does_not_stop_the_others(
    sqlite_app: Flask, name: str, value: Any
) -> None:
    """Whoever has the public key and writes to the database can seal anything."""
    keys = sqlite_app.config["SEALING_PUBLIC_KEYS"]
    with sqlite_app.app_context():
        wrong, good = (services._sealed(details.read(samples.load(NAMES[0])["details"]), key, keys) for key in "ab")
        wrong.seal({**samples.load(samples.PRESENT)["details"], name: value}, keys)
        db.session.add_all([wrong, good])
        db.session.commit()
        references = wrong.reference, good.reference
    for form in ("json", "fhir"):
        done = run(sqlite_app, "export", "--format", form)
        assert done.exit_code == 1
        assert (
            f"{references[0]} cannot be opened: its content is not a referral: {'its ' * (name == 'version')}{name}"
            in (done.stderr)
        )
        assert references[1] in done.stdout
        assert len(done.stdout.splitlines()) == 1
    assert "cannot be opened" in run(sqlite_app, "show", references[0]).stderr


def test_a_score_that_is_none_is_exported(sqlite_app: Flask) -> None:
    data = {**samples.load(samples.PRESENT)["details"], "phq9_item9": 9}
    exported = bundle(data, "KTC-22222222", samples.row_of(samples.load(NAMES[0])).received_at)
    assert problems(exported) == []
