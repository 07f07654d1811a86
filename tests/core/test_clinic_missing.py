"""`flask clinic check`: what is missing, and which pages wait for it."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from core.clinic import Person, Photograph, Price, missing

FULL = {
    **dict.fromkeys(("phone", "fax", "street", "map_link", "hours", "security_contact", "medical_reviewer"), "given"),
    "insurers": ("given",),
    "people": (Person("given"),),
    "prices": (Price("given", "given"),),
    "rooms": (Photograph("given", "given"),),
}
OF_REFERRALS = ("email", "urgent_read_within", "hold_blood_pressure")


def test_each_missing_fact_is_listed_with_its_pages(sqlite_app: Flask) -> None:
    done = sqlite_app.test_cli_runner().invoke(args=["clinic", "check"])
    assert done.exit_code == 0
    listed = {line.strip().rpartition("  ")[0].strip() for line in done.output.splitlines()[1:]}
    assert listed == {*FULL, *(f"[referrals] {name}" for name in OF_REFERRALS)}
    assert "prices" in done.output
    assert "/cost" in done.output


def test_strict_fails_while_something_is_missing(sqlite_app: Flask) -> None:
    done = sqlite_app.test_cli_runner().invoke(args=["clinic", "check", "--strict"])
    assert done.exit_code == 1
    assert "14 facts are missing" in done.output


def test_nothing_is_missing_once_everything_is_given(sqlite_app: Flask) -> None:
    sqlite_app.config["CLINIC"] = replace(sqlite_app.config["CLINIC"], **FULL)
    facts = sqlite_app.extensions["clinic_facts"]
    facts["referrals"] = replace(facts["referrals"], **dict.fromkeys(OF_REFERRALS, "given"))
    assert missing(sqlite_app) == []
    done = sqlite_app.test_cli_runner().invoke(args=["clinic", "check", "--strict"])
    assert (done.exit_code, done.output) == (0, "clinic.toml gives every fact that the pages show.\n")
