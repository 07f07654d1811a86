"""Settings: read once from the environment, documented here, refused when production lacks one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from core import devkeys, sealing

SITE_PARTS = ("public", "staff", "public,staff")


class ConfigError(click.ClickException):
    """The settings cannot be used; the message names each one that is missing or wrong. A command shows it plainly."""


@dataclass(frozen=True)
class Settings:
    """The site's settings. Each field is the environment variable of the same name in capitals."""

    instance: Path
    site_env: str = "development"
    """development | production."""
    site_parts: str = "public,staff"
    """Which parts this process runs: public | staff | public,staff. Production defaults to public."""
    secret_key: str = ""
    """Signs sessions and form tokens. Any long random text."""
    site_url: str = ""
    """Where the site is reached from outside, for example https://clinic.example. Links in mail start with it."""
    trusted_hosts: tuple[str, ...] = ()
    """Host names the site answers to, separated by commas."""
    database_url: str = ""
    """SQLAlchemy address. Default: SQLite in instance/."""
    mail_url: str = ""
    """smtp://user:password@host:587 (STARTTLS), smtps://…:465, or empty: mail is kept and not sent."""
    mail_from: str = ""
    """Sender of the site's mail. Default: no-reply@ the host of SITE_URL."""
    ratelimit_storage_uri: str = "memory://"
    """Where limits are counted: memory://, or redis://… with more than one process."""
    sealing_public_keys: tuple[str, ...] = ()
    """The clinic's X25519 public key, then an offline recovery key: base64url, separated by commas."""
    sealing_private_key: str = ""
    """The clinic's private key. Only where staff read referrals; never where the public is served."""
    trusted_proxies: int = 0
    """How many reverse proxies stand before the site and set X-Forwarded-For and X-Forwarded-Proto."""
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    """How many processes serve in production. More than one needs a RATELIMIT_STORAGE_URI that they share."""
    development_keys: bool = field(default=False)

    @property
    def production(self) -> bool:
        return self.site_env == "production"


def read(values: Mapping[str, Any], instance: Path) -> Settings:
    """Settings from a mapping such as os.environ. Raises ConfigError with every problem at once."""
    settings = _parse(values, instance)
    if not settings.production:
        return _with_development_keys(settings)
    problems = list(_problems(settings))
    if problems:
        raise ConfigError("The site cannot start in production:\n  - " + "\n  - ".join(problems))
    return settings


def _parse(values: Mapping[str, Any], instance: Path) -> Settings:
    env = _text(values, "SITE_ENV") or "development"
    if env not in ("development", "production"):
        raise ConfigError("SITE_ENV must be development or production.")
    return Settings(
        instance=instance,
        site_env=env,
        site_parts=_text(values, "SITE_PARTS") or ("public" if env == "production" else "public,staff"),
        secret_key=_text(values, "SECRET_KEY"),
        site_url=_text(values, "SITE_URL").rstrip("/"),
        trusted_hosts=_list(values, "TRUSTED_HOSTS"),
        database_url=_database_url(_text(values, "DATABASE_URL"), instance),
        mail_url=_text(values, "MAIL_URL"),
        mail_from=_text(values, "MAIL_FROM"),
        ratelimit_storage_uri=_text(values, "RATELIMIT_STORAGE_URI") or "memory://",
        sealing_public_keys=_list(values, "SEALING_PUBLIC_KEYS"),
        sealing_private_key=_text(values, "SEALING_PRIVATE_KEY"),
        trusted_proxies=_number(values, "TRUSTED_PROXIES", 0),
        host=_text(values, "HOST") or "127.0.0.1",
        port=_number(values, "PORT", 5000),
        workers=_number(values, "WORKERS", 1) or 1,
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
    if settings.site_url and not settings.site_url.startswith("https://"):
        problems.append("SITE_URL must start with https://.")
    problems += [
        f"SEALING_PUBLIC_KEYS: {key!r} is not a key." for key in settings.sealing_public_keys if not _is_key(key)
    ]
    if settings.workers > 1 and settings.ratelimit_storage_uri.startswith("memory:"):
        problems.append("RATELIMIT_STORAGE_URI must be shared, for example redis://…, where WORKERS is more than 1.")
    if settings.site_parts not in SITE_PARTS:
        problems.append(f"SITE_PARTS must be one of {' | '.join(SITE_PARTS)}.")
    if settings.site_parts == "public" and settings.sealing_private_key:
        problems.append(
            "SEALING_PRIVATE_KEY must not be in the environment of the public site: "
            "unset it, or set SITE_PARTS=staff where staff read referrals."
        )
    return problems


def _is_key(text: str) -> bool:
    try:
        sealing.check_public_key(text)
    except sealing.SealingError:
        return False
    return True


def _with_development_keys(settings: Settings) -> Settings:
    if settings.sealing_public_keys and settings.secret_key:
        return settings
    keys = devkeys.load_or_create(settings.instance)
    own_keys = bool(settings.sealing_public_keys)
    changes: dict[str, Any] = {
        "secret_key": settings.secret_key or keys.secret_key,
        "sealing_public_keys": settings.sealing_public_keys or keys.public_keys,
        "sealing_private_key": settings.sealing_private_key or ("" if own_keys else keys.private_key),
        "development_keys": not own_keys,
    }
    return Settings(**{**settings.__dict__, **changes})


def _database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'site.sqlite3'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _list(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name) or ""
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    return tuple(items)


def _number(values: Mapping[str, Any], name: str, default: int) -> int:
    text = _text(values, name)
    if text and not text.isdigit():
        raise ConfigError(f"{name} must be a whole number, not {text!r}.")
    return int(text) if text else default


def flask_config(settings: Settings) -> dict[str, Any]:
    """What Flask and its extensions are told."""
    production = settings.production
    own_address = f"http://{settings.host}:{settings.port}"
    site_url = settings.site_url or own_address
    return {
        "SETTINGS": settings,
        "SETTING_NAMES": frozenset(f.name.upper() for f in fields(settings)),
        "PRODUCTION": production,
        # Page and terminal say what went wrong, in words that may quote what was typed.
        "SHOW_FAULTS": not production,
        "SECRET_KEY": settings.secret_key,
        "SITE_URL": site_url,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
        "TRUSTED_PROXIES": settings.trusted_proxies,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True, "pool_pre_ping": True},
        "MAIL_URL": settings.mail_url,
        "MAIL_FROM": settings.mail_from or f"no-reply@{urlsplit(site_url).hostname}",
        "SEALING_PUBLIC_KEYS": settings.sealing_public_keys,
        "SEALING_PRIVATE_KEY": settings.sealing_private_key,
        "SESSION_COOKIE_NAME": "__Host-session" if production else "session",
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": 24 * 3600,
        # Some hospital proxies strip Referer; core/security.py checks where a form comes from.
        "WTF_CSRF_SSL_STRICT": False,
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "RATELIMIT_STORAGE_URI": settings.ratelimit_storage_uri,
        "RATELIMIT_HEADERS_ENABLED": True,
        # A site whose Redis is away still counts, each process for itself.
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": not settings.ratelimit_storage_uri.startswith("memory:"),
        "TEMPLATES_AUTO_RELOAD": not production,
    }
