"""Settings: documented here, read once from the environment. In production the site does not start without them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask

from core.crypto import dev_keys, key_check

DEBUGGING = "FLASK_DEBUG (or --debug) must not be set: a debugger shows what people typed and lets visitors run code."
# Seconds. Without these timeouts a frozen Redis would hang every form.
REDIS_TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 1}
SITE_PARTS = ("public", "staff", "public,staff")


class ConfigError(click.ClickException):
    """The settings cannot be used. The message names each one that is missing or wrong; commands show it as it is."""


@dataclass(frozen=True)
class Settings:
    """The site's settings. Each field is the environment variable of the same name in upper case."""

    instance: Path
    site_env: str = "development"
    """development | production."""
    demo: bool = False
    """1 shows a made-up clinic (content/clinic.demo.toml) instead of yours, with a database of its own in
    instance/demo, and sends no mail. Development only."""
    site_parts: str = "public,staff"
    """Which parts this process runs: public | staff | public,staff. Production defaults to public."""
    secret_key: str = ""
    """Signs sessions and form tokens. Any long random text."""
    address_hash_key: str = ""
    """Key of the hashes by which addresses are counted and suppressed; the same in every process. Default: SECRET_KEY.
    Before you change SECRET_KEY, set this to the old one: with another key, suppressed addresses are not recognized."""
    site_url: str = ""
    """The public URL of the site, for example https://clinic.example. Links in mail start with it."""
    trusted_hosts: tuple[str, ...] = ()
    """Host names that the site accepts, separated by commas."""
    database_url: str = ""
    """SQLAlchemy URL. Default: SQLite in instance/."""
    database_pool_size: int = 15
    """Database connections per process; a request waits for a free one."""
    database_pool_timeout: float = 2
    """Seconds that a request waits for a free connection. With the defaults, a request fails within 10 seconds: this,
    all statements together, one extra second, and one last attempt to connect."""
    database_connect_timeout: float = 2
    """Seconds to connect to PostgreSQL, and to wait for an idle connection to respond to a ping; at least 2."""
    database_statement_timeout: float = 5
    """Seconds that PostgreSQL may take for one statement of a request. Commands have no such limit."""
    database_lock_timeout: float = 4
    """Seconds that a request waits for a lock held by another transaction (on SQLite, the write lock)."""
    mail_url: str = ""
    """smtp://user:password@host:587 (STARTTLS), smtps://…:465, or empty to keep mail without sending it."""
    mail_from: str = ""
    """Sender of the site's mail. Default: no-reply@ the host of SITE_URL."""
    ratelimit_storage_uri: str = "memory://"
    """Where rate limits are counted: memory://, or redis://… if there is more than one process."""
    sealing_public_keys: tuple[str, ...] = ()
    """The clinic's public key, then an offline recovery key: ktc-pub-1…, separated by commas."""
    sealing_private_key: str = ""
    """The clinic's private key, ktc-priv-1…. Set it only where staff read referrals, never on the public site."""
    trusted_proxies: int = 0
    """How many reverse proxies are in front of the site and set X-Forwarded-For and X-Forwarded-Proto."""
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    """Number of server processes in production. More than one needs a shared RATELIMIT_STORAGE_URI."""
    form_turn_within: int = 15
    """Seconds that a form waits for its turn when too many arrive at once, before the response is 503."""
    development_keys: bool = field(default=False)

    @property
    def production(self) -> bool:
        return self.site_env == "production"


def read(values: Mapping[str, Any], instance: Path) -> Settings:
    """Settings from a mapping such as os.environ. Raises ConfigError with every problem at once."""
    settings = _parse(values, instance)
    if not settings.production:
        settings = _with_development_keys(settings)
    problems = list(_problems(settings)) if settings.production else list(_key_problems(settings))
    if settings.production and (_is_on(values, "FLASK_DEBUG") or _is_on(values, "DEBUG")):
        problems.append(DEBUGGING)
    if problems:
        raise ConfigError(f"The site cannot start in {settings.site_env}:\n  - " + "\n  - ".join(problems))
    return settings


def instance_folder(values: Mapping[str, Any], default: Path) -> Path:
    """Where the site keeps its own files. A demo has a folder of its own in it."""
    folder = Path(values.get("INSTANCE_PATH", default))
    return folder / "demo" if _is_on(values, "DEMO") else folder


def _parse(values: Mapping[str, Any], instance: Path) -> Settings:
    demo = _is_on(values, "DEMO")
    env = _text(values, "SITE_ENV") or "development"
    if env not in ("development", "production"):
        raise ConfigError("SITE_ENV must be development or production.")
    return Settings(
        instance=instance,
        site_env=env,
        demo=demo,
        site_parts=_parts(values, "public" if env == "production" else "public,staff"),
        secret_key=_text(values, "SECRET_KEY"),
        address_hash_key=_text(values, "ADDRESS_HASH_KEY"),
        site_url=_text(values, "SITE_URL").rstrip("/"),
        trusted_hosts=_list(values, "TRUSTED_HOSTS"),
        database_url=_database_url("" if demo else _text(values, "DATABASE_URL"), instance),
        **_database_limits(values),
        mail_url="" if demo else _text(values, "MAIL_URL"),
        mail_from=_text(values, "MAIL_FROM"),
        ratelimit_storage_uri=_text(values, "RATELIMIT_STORAGE_URI") or "memory://",
        sealing_public_keys=_list(values, "SEALING_PUBLIC_KEYS"),
        sealing_private_key=_text(values, "SEALING_PRIVATE_KEY"),
        trusted_proxies=_number(values, "TRUSTED_PROXIES", 0),
        host=_text(values, "HOST") or "127.0.0.1",
        port=_number(values, "PORT", 5000),
        workers=_number(values, "WORKERS", 1) or 1,
        form_turn_within=_number(values, "FORM_TURN_WITHIN", 0) or 15,
    )


def _problems(settings: Settings) -> list[str]:
    required = {
        "SECRET_KEY": settings.secret_key,
        "SITE_URL": settings.site_url,
        "TRUSTED_HOSTS": settings.trusted_hosts,
        "SEALING_PUBLIC_KEYS": settings.sealing_public_keys,
    }
    problems = [f"{name} is missing." for name, value in required.items() if not value]
    if settings.secret_key and len(settings.secret_key) < 32:
        problems.append("SECRET_KEY is too short: use at least 32 random characters.")
    if settings.address_hash_key and len(settings.address_hash_key) < 32:
        problems.append("ADDRESS_HASH_KEY is too short: use at least 32 random characters.")
    if settings.site_url and not settings.site_url.startswith("https://"):
        problems.append("SITE_URL must start with https://.")
    problems += _key_problems(settings)
    if settings.demo:
        problems.append("DEMO must not be set: it shows a clinic that does not exist.")
    if settings.workers > 1 and settings.ratelimit_storage_uri.startswith("memory:"):
        problems.append("RATELIMIT_STORAGE_URI must be shared, for example redis://…, if WORKERS is more than 1.")
    if settings.site_parts == "public" and settings.sealing_private_key:
        problems.append(
            "SEALING_PRIVATE_KEY must not be in the environment of the public site: "
            "unset it, or set SITE_PARTS=staff where staff read referrals."
        )
    return problems


def _key_problems(settings: Settings) -> list[str]:
    return list(key_check.problems(settings.sealing_public_keys, settings.sealing_private_key))


def _with_development_keys(settings: Settings) -> Settings:
    if settings.sealing_public_keys and settings.secret_key:
        return settings
    try:
        keys = dev_keys.load_or_create(settings.instance)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    own_keys = bool(settings.sealing_public_keys)
    changes: dict[str, Any] = {
        "secret_key": settings.secret_key or keys.secret_key,
        "sealing_public_keys": settings.sealing_public_keys or keys.public_keys,
        "sealing_private_key": settings.sealing_private_key or ("" if own_keys else keys.private_key),
        "development_keys": not own_keys,
    }
    return Settings(**{**settings.__dict__, **changes})


def _parts(values: Mapping[str, Any], default: str) -> str:
    parts = _text(values, "SITE_PARTS").replace(" ", "") or default
    if parts not in SITE_PARTS:
        raise ConfigError(f"SITE_PARTS must be one of {' | '.join(SITE_PARTS)}, not {parts!r}.")
    return parts


def _database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'site.sqlite3'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _database_limits(values: Mapping[str, Any]) -> dict[str, Any]:
    times = [f.name for f in fields(Settings) if f.name.startswith("database_") and f.name.endswith("_timeout")]
    given = {name: _seconds(values, name.upper()) for name in times if _text(values, name.upper())}
    if size := _number(values, "DATABASE_POOL_SIZE", 0):
        given["database_pool_size"] = size
    return given


def _is_on(values: Mapping[str, Any], name: str) -> bool:
    """Whether a switch is on, by Flask's own rules."""
    return _text(values, name).lower() not in ("", "0", "false", "no")


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _list(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name) or ""
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    return tuple(items)


def _number(values: Mapping[str, Any], name: str, default: int) -> int:
    text = _text(values, name)
    if text and not text.isdigit():
        raise ConfigError(f"{name} must be a whole number.")
    return int(text) if text else default


def _seconds(values: Mapping[str, Any], name: str) -> float:
    text = _text(values, name)
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) or not float(text):
        raise ConfigError(f"{name} must be a number of seconds above 0, not {text!r}.")
    return float(text)


def refuse_debugging(app: Flask) -> None:
    """Raises ConfigError if debugging is on in production, even if it was not set through the environment."""
    if app.config["PRODUCTION"] and (app.debug or app.config["PROPAGATE_EXCEPTIONS"]):
        raise ConfigError(f"The site cannot start in production:\n  - {DEBUGGING}")


def flask_config(settings: Settings) -> dict[str, Any]:
    """The configuration of Flask and its extensions."""
    production = settings.production
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    own_address = f"http://{host}:{settings.port}"
    site_url = settings.site_url or own_address
    return {
        "SETTINGS": settings,
        "SETTING_NAMES": frozenset(f.name.upper() for f in fields(settings)),
        "PRODUCTION": production,
        # Show errors in full, on the page and in the log. They may quote what was typed.
        "SHOW_FAULTS": not production,
        "SECRET_KEY": settings.secret_key,
        "ADDRESS_HASH_KEY": settings.address_hash_key or settings.secret_key,
        "SITE_URL": site_url,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
        "TRUSTED_PROXIES": settings.trusted_proxies,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "MAIL_URL": settings.mail_url,
        "MAIL_FROM": settings.mail_from or f"no-reply@{urlsplit(site_url).hostname}",
        "SEALING_PUBLIC_KEYS": settings.sealing_public_keys,
        "SEALING_PRIVATE_KEY": settings.sealing_private_key,
        "SESSION_COOKIE_NAME": "__Host-session" if production else "session",
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # Half of a draft's token is in the session, which must outlive the draft (24 hours) and a closed browser.
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=48),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": 24 * 3600,
        # Some hospital proxies strip Referer; core/web/security.py checks where a form comes from.
        "WTF_CSRF_SSL_STRICT": False,
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "RATELIMIT_STORAGE_URI": settings.ratelimit_storage_uri,
        "RATELIMIT_STORAGE_OPTIONS": REDIS_TIMEOUTS if settings.ratelimit_storage_uri.startswith("redis") else {},
        "RATELIMIT_HEADERS_ENABLED": True,
        # While Redis is unavailable, each process counts for itself.
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": not settings.ratelimit_storage_uri.startswith("memory:"),
        "TEMPLATES_AUTO_RELOAD": not production,
    }
