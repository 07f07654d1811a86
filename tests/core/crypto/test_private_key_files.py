"""The file with the private key, as editors, shells and accidents leave it; and keys that are wrong in the settings."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core import config
from core.crypto import dev_keys, envelope, key_check, key_text
from tests.builders import PRODUCTION
from tests.conftest import build
from tests.core.crypto.test_commands import run

PAIR, RECOVERY = envelope.new_key_pair(), envelope.new_key_pair()
FILES = {
    "plain": PAIR.private,
    "a line": f"{PAIR.private}\n",
    "Windows": f"\ufeff{PAIR.private}\r\n",
    "spaces": f" \t{PAIR.private} \n\n",
    "capitals": PAIR.private.upper(),
}
NO_FILES = {
    "empty": b"",
    "blank": b" \r\n",
    "byte order mark": b"\xef\xbb\xbf",
    "UTF-16": f"\ufeff{PAIR.private}".encode("utf-16"),
    "binary": bytes(range(256)),
    "long": b"x" * 10_000_000,
    "two keys": f"{PAIR.private}\n{PAIR.private}".encode(),
    "what flask keys new prints": f"public  {PAIR.public}\nprivate {PAIR.private}\n".encode(),
    "public": PAIR.public.encode(),
    "control characters": PAIR.private.encode() + b"\0",
    "cut": PAIR.private[:-1].encode(),
}


def untyped(key: str) -> str:
    """As keys were written before they had types."""
    raw = key_text.decode(key_text.PUBLIC if key.startswith("ktc-pub") else key_text.PRIVATE, key)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.fixture
def site(sqlite_app: Flask) -> Flask:
    sqlite_app.config.update(SEALING_PUBLIC_KEYS=(PAIR.public, RECOVERY.public), SEALING_PRIVATE_KEY="")
    return sqlite_app


def check(site: Flask, file: Path | str, stdin: bytes | None = None) -> Any:
    return site.test_cli_runner().invoke(args=["keys", "check", "--private-key-file", str(file)], input=stdin)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_file_with_one_key_is_read(site: Flask, tmp_path: Path, text: str) -> None:
    file = tmp_path / "clinic.key"
    file.write_bytes(text.encode())
    file.chmod(0o600)
    for result in (check(site, file), check(site, "-", text.encode())):
        assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("raw", NO_FILES.values(), ids=NO_FILES)
def test_any_other_file_is_refused_in_plain_words(site: Flask, tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "clinic.key"
    file.write_bytes(raw)
    for result in (check(site, file), check(site, "-", raw)):
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert "private key" in result.stderr
        assert PAIR.private not in result.output


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_warned_about(site: Flask, tmp_path: Path, mode: int, warned: bool) -> None:
    file = tmp_path / "clinic.key"
    file.write_text(PAIR.private)
    file.chmod(mode)
    result = check(site, file)
    assert result.exit_code == 0
    assert ("chmod 600" in result.stderr) is warned


WRONG = {
    "a private key": (PAIR.private, RECOVERY.public),
    "with junk before it": ("!!" + untyped(PAIR.public),),
    "zero": ("A" * 43,),
    "typed zero": (key_text.encode(key_text.PUBLIC, bytes(32)),),
    "a slip": (PAIR.public, RECOVERY.public[:-1] + ("q" if RECOVERY.public[-1] != "q" else "p")),
    "twice": (PAIR.public, PAIR.public),
    "twice, once as before": (PAIR.public, untyped(PAIR.public)),
    "an old private key beside its own public one": (untyped(PAIR.private), PAIR.public),
    "not text that a key is made of": ("é" * 43,),
}


@pytest.mark.parametrize("keys", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("base", [PRODUCTION, {"SECRET_KEY": "k" * 40}], ids=["production", "development"])
def test_wrong_public_keys_stop_the_start_and_are_not_repeated(
    tmp_path: Path, keys: tuple[str, ...], base: dict[str, str]
) -> None:
    with pytest.raises(config.ConfigError, match="SEALING_PUBLIC_KEYS") as refused:
        config.read({**base, "SEALING_PUBLIC_KEYS": ",".join(keys)}, tmp_path)
    assert not [key for key in keys if key in str(refused.value)]


@pytest.mark.parametrize("keys", ["", ",", " , "])
def test_no_key_at_all_stops_production(tmp_path: Path, keys: str) -> None:
    with pytest.raises(config.ConfigError, match="SEALING_PUBLIC_KEYS is missing"):
        config.read({**PRODUCTION, "SEALING_PUBLIC_KEYS": keys}, tmp_path)


@pytest.mark.parametrize("private", ["slip", PAIR.public, PAIR.private[:-1], "\x1b[2J"])
@pytest.mark.parametrize("base", [{**PRODUCTION, "SITE_PARTS": "staff"}, {}], ids=["production", "development"])
def test_a_wrong_private_key_stops_the_start(tmp_path: Path, private: str, base: dict[str, str]) -> None:
    with pytest.raises(config.ConfigError, match="SEALING_PRIVATE_KEY cannot be used") as refused:
        config.read({**base, "SEALING_PRIVATE_KEY": private}, tmp_path)
    assert private not in str(refused.value)


def test_an_old_private_key_in_place_of_the_public_one_is_found_where_the_pair_is(tmp_path: Path) -> None:
    private = untyped(PAIR.private)
    staff = {**PRODUCTION, "SITE_PARTS": "staff", "SEALING_PRIVATE_KEY": PAIR.private}
    with pytest.raises(config.ConfigError, match="contains a private key") as refused:
        config.read({**staff, "SEALING_PUBLIC_KEYS": private}, tmp_path)
    assert private not in str(refused.value)


def test_a_setting_that_is_no_number_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError) as refused:
        config.read({"PORT": PAIR.private}, tmp_path)
    assert PAIR.private not in str(refused.value)


def test_keys_of_both_kinds_and_times_go_together(tmp_path: Path) -> None:
    keys = f"{untyped(PAIR.public)},{RECOVERY.public.upper()}"
    staff = {**PRODUCTION, "SITE_PARTS": "staff", "SEALING_PUBLIC_KEYS": keys}
    assert config.read({**staff, "SEALING_PRIVATE_KEY": untyped(PAIR.private)}, tmp_path).production
    for private in (PAIR.private, untyped(PAIR.private), RECOVERY.private):
        assert key_check.fits(private, keys.split(","))
    assert not key_check.fits(envelope.new_key_pair().private, keys.split(","))


@pytest.mark.parametrize(("private", "warned"), [(PAIR.private, False), (RECOVERY.private, False), ("other", True)])
def test_a_private_key_that_fits_nothing_is_said_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, private: str, warned: bool
) -> None:
    """While keys are rotated that is right, so the site starts."""
    key = envelope.new_key_pair().private if private == "other" else private
    keys = {"SEALING_PUBLIC_KEYS": (PAIR.public, RECOVERY.public), "SEALING_PRIVATE_KEY": key}
    with caplog.at_level(logging.WARNING, "site"):
        build(tmp_path, f"sqlite:///{tmp_path / 'test.sqlite3'}", **keys)
    assert ("SEALING_PRIVATE_KEY does not match" in caplog.text) is warned
    assert key not in caplog.text


def test_new_keys_are_typed(sqlite_app: Flask) -> None:
    printed = dict(line.rsplit(maxsplit=1) for line in run(sqlite_app, "new").stdout.splitlines())
    assert printed["public"].startswith("ktc-pub-1")
    assert printed["private"].startswith("ktc-priv-1")


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", "\x00", "other", "swapped", "none", "short", "extra"])
def test_damaged_keys_of_development_are_said_and_not_made_anew(tmp_path: Path, damage: str) -> None:
    dev_keys.load_or_create(tmp_path)
    (file,) = tmp_path.iterdir()
    saved = json.loads(file.read_text())
    changes: dict[str, dict[str, Any]] = {
        "other": {"private_key": "ktc-priv-1slip"},
        "swapped": {"public_keys": [saved["private_key"]]},
        "none": {"public_keys": []},
        "short": {"secret_key": ""},
        "extra": {"more": 1},
    }
    text = json.dumps({**saved, **changes[damage]}) if damage in changes else damage
    file.write_text(text)
    with pytest.raises(config.ConfigError, match=r"development-keys\.json cannot be read\. Move it away") as refused:
        config.read({}, tmp_path)
    assert "slip" not in str(refused.value)
    assert file.read_text() == text


def test_keys_of_development_from_before_types_are_read(tmp_path: Path) -> None:
    made = dev_keys.load_or_create(tmp_path)
    (file,) = tmp_path.iterdir()
    saved = json.loads(file.read_text())
    old = {name: untyped(saved[name]) for name in ("private_key", "recovery_private_key")}
    file.write_text(json.dumps({**saved, **old, "public_keys": [untyped(key) for key in saved["public_keys"]]}))
    read = config.read({}, tmp_path)
    assert key_check.fits(read.sealing_private_key, made.public_keys)
    assert key_check.fits(made.recovery_private_key, read.sealing_public_keys)
