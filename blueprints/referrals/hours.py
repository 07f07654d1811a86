"""When the clinic works, and how long each step may take: the table [desk] of content/clinic.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

from flask import current_app
from flask.blueprints import BlueprintSetupState

from blueprints.referrals.lifecycle.calendar import Calendar, read_holidays, read_interval, read_week
from blueprints.referrals.lifecycle.clocks import ANY, HIGH_RISK, ROUTINE, URGENT, Rules, Step
from core import clinic
from core.config import ConfigError
from core.web import urls

LENGTHS = {
    "read_high_risk": (Step.READ, HIGH_RISK),
    "read_urgent": (Step.READ, URGENT),
    "read": (Step.READ, ROUTINE),
    "decide_high_risk": (Step.DECIDE, HIGH_RISK),
    "decide_urgent": (Step.DECIDE, URGENT),
    "decide": (Step.DECIDE, ROUTINE),
    "contact": (Step.CONTACT, ANY),
    "report": (Step.REPORT, ANY),
}
"""Fact → step and urgency."""


@dataclass(frozen=True)
class DeskFacts:
    """Intervals are business time, like "4 hours" or "1 day"; a day is the longest of the week."""

    address: str | None = None
    """Where staff sign in, if that is not on this site: https://desk.example.com."""
    hours: str | None = clinic.fact("the desk's clocks", default="Mon-Fri 9:00-17:00")
    """When staff read referrals: "Mon-Fri 9:00-12:30 13:00-17:00; Sat 9:00-12:00"."""
    holidays: str | None = None
    """Days on which nobody works: "2026-11-26, 2026-12-25"."""
    read_high_risk: str | None = clinic.fact("the desk's clocks", default="1 hour")
    read_urgent: str | None = clinic.fact("the desk's clocks", default="4 hours")
    read: str | None = clinic.fact("the desk's clocks", default="1 day")
    decide_high_risk: str | None = clinic.fact("the desk's clocks", default="1 day")
    decide_urgent: str | None = clinic.fact("the desk's clocks", default="1 day")
    decide: str | None = clinic.fact("the desk's clocks", default="3 days")
    contact: str | None = clinic.fact("the desk's clocks", default="1 day")
    report: str | None = clinic.fact("the desk's clocks", default="5 days")


def load(state: BlueprintSetupState) -> None:
    """Read the table at startup. Raises ConfigError, so that a mistake stops the start."""
    given = clinic.facts(state.app, "desk", DeskFacts)
    zone = ZoneInfo(state.app.config["CLINIC"].timezone)
    problems = []
    for field in fields(DeskFacts):
        try:
            _read(given, field.name, 3600)
        except ValueError as error:
            problems.append(f"content/clinic.toml: [desk] {field.name}: {error}")
    if problems:
        raise ConfigError("\n".join(problems))
    state.app.config["DESK_RULES"], state.app.config["DESK_ADDRESS"] = rules_of(given, zone), given.address


def rules_of(given: DeskFacts, zone: ZoneInfo) -> Rules:
    """Raises ValueError for facts that cannot be read."""
    calendar = Calendar(zone, read_week(given.hours or ""), read_holidays(given.holidays or ""))
    lengths = {key: read_interval(str(getattr(given, name)), calendar.day) for name, key in LENGTHS.items()}
    return Rules(calendar, lengths)


def _read(given: DeskFacts, name: str, day: int) -> object:
    text = str(getattr(given, name) or "")
    if name in LENGTHS:
        return read_interval(text, day)
    if name == "address":
        return _address(text)
    return read_week(text) if name == "hours" else read_holidays(text)


def _address(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/]+", text):
        raise ValueError(f"{text!r} is not like https://desk.example.com")
    return text


def link(reference: str) -> str:
    """The page of a referral at the desk. Within the application."""
    path = f"/staff/referrals/{reference}"
    address: str | None = current_app.config["DESK_ADDRESS"]
    return f"{address}{path}" if address else urls.link(path)


def current() -> Rules:
    """Within the application."""
    found: Rules = current_app.config["DESK_RULES"]
    return found
