"""Settings: what production refuses, and what development makes for itself."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from core import config
from core.crypto import envelope
from tests.builders import PRODUCTION
from tests.servers import ROOT


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
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"FLASK_DEBUG": "yes"}, "FLASK_DEBUG"),
        ({"DATABASE_LOCK_TIMEOUT": "soon"}, "DATABASE_LOCK_TIMEOUT must be a number of seconds"),
        ({"DATABASE_CONNECT_TIMEOUT": "0"}, "DATABASE_CONNECT_TIMEOUT must be a number of seconds"),
        ({"DATABASE_POOL_SIZE": "-1"}, "DATABASE_POOL_SIZE must be a whole number"),
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
    private = envelope.new_key_pair().private
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


@pytest.mark.parametrize("off", ["", "0", "false", "No"])
def test_debugging_that_is_off_is_fine(tmp_path: Path, off: str) -> None:
    assert config.read({**PRODUCTION, "FLASK_DEBUG": off}, tmp_path).production


@pytest.mark.parametrize("switch", [{"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}])
def test_production_refuses_to_debug_whoever_asks(tmp_path: Path, switch: dict[str, bool]) -> None:
    with pytest.raises(config.ConfigError, match="FLASK_DEBUG"):
        create_app({**PRODUCTION, "INSTANCE_PATH": str(tmp_path), **switch})


@pytest.mark.parametrize("command", [["--debug", "routes"], ["run", "--debug"]])
def test_the_switch_of_a_command_is_refused_too(tmp_path: Path, command: list[str]) -> None:
    values = {**os.environ, **PRODUCTION, "INSTANCE_PATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "flask", *command], cwd=ROOT, env=values, capture_output=True, text=True
    )
    assert run.returncode != 0
    assert "FLASK_DEBUG (or --debug) must not be set" in run.stderr
    assert "Traceback" not in run.stderr


def test_times_of_the_database_are_settings(tmp_path: Path) -> None:
    given = {"DATABASE_LOCK_TIMEOUT": "1.5", "DATABASE_STATEMENT_TIMEOUT": "3", "DATABASE_POOL_SIZE": "4"}
    settings = config.read(given, tmp_path)
    assert settings.database_lock_timeout == 1.5
    assert settings.database_statement_timeout == 3
    assert settings.database_pool_size == 4
    assert settings.database_connect_timeout == 2


def test_the_address_of_a_server_on_ipv6_is_one(tmp_path: Path) -> None:
    assert config.flask_config(config.read({"HOST": "::1"}, tmp_path))["SITE_URL"] == "http://[::1]:5000"
