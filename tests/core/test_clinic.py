"""content/clinic.toml: what is wrong in it is said plainly; and the clinic's day, which is not the server's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask

from core import clinic, clock
from core.config import ConfigError
from tests.builders import referral
from tests.conftest import build
from tests.page import Client

NAMED = 'name = "A Clinic"\nplace = "A Tower"\n'
EVENING = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
"""Still November 23 in Los Angeles."""


@pytest.fixture
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: EVENING)


def load(folder: Path, words: str) -> clinic.Clinic:
    (folder / "clinic.toml").write_text(words)
    (folder / "static").mkdir(exist_ok=True)
    for name in ("static/a.jpg", "static/a.txt", "outside.jpg"):
        (folder / name).touch()
    return clinic.load(folder / "clinic.toml", folder / "static")


@dataclass(frozen=True)
class DeskFacts:
    email: str | None = None
    fax: str | None = None


def start(folder: Path, words: str) -> DeskFacts:
    """As an application does whose one feature has a table."""
    app = Flask("clinic")
    app.config["CLINIC"] = load(folder, words)
    found = clinic.facts(app, "desk", DeskFacts)
    clinic.check(app)
    return found


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (f"{NAMED}street = 5", 'street must be text in quotes, like street = "…", not a number'),
        (f"{NAMED}phone = true", "phone must be text in quotes"),
        (f"{NAMED}phone = 310.5550123", "not a number"),
        (f'{NAMED}phone = ["310"]', "not a list"),
        (f"{NAMED}[hours]\nmonday = 1", "hours must be text in quotes"),
        (f"{NAMED}hours = 09:00:00", "not a date or time"),
        (f'{NAMED}telephone = "1"', "unknown telephone; known are fax"),
        (f'{NAMED}desk_email = "a@b.c"', "desk_email has moved: write it as email in the table [desk]"),
        (f"{NAMED}[desk]\nemail = 5", "[desk] email must be text in quotes"),
        (f"{NAMED}[desk]\nfax = true", "[desk] fax must be text in quotes"),
        (f'{NAMED}[desk]\nmail = "a"', "[desk] unknown mail; known are email, fax"),
        (f'{NAMED}[desk]\nhours = "9"', "unknown hours (it belongs above the first table)"),
        (f"{NAMED}desk = 5", "desk must be a table, [desk], not a number"),
        (f"{NAMED}[door]\n", "unknown table [door]; known are [desk]"),
        (f'{NAMED}timezone = "Pacific"', "'Pacific' is not a time zone"),
        (f'{NAMED}timezone = "../etc"', "'../etc' is not a time zone"),
        ('place = "A Tower"', "name is missing"),
        (f"{NAMED}phone = 0310\n", "line 3"),
        (f'{NAMED}phone = "call us"', "phone must be a phone number, like (310) 555-0123, not 'call us'"),
        (f"{NAMED}fax = 310", "fax must be a phone number"),
        (f'{NAMED}map_link = "http://maps.example"', "map_link must be an address that starts with https://"),
        (f'{NAMED}made_up = "no"', "made_up must be true or false, not text"),
        (f'{NAMED}insurers = "Acme"', 'insurers must be a list of texts in quotes, like insurers = ["…", "…"]'),
        (f"{NAMED}insurers = [5]", "insurers must be a list of texts"),
        (f'{NAMED}insurers = [" "]', "insurers must be a list of texts"),
        (f'{NAMED}people = "Ada"', "people must be written as tables, [[people]] above each, not as text"),
        (f'{NAMED}[people]\nname = "Ada"', "[[people]] above each, not as a table"),
        (f'{NAMED}[[people]]\nlicense = "A1"', "[[people]] number 1: name is missing"),
        (f'{NAMED}[[people]]\nname = "A"\n[[people]]\nname = 5', "[[people]] number 2: name must be text in quotes"),
        (f'{NAMED}[[people]]\nname = "A"\nhours = "9"', "unknown hours (it belongs above the first table); known are"),
        (f'{NAMED}[[prices]]\nwhat = "A visit"', "[[prices]] number 1: amount is missing"),
        (f'{NAMED}[[prices]]\nwhat = "A visit"\namount = 450', "amount must be text in quotes"),
        (f'{NAMED}[[rooms]]\nfile = "a.jpg"', "[[rooms]] number 1: alt is missing"),
        (f'{NAMED}[[rooms]]\nalt = "A room"', "[[rooms]] number 1: file is missing"),
        (f'{NAMED}[[rooms]]\nfile = "b.jpg"\nalt = "A room"', "number 1: file: there is no b.jpg in static/"),
        (f'{NAMED}[[rooms]]\nfile = "../outside.jpg"\nalt = "A"', "there is no ../outside.jpg in static/"),
        (f'{NAMED}[[rooms]]\nfile = "a.txt"\nalt = "A room"', "file must be a picture"),
        (f'{NAMED}[[people]]\nname = "A"\nphotograph = "b.jpg"', "photograph: there is no b.jpg in static/"),
        (f'{NAMED}[[people]]\nname = "A"\nphotograph = "a.jpg"', "photograph_alt is missing: say in words"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_key(tmp_path: Path, words: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        start(tmp_path, words)
    assert problem in refused.value.message
    assert str(tmp_path / "clinic.toml") in refused.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "clinic.toml").write_bytes(b'name = "\xff"')
    for file in (tmp_path / "clinic.toml", tmp_path / "nowhere.toml"):
        with pytest.raises(ConfigError, match=file.name):
            clinic.load(file, tmp_path)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, 'phone = true\n[[people]]\nlicense = "A1"\n[[rooms]]\nfile = "b.jpg"')
    assert len(refused.value.message.splitlines()) == 6


def test_lists_are_read(tmp_path: Path) -> None:
    facts = load(
        tmp_path,
        f'''{NAMED}insurers = [" Acme "]
[[people]]
name = "Ada"
license = " "
photograph = "a.jpg"
photograph_alt = "Ada at her desk"
[[prices]]
what = "A visit"
amount = "$1"
[[rooms]]
file = "a.jpg"
alt = "A room"''',
    )
    assert facts.people == (clinic.Person("Ada", photograph="a.jpg", photograph_alt="Ada at her desk"),)
    assert facts.prices == (clinic.Price("A visit", "$1"),)
    assert facts.rooms == (clinic.Photograph("a.jpg", "A room"),)
    assert (facts.insurers, facts.made_up) == (("Acme",), False)


@pytest.mark.parametrize(
    ("phone", "link"),
    [
        ("(310) 555-0100", "tel:+13105550100"),
        ("+1 310 555 0100", "tel:+13105550100"),
        ("310.555.0100 ext. 12", "tel:+13105550100;ext=12"),
        ("310-555-0100 x12", "tel:+13105550100;ext=12"),
    ],
)
def test_a_phone_number_can_be_dialed(phone: str, link: str) -> None:
    assert clinic.Clinic("a", "b", phone=phone).phone_link == link


def test_a_number_to_call_needs_no_quotes(tmp_path: Path) -> None:
    facts = load(tmp_path, f'{NAMED}phone = 3105550123\nfax = "  "')
    assert (facts.phone, facts.fax) == ("3105550123", None)


def test_a_feature_has_its_own_table(tmp_path: Path) -> None:
    assert start(tmp_path, f'{NAMED}[desk]\nemail = "a@b.c"\nfax = 3105550123') == DeskFacts("a@b.c", "3105550123")
    assert start(tmp_path, f'{NAMED}[desk]\nemail = " "') == start(tmp_path, NAMED) == DeskFacts()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("[door]\n", "unknown table [door]; known are [desk], [referrals]"),
        ('referrals_email = "a@b.c"', "referrals_email has moved: write it as email in the table [referrals]"),
        ("[referrals]\nemail = 5", "[referrals] email must be text"),
    ],
)
def test_a_mistake_in_a_table_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, problem: str
) -> None:
    wrong = load(tmp_path, NAMED + words)
    monkeypatch.setattr(clinic, "load", lambda *_: wrong)
    with pytest.raises(ConfigError) as refused:
        build(tmp_path, f"sqlite:///{tmp_path / 'test.sqlite3'}")
    assert problem in refused.value.message


def test_the_day_is_the_clinics(evening: None) -> None:
    assert clinic.Clinic("a", "b").today() == date(2026, 11, 23)
    assert clinic.Clinic("a", "b", timezone="Asia/Tokyo").today() == date(2026, 11, 24)


def test_dates_of_people_end_with_the_clinics_day(sqlite_app: Flask, evening: None) -> None:
    referrer = Client(sqlite_app, {"HX-Request": "true"})
    token = referrer.token()

    def error(name: str, **changes: str) -> str:
        given = {**token, **referral(**changes), "action": "review"}
        return referrer.post(f"/refer/check/{name}", given).error(name)

    eighteen = {"patient_birth_date_month": "11", "patient_birth_date_year": "2008"}
    assert error("phq9_date", phq9_date="11/23/2026") == ""
    assert "future" in error("phq9_date", phq9_date="11/24/2026")
    assert error("patient_birth_date_year", patient_birth_date_day="23", **eighteen) == ""
    assert "18 or older" in error("patient_birth_date_year", patient_birth_date_day="24", **eighteen)
    assert sqlite_app.config["CLINIC"].timezone == "America/Los_Angeles"
