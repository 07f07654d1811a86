"""Importing and exporting subscriber lists. Nothing here sends mail.

An import only moves a person forward: pending → confirmed → left → suppressed. So nobody who is gone is brought
back, and an interrupted import can be run again.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from blueprints.subscriptions import csv_formats, services
from blueprints.subscriptions.csv_formats import STATES, Entry, Layout, Person, Refused, WrongFile
from blueprints.subscriptions.models import Subscriber
from core import audit, batches, clock, spreadsheets
from core.audit.trail import COMMAND_LINE, Actor
from core.extensions import db
from core.forms.validators import normalized_email
from core.mail import limits, outbox
from core.mail.limits import email_key

AT_ONCE = 500
"""Rows per transaction."""
TRIES = 3
LAYOUT = dict.fromkeys(map(ord, "\t\r\n"))
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BROKEN_UTF8 = re.compile(r"[\ud800-\udfff]")
ON_A_LIST = "on a provider's list"
GONE = ("left", "suppressed")
FOLLOWED = {
    "confirmed": ("confirmed_at", "consented_at", "consent_version", "consent_text"),
    "left": ("left_at",),
    "suppressed": ("suppressed_at", "suppressed_because"),
}
BEGAN = {"confirmed": "confirmed_at", "left": "left_at", "suppressed": "suppressed_at"}

Refuse = Callable[[Refused], None]


class OwnStatus(WrongFile):
    """The file says everybody's status itself, so no status may be given for it."""


class NoStatus(WrongFile):
    """Neither the file nor the operator says what status its people have."""


class TooMany(ValueError):
    """More people than fit into one answer of the site."""


class NotSuppressed(LookupError):
    """The address is not suppressed."""


def people(
    lines: Iterable[str],
    name: str,
    day: date,
    status: str | None = None,
    columns: Mapping[str, str] | None = None,
    states: Mapping[str, str] | None = None,
) -> Iterator[Entry | Refused]:
    """Everybody in the file called `name`, imported on `day`; `status` is for a file that gives none. `columns` and
    `states` are as in csv_formats.layout_of. Raises WrongFile before yielding any.

    Without a consent text in the file, the stored consent says that it was given elsewhere.
    """
    table = csv_formats.Table(lines)
    layout = csv_formats.layout_of(table.columns, columns or {}, states or {})
    _check_status(layout, status)
    consent = f"Imported from {name} on {day:%Y-%m-%d}; consent was given there."
    start = Person("", status or "", consent_version="import", consent_text=consent)
    start = start._replace(suppressed_because=f"imported from {name}"[:60])
    return table.read(layout.columns["email"], lambda cells: _person(layout, cells, start))


def addresses(lines: Iterable[str]) -> Iterator[Entry | Refused]:
    """Everybody in a list of addresses to suppress. Raises WrongFile before yielding any."""
    table, column = csv_formats.address_table(lines)
    start = Person("", "suppressed", suppressed_because=ON_A_LIST)
    return table.read(column, lambda cells: start._replace(email=cells[column].strip()))


def take_in(entries: Iterable[Entry | Refused], refuse: Refuse, actor: Actor = COMMAND_LINE) -> Counter[str]:
    """Counts of new, changed, same and refused; calls `refuse` for each refused line. Commits every AT_ONCE rows, each
    time with a line in the audit trail."""
    done: Counter[str] = Counter()
    accepted = _accepted(entries, refuse, done)
    while some := dict(islice(accepted, AT_ONCE)):
        done.update(_saved(some, actor))
    return done


def allow(email: str) -> None:
    """End a suppression, even if the address was deleted. A subscriber becomes `left` and may subscribe again.
    Commits. Raises NotSuppressed."""
    key = email_key(email)
    theirs = (Subscriber.email_key == key, Subscriber.status == "suppressed")
    subscriber = db.session.scalar(select(Subscriber).where(*theirs).with_for_update())
    if not limits.end_suppression(key) and subscriber is None:
        db.session.rollback()
        raise NotSuppressed
    if subscriber is not None:
        subscriber.status, subscriber.left_at = "left", subscriber.left_at or clock.now()
        subscriber.suppressed_at = subscriber.suppressed_because = None
    db.session.commit()


def totals() -> dict[str, int]:
    """Status → how many, for each status."""
    found = db.session.execute(select(Subscriber.status, func.count()).group_by(Subscriber.status))
    return {**dict.fromkeys(STATES, 0), **{status: number for status, number in found}}


def begin_export(states: list[str], actor: Actor = COMMAND_LINE, at_most: int | None = None) -> int:
    """Write an export into the audit trail before `everybody` gives it. Returns how many people it has. Commits. Raises
    TooMany."""
    number = db.session.scalar(select(func.count()).select_from(Subscriber).where(Subscriber.status.in_(states))) or 0
    if at_most is not None and number > at_most:
        db.session.rollback()
        raise TooMany(number)
    audit.add(actor, "list.exported", people=number, states=", ".join(states))
    db.session.commit()
    return number


def everybody(states: list[str]) -> Iterator[Person]:
    """In order of creation."""
    columns = [getattr(Subscriber, name) for name in Person._fields]
    query = select(Subscriber.id, *columns).where(Subscriber.status.in_(states))
    for rows in batches.batches(query, Subscriber.id):
        for row in rows:
            yield Person._make(row[1:])


def export(states: list[str], actor: Actor, at_most: int) -> str:
    """The whole export as text, for at most so many people. Commits. Raises TooMany."""
    begin_export(states, actor, at_most)
    file = io.StringIO()
    write = spreadsheets.writer(file, Person._fields)
    for person in everybody(states):
        write(csv_formats.cells_of(person))
    return file.getvalue()


def _check_status(layout: Layout, of_all: str | None) -> None:
    """Raises WrongFile."""
    if "status" in layout.columns and of_all:
        raise OwnStatus(f"has its own status column ({layout.columns['status']}). Omit --status.")
    if "status" not in layout.columns and not of_all:
        raise NoStatus(
            "has no status column. Name it with --column status=NAME, or add --status confirmed, --status left or "
            "--status suppressed."
        )


def _person(layout: Layout, cells: Mapping[str, str], start: Person) -> Person:
    """Raises ValueError with the reason."""
    own = {ours: cells[its] for ours, its in layout.columns.items()}
    moments: dict[str, Any] = {ours: csv_formats.moment(own.get(ours, "")) for ours in csv_formats.MOMENTS}
    who = start._replace(email=own["email"].strip(), status=_status(layout, cells, start.status), **moments)
    version, text, because = (own.get(name) for name in ("consent_version", "consent_text", "suppressed_because"))
    if version and text:
        who = who._replace(consent_version=version[:40], consent_text=text)
    if who.status != "suppressed":
        who = who._replace(suppressed_because=None)
    elif because:
        who = who._replace(suppressed_because=because[:60])
    for words in (who.consent_version, who.consent_text, who.suppressed_because):
        _printable((words or "").translate(LAYOUT))
    return who


def _status(layout: Layout, cells: Mapping[str, str], of_all: str) -> str:
    """A date that proves a later status wins. Raises ValueError with the reason."""
    column = layout.columns.get("status")
    said = layout.states.get(cells[column].strip().casefold()) if column else of_all
    if said is None:
        raise ValueError("unknown status")
    proved = (state for column, state in layout.proofs.items() if cells[column].strip())
    return max((said, *proved), key=STATES.index)


def _accepted(entries: Iterable[Entry | Refused], refuse: Refuse, done: Counter[str]) -> Iterator[tuple[str, Person]]:
    """With the key of each address. If an address repeats, the first line wins."""
    seen: set[bytes] = set()
    for entry in entries:
        if isinstance(entry, Entry):
            try:
                yield _unseen(_key(entry.person.email), seen), entry.person
                continue
            except ValueError as error:
                entry = Refused(entry.line, str(error), entry.person.email)
        done["refused"] += 1
        refuse(entry)


def _key(email: str) -> str:
    """Raises ValueError with the reason."""
    if not email:
        raise ValueError("no address")
    if len(email) > 254:
        raise ValueError("longer than 254 characters")
    _printable(email)
    key = normalized_email(email)
    if key is None:
        raise ValueError("not an email address")
    if len(key) > Subscriber.__table__.c.email_key.type.length:
        raise ValueError("longer than 254 characters")
    return key


def _printable(text: str) -> None:
    """PostgreSQL would reject it along with its whole batch. Raises ValueError with the reason."""
    if BROKEN_UTF8.search(text):
        raise ValueError("not UTF-8")
    if CONTROL.search(text):
        raise ValueError("control characters")


def _unseen(key: str, seen: set[bytes]) -> str:
    """Stores eight bytes per address, so that a long list fits in memory. Raises ValueError with the reason."""
    short = hashlib.blake2b(key.encode(), digest_size=8).digest()
    if short in seen:
        raise ValueError("the address of an earlier line")
    seen.add(short)
    return key


def _saved(people: Mapping[str, Person], actor: Actor) -> dict[str, int]:
    """In one commit. Retries if somebody subscribes between the read and the write."""
    for _ in range(TRIES - 1):
        try:
            return _save(people, actor)
        except IntegrityError:
            db.session.rollback()
    return _save(people, actor)


def _save(people: Mapping[str, Person], actor: Actor) -> dict[str, int]:
    forgotten = limits.suppressed_of(people.keys())
    people = {key: _suppressed(person) if key in forgotten else person for key, person in people.items()}
    theirs = select(Subscriber).where(Subscriber.email_key.in_(people)).order_by(Subscriber.id).with_for_update()
    known = {subscriber.email_key: subscriber for subscriber in db.session.scalars(theirs)}
    # After locking the subscribers: the same lock order as services.suppress.
    limits.suppress(key for key, person in people.items() if person.status == "suppressed")
    new = [_values(key, person) for key, person in people.items() if key not in known]
    changed = [subscriber for key, subscriber in known.items() if _follow(subscriber, people[key])]
    outbox.withdraw(*(subscriber.email for subscriber in changed if subscriber.status in GONE))
    if new:
        db.session.execute(insert(Subscriber), new)
    same = len(known) - len(changed)
    audit.add(actor, "list.imported", new=len(new), changed=len(changed), same=same)
    db.session.commit()
    return {"new": len(new), "changed": len(changed), "same": same}


def _suppressed(person: Person) -> Person:
    """An address suppressed before its data was deleted stays suppressed."""
    if person.status == "suppressed":
        return person
    return person._replace(status="suppressed", suppressed_because=services.KEPT_SUPPRESSED)


def _values(key: str, person: Person) -> dict[str, Any]:
    token = secrets.token_urlsafe(32)
    began = {"created_at": person.created_at or clock.now(), "email_key": key, "leave_token": token}
    return {**_dated(person)._asdict(), **began}


def _follow(subscriber: Subscriber, person: Person) -> bool:
    """Whether the import changed anything."""
    if STATES.index(person.status) <= STATES.index(subscriber.status):
        return False
    subscriber.status, dated = person.status, _dated(person)
    subscriber.confirm_hash = subscriber.confirm_until = None
    for name in FOLLOWED[person.status]:
        setattr(subscriber, name, getattr(dated, name))
    return True


def _dated(person: Person) -> Person:
    """Fills in the current time where the file has no date for the status."""
    column = BEGAN.get(person.status)
    if column is None or getattr(person, column):
        return person
    since: dict[str, Any] = {column: clock.now()}
    return person._replace(**since)
