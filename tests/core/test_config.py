"""Settings: what production refuses, and what development makes for itself."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core import config, sealing
from tests.builders import PRODUCTION


def test_production_names_everything_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as refused:
        config.read({"SITE_ENV": "production"}, tmp_path)
    for name in ("SECRET_KEY", "SITE_URL", "TRUSTED_HOSTS", "SEALING_PUBLIC_KEYS"):
        assert f"{name} is missing" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "too short"),
        ({"SITE_URL": "http://clinic.example"}, "https://"),
        ({"SEALING_PUBLIC_KEYS": "not-a-key"}, "SEALING_PUBLIC_KEYS"),
        ({"SEALING_PRIVATE_KEY": "x", "SITE_PARTS": "public"}, "SEALING_PRIVATE_KEY must not be"),
        ({"SEALING_PRIVATE_KEY": "x"}, "SEALING_PRIVATE_KEY must not be"),
        ({"SITE_PARTS": "Public"}, "SITE_PARTS must be one of"),
        ({"PORT": "http"}, "PORT must be a whole number"),
        ({"SITE_ENV": "prod"}, "development or production"),
    ],
)
def test_production_refuses(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(config.ConfigError, match=message):
        config.read({**PRODUCTION, **change}, tmp_path)


def test_production_starts_with_what_it_needs_and_makes_no_keys(tmp_path: Path) -> None:
    settings = config.read(PRODUCTION, tmp_path)
    assert settings.production
    assert not settings.development_keys
    assert list(tmp_path.iterdir()) == []


def test_staff_may_hold_the_private_key(tmp_path: Path) -> None:
    private = sealing.new_key_pair().private
    settings = config.read({**PRODUCTION, "SITE_PARTS": "staff", "SEALING_PRIVATE_KEY": private}, tmp_path)
    assert settings.sealing_private_key == private


def test_development_makes_its_keys_once_and_for_the_owner_only(tmp_path: Path) -> None:
    first, second = config.read({}, tmp_path), config.read({}, tmp_path)
    assert first == second
    assert first.development_keys
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d"])
def test_usual_ways_to_write_a_postgres_address_work(tmp_path: Path, url: str) -> None:
    assert config.read({"DATABASE_URL": url}, tmp_path).database_url == "postgresql+psycopg://u@h/d"
