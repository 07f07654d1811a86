"""Facts about the clinic, from content/clinic.toml. A fact that is not given is left out of the pages, never made up.
Dates (due, past, a person's age) follow the clinic's time zone, not the server's.

Facts that all pages share are at the top of the file; each feature declares its own table (`facts`)."""

from __future__ import annotations

from core.clinic.facts import Clinic, Person, Photograph, Price, current, fact, today
from core.clinic.reading import check, facts, load
from core.clinic.waiting import Missing, missing

__all__ = [
    "Clinic",
    "Missing",
    "Person",
    "Photograph",
    "Price",
    "check",
    "current",
    "fact",
    "facts",
    "load",
    "missing",
    "today",
]
