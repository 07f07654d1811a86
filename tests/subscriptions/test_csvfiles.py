"""CSV as other programs write it, and as a spreadsheet may open it."""

from __future__ import annotations

import csv
import io
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.subscriptions import csv_formats, import_export
from blueprints.subscriptions.csv_formats import Entry, Person, Refused, WrongFile
from core import spreadsheets

MOMENT = datetime(2026, 11, 23, 10, 0, 5, tzinfo=UTC)
DAY = MOMENT.date()
Names = Mapping[str, str]
HOSTILE = "=+-@\t\r\n＝＋－＠' ,;\"a"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def lines(text: str) -> list[str]:
    return list(io.StringIO(text, newline=""))


def read(text: str, name: str = "list.csv", status: str | None = None, **mapping: Names) -> list[tuple[int, str]]:
    """The number of each line with the status of its person, or why it was refused."""
    entries = import_export.people(lines(text), name, DAY, status, **mapping)
    return [(e.line, e.person.status if isinstance(e, Entry) else e.reason) for e in entries]


def person(text: str, status: str | None = None, **mapping: Names) -> Person:
    (entry,) = import_export.people(lines(text), "list.csv", DAY, status, **mapping)
    assert isinstance(entry, Entry)
    return entry.person


def written(person: Person) -> str:
    file = io.StringIO()
    spreadsheets.writer(file, Person._fields)(csv_formats.cells_of(person))
    return file.getvalue()


@given(st.text(HOSTILE))
def test_a_guarded_cell_starts_no_formula_and_is_given_back(cell: str) -> None:
    assert not spreadsheets.escape_formula(cell).startswith(FORMULAS)
    assert spreadsheets.unescape_formula(spreadsheets.escape_formula(cell)) == cell


@pytest.mark.parametrize("start", FORMULAS)
def test_a_guard_of_somebody_else_is_taken_off(start: str) -> None:
    assert spreadsheets.unescape_formula(f"'{start}1") == f"{start}1"
    assert spreadsheets.unescape_formula("'s-Hertogenbosch") == "'s-Hertogenbosch"


local_parts = st.text(string.ascii_letters + "0123456789=+-'!#$%&*/?^_`{|}~", min_size=1, max_size=20)


@given(local_parts, st.sampled_from(csv_formats.STATES))
def test_what_is_written_for_anybody_is_read_back(local: str, status: str) -> None:
    back = person(written(Person(f"{local}@example.com", status)))
    assert (back.email, back.status) == (f"{local}@example.com", status)


@given(st.text(HOSTILE, max_size=20), st.text(HOSTILE, min_size=1, max_size=20))
def test_our_own_format_keeps_every_cell(because: str, words: str) -> None:
    ours = Person("a@example.com", "suppressed", MOMENT, "v1", words, None, MOMENT, MOMENT, MOMENT, because or "x")
    assert person(written(ours)) == ours


def test_our_own_format_has_a_column_for_each_field() -> None:
    moment = datetime(2026, 11, 23, 2, 0, 5, 999, tzinfo=timezone(timedelta(hours=-8))).astimezone(UTC)
    someone = Person("=a@example.com", "confirmed", moment, "v1", "Yes, I do.", moment, moment)
    (ours,) = csv.DictReader(io.StringIO(written(someone)))
    assert list(ours) == [
        *("email", "status", "created_at", "consent_version", "consent_text", "consented_at"),
        *("confirmed_at", "left_at", "suppressed_at", "suppressed_because"),
    ]
    assert (ours["email"], ours["confirmed_at"]) == ("'=a@example.com", "2026-11-23T10:00:05+00:00")


@pytest.mark.parametrize("comma", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_dialect_is_read(comma: str, end: str) -> None:
    text = (
        f"\n E-Mail {comma}EMAIL{comma}Status\nx{comma}a@example.com{comma}Confirmed\n\nx{comma}b@example.com{comma}x\n"
    )
    assert read(text.replace("\n", end)) == [(3, "confirmed"), (5, "unknown status")]


def test_statuses_have_the_names_that_the_operator_gives() -> None:
    ghost = "email,subscribed_to_emails,deleted_at\na@b.com,TRUE,\nb@b.com,false,\nc@b.com,true,2020-01-01\nd@b.com,,\n"
    columns = {"status": "Subscribed_To_Emails", "left_at": "deleted_at"}
    found = read(ghost, columns=columns, states={"true": "confirmed", "False": "left"})
    assert [status for _, status in found] == ["confirmed", "left", "left", "unknown status"]
    listmonk = "email,status\na@b.com,enabled\nb@b.com,disabled\nc@b.com,blocklisted\nd@b.com,gone\ne@b.com,left\n"
    states = {"enabled": "confirmed", "disabled": "left", "blocklisted": "suppressed"}
    found = read(listmonk, states=states)
    assert [status for _, status in found] == ["confirmed", "left", "suppressed", "unknown status", "left"]


MAILCHIMP = {
    **{"email": "Email Address", "consented_at": "OPTIN_TIME", "confirmed_at": "CONFIRM_TIME"},
    **{"left_at": "UNSUB_TIME", "suppressed_at": "CLEAN_TIME"},
}


@pytest.mark.parametrize("status", ["confirmed", "left", "suppressed"])
def test_a_date_on_which_somebody_left_wins_over_the_status(status: str) -> None:
    header = "Email Address,UNSUB_TIME,CLEAN_TIME\n"
    text = f"{header}a@b.com,,\nb@b.com,2020-01-01 00:00:00,\nc@b.com,,2020-01-01\n"
    columns = {ours: its for ours, its in MAILCHIMP.items() if its in header}
    at_least = [max(status, proved, key=csv_formats.STATES.index) for proved in ("pending", "left", "suppressed")]
    assert [found for _, found in read(text, status=status, columns=columns)] == at_least


def test_without_a_status_column_dates_decide_under_our_own_names_too() -> None:
    text = "email,left_at,suppressed_at\na@b.com,,\nb@b.com,2020-01-01,\nc@b.com,,2020-01-01\n"
    assert [found for _, found in read(text, status="confirmed")] == ["confirmed", "left", "suppressed"]


def test_a_date_of_suppression_wins_over_any_status() -> None:
    assert read("email,status,suppressed_at\na@b.com,confirmed,2020-01-01\n") == [(2, "suppressed")]


def test_in_our_own_format_people_who_left_may_have_come_back() -> None:
    assert read("email,status,left_at\na@b.com,confirmed,2020-01-01\n") == [(2, "confirmed")]


def test_moments_come_from_the_columns_that_are_named() -> None:
    header = "Email Address,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,CLEAN_TIME\n"
    cells = "a@b.com,2020-01-02 03:04:05,2020-01-02T04:04:06+01:00,0000-00-00 00:00:00,\n"
    someone = person(header + cells, "left", columns=MAILCHIMP)
    assert someone.consented_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert someone.confirmed_at == datetime(2020, 1, 2, 3, 4, 6, tzinfo=UTC)
    assert someone.left_at is None
    deleted = person(
        "email,created_at,deleted_at\na@b.com,2020-01-02T03:04:05.000Z,2021-01-01\n",
        "confirmed",
        columns={"left_at": "deleted_at"},
    )
    assert (deleted.created_at, deleted.left_at, deleted.status) == (
        datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2021, 1, 1, tzinfo=UTC),
        "left",
    )


@pytest.mark.parametrize(
    "text", ["", "soon", "1", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-00-00 00:00:00"]
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert csv_formats.moment(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("name,phone\n", "has the columns name, phone. Say which one has the addresses: --column email=NAME."),
        ("anna@example.com,\n", "has the columns (an address), (no name)."),
        ("email\na@b.com\n", "or add --status confirmed, --status left or --status suppressed"),
        ("Email Address\na@b.com\n", "--column status=NAME"),
        ("e\0m\0a\0i\0l\0", "is not UTF-8 text"),
        ("\udcff\udcfeemail", "is not UTF-8 text"),
        ('"email\n', "has the columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text: str, said: str) -> None:
    with pytest.raises(WrongFile) as error:
        import_export.people(lines(text), "list.csv", DAY)
    assert said in str(error.value)
    assert "anna" not in str(error.value)


def test_a_named_column_that_is_not_there_is_said() -> None:
    with pytest.raises(WrongFile, match=r"has the columns email\. It has no column e-mail\."):
        import_export.people(lines("email\n"), "list.csv", DAY, "confirmed", {"email": "E-Mail"})


def test_a_status_for_a_file_that_says_its_own_is_a_mistake() -> None:
    with pytest.raises(WrongFile, match="Omit --status"):
        import_export.people(lines("email,status\n"), "list.csv", DAY, "confirmed")


def test_a_bad_line_hides_no_other_and_keeps_its_number() -> None:
    text = (
        "email,status,name\n"
        "a@b.com,confirmed,one\n"
        'b@b.com,confirmed,"two\n'  # never closed
        "c@b.com,confirmed,three\n"
        'd@b.com,confirmed,"fo\nur"\n'  # a name of two lines
        'e@b.com,confirmed,"fi"ve\n'
        "f@b.com,confirmed\n"
        "g@b.com,confirmed,seven,7\n"
        'h@b.com,confirmed,"eight'
    )
    broken = "a quote that is not closed"
    assert read(text) == [
        (2, "confirmed"),
        (3, broken),
        (4, "confirmed"),
        (5, "confirmed"),
        (7, broken),
        (8, "wrong number of columns"),
        (9, "wrong number of columns"),
        (10, broken),
    ]


def test_a_quote_that_is_not_closed_costs_one_line_of_many() -> None:
    text = 'email,status\n"a@b.com,confirmed\n' + "".join(f"a{n}@b.com,confirmed\n" for n in range(1000))
    said = [status for _, status in read(text)]
    assert said == ["a quote that is not closed"] + ["confirmed"] * 1000
    rest = iter(lines(text))
    next(import_export.people(rest, "list.csv", DAY))
    assert len(list(rest)) == 1002 - 1 - csv_formats.LONGEST_RECORD


@pytest.mark.parametrize("column", ["email", "Email Address", "ADDRESS", "recipient"])
def test_a_table_of_addresses_has_one_of_four_columns(column: str) -> None:
    (entry,) = import_export.addresses(lines(f"reason,{column}\nbounce,a@b.com\n"))
    assert entry == Entry(2, Person("a@b.com", "suppressed", suppressed_because=import_export.ON_A_LIST))
    (entry,) = import_export.addresses(lines(f"{column}\na@b.com\n"))
    assert entry.line == 2


def test_lines_of_addresses_need_no_header() -> None:
    first, second, third = import_export.addresses(lines('\n"a@b.com"\n b@b.com \na@b.com,c@b.com\n'))
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert [first.person.email, second.person.email] == ["a@b.com", "b@b.com"]
    assert (first.line, second.line) == (2, 3)
    assert third == Refused(4, "wrong number of columns", "a@b.com")


def test_a_table_without_such_a_column_says_what_it_needs() -> None:
    with pytest.raises(
        WrongFile, match="has the columns name, reason. One of them must be called email, email address"
    ):
        import_export.addresses(lines("name,reason\nx,y\n"))
