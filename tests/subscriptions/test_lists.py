"""Lists in and out: what each service calls its columns, what is refused, and what no import may undo."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.subscriptions import csvfiles, lists, services
from core.extensions import db
from tests.page import Visitor
from tests.subscriptions.actions import confirmed, mails, states, subscribe

Run = Callable[..., str]
HOSTILE = ["=cmd@example.com", "+tag@example.com", "-x@example.com", "'quoted@example.com", "o'brien@example.com"]


@pytest.fixture
def run(app: Flask) -> Run:
    def invoke(*arguments: str | Path, code: int = 0, stdin: str | None = None) -> str:
        result = app.test_cli_runner().invoke(args=["subscribers", *map(str, arguments)], input=stdin)
        assert result.exit_code == code, result.output
        return result.output

    return invoke


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(words: str, name: str = "list.csv", encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.write_text(words, encoding=encoding)
        return file

    return make


Write = Callable[..., Path]


def table(app: Flask, columns: str = "email, status") -> list[tuple[Any, ...]]:
    with app.app_context():
        return [tuple(row) for row in db.session.execute(text(f"SELECT {columns} FROM subscribers ORDER BY email"))]


def cells(file: Path) -> list[list[str]]:
    with file.open(newline="") as opened:
        return list(csv.reader(opened))


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        (
            "subscribed_members_export_1.csv",
            '"Email Address","First Name",OPTIN_TIME,CONFIRM_TIME\n'
            'a@example.com,Ada,"2024-05-01 10:00:00","2024-05-01 10:05:00"\n',
            [("a@example.com", "confirmed")],
        ),
        (
            "unsubscribed_x.csv",
            "Email Address,UNSUB_TIME\na@example.com,2024-01-02 00:00:00\n",
            [("a@example.com", "left")],
        ),
        ("cleaned_x.csv", "Email Address\na@example.com\n", [("a@example.com", "suppressed")]),
        (
            "ghost.csv",
            "id,email,name,note,subscribed_to_emails,created_at,deleted_at\n"
            "1,a@example.com,,,true,2024-05-01T10:00:00.000Z,\n2,b@example.com,,,false,2024-05-01T10:00:00.000Z,\n"
            "3,c@example.com,,,true,2024-05-01T10:00:00.000Z,2025-01-01T00:00:00.000Z\n",
            [("a@example.com", "confirmed"), ("b@example.com", "left"), ("c@example.com", "left")],
        ),
        (
            "listmonk.csv",
            'uuid;email;name;attributes;status\n1;a@example.com;A;"{""x"": 1}";enabled\n'
            "2;b@example.com;;{};disabled\n3;c@example.com;;{};blocklisted\n",
            [("a@example.com", "confirmed"), ("b@example.com", "left"), ("c@example.com", "suppressed")],
        ),
    ],
)
def test_each_service_is_read_by_its_own_columns(
    app: Flask, run: Run, write: Write, name: str, words: str, expected: list[tuple[str, str]]
) -> None:
    file = write(words, name, "utf-8-sig")
    assert run("import", file).endswith(f"{len(expected)} new, 0 changed, 0 as they were, 0 refused\n")
    assert table(app) == expected
    assert run("import", file).endswith(f"0 new, 0 changed, {len(expected)} as they were, 0 refused\n")
    assert mails(app) == []
    assert len({row[0] for row in table(app, "leave_token")}) == len(expected)


def test_consent_says_where_it_comes_from_and_when(app: Flask, run: Run, write: Write) -> None:
    run(
        "import",
        write("Email Address,OPTIN_TIME,CONFIRM_TIME\na@example.com,2024-05-01 10:00:00,\n", "subscribed_x.csv"),
    )
    ((version, said, consented, confirmed_at),) = table(
        app, "consent_version, consent_text, consented_at, confirmed_at"
    )
    assert version == "import"
    assert said.startswith("Imported from subscribed_x.csv on ")
    assert str(consented).startswith("2024-05-01 10:00")
    assert confirmed_at


def test_a_file_that_does_not_say_who_is_subscribed_needs_to_be_told(app: Flask, run: Run, write: Write) -> None:
    file = write("email\na@example.com\n")
    assert "say it with --status" in run("import", file, code=1)
    assert "There is no column of addresses" in run("import", write("name,phone\nx,1\n"), code=1)
    assert "There is no column of addresses" in run("import", write(""), code=1)
    run("import", write("email\na@example.com\n"), "--status", "confirmed")
    assert states(app) == ["confirmed"]


def test_nobody_who_left_or_is_suppressed_comes_back_by_an_import(
    app: Flask, run: Run, write: Write, visitor: Visitor
) -> None:
    words = "email,status\na@example.com,{}\nb@example.com,{}\nc@example.com,{}\n"
    run("import", write(words.format("left", "suppressed", "pending")))
    assert run("import", write(words.format("confirmed", "confirmed", "confirmed"))).endswith(
        "0 new, 1 changed, 2 as they were, 0 refused\n"
    )
    assert [row[1] for row in table(app)] == ["left", "suppressed", "confirmed"]
    subscribe(visitor, "b@example.com")
    assert mails(app) == []


def test_bad_lines_are_named_and_the_others_go_in(app: Flask, run: Run, write: Write, tmp_path: Path) -> None:
    lines = ["email,status", "a@example.com,confirmed", "nonsense,confirmed", ",confirmed", "b@example.com,happy"]
    lines += ["A@example.com,confirmed", "c@example.com", "x" * 250 + "@example.com,left", "", "d@example.com,left"]
    file = write("\n".join(lines))
    output = run("import", file, code=1)
    for line in (
        "line 3: not an email address",
        "line 4: no address",
        "line 5: a status that is not known",
        "line 6: the address stands further up already",
        "line 7: 1 columns where the header has 2",
        "line 8: not an email address",
    ):
        assert line in output
    assert "nonsense" not in output
    assert output.endswith("2 new, 0 changed, 0 as they were, 6 refused\n")
    report = tmp_path / "report.csv"
    run("import", file, "--report", report, code=1)
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert ["3", "not an email address", "nonsense"] in cells(report)
    assert "is there already" in run("import", file, "--report", report, code=1)


def test_bytes_that_are_no_text_and_quotes_without_end_are_calm_errors(app: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(b"email,status\nm\xfcller@example.com,confirmed\nb@example.com,confirmed\n")
    assert "line 2: not an email address" in run("import", file, code=1)
    file.write_bytes(b'email,status\n"' + b"a" * 200_000)
    assert "Traceback" not in run("import", file, code=1)


@pytest.mark.parametrize("form", ["ours", "mailchimp", "ghost", "listmonk"])
def test_what_is_written_for_a_service_is_read_back(app: Flask, run: Run, tmp_path: Path, form: str) -> None:
    rows = [csvfiles.Row(n, email, "confirmed", None, None, None) for n, email in enumerate(HOSTILE)]
    with app.app_context():
        lists.bring_in(rows, "test")
    out = tmp_path / "subscribed_out.csv"
    assert "5 subscribers exported." in run("export", "--for", form, "--out", out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not [cell for row in cells(out) for cell in row if cell.startswith(csvfiles.FORMULA)]
    before = table(app)
    with app.app_context():
        assert not any(token in out.read_text() for (token,) in table(app, "leave_token"))
        db.session.execute(text("DELETE FROM subscribers"))
        db.session.commit()
    assert run("import", out).endswith("5 new, 0 changed, 0 as they were, 0 refused\n")
    assert table(app) == before


def test_export_leaves_out_whoever_is_not_asked_for(app: Flask, run: Run, write: Write) -> None:
    run("import", write("email,status\na@example.com,left\nb@example.com,confirmed\nc@example.com,suppressed\n"))
    assert "a@example.com" not in run("export", "--for", "listmonk")
    assert run("export").count("@example.com") == 3
    chosen = run("export", "--for", "listmonk", "--status", "suppressed", "--status", "left")
    assert '"a@example.com","","{}","disabled"' in chosen
    assert '"c@example.com","","{}","blocklisted"' in chosen
    assert "b@example.com" not in chosen


@pytest.mark.parametrize(
    "words",
    ["reader@example.com\nstranger@example.com\n", "Recipient,Reason\nreader@example.com,x\nstranger@example.com,y\n"],
)
def test_a_providers_list_suppresses_known_and_unknown_addresses(
    app: Flask, run: Run, write: Write, visitor: Visitor, words: str
) -> None:
    confirmed(app, visitor)
    assert run("suppress", write(words, "bounces.txt")).endswith("1 new, 1 changed, 0 as they were, 0 refused\n")
    assert table(app) == [("reader@example.com", "suppressed"), ("stranger@example.com", "suppressed")]
    assert run("suppress", "-", stdin=words).endswith("0 new, 0 changed, 2 as they were, 0 refused\n")


def test_a_suppression_can_be_ended_and_is_no_subscription(app: Flask, run: Run, visitor: Visitor) -> None:
    with app.app_context():
        services.suppress("reader@example.com", "test")
    assert "may sign up again" in run("allow", "Reader@example.com")
    assert states(app) == ["left"]
    for address in ("reader@example.com", "stranger@example.com", "nonsense"):
        assert "is not suppressed" in run("allow", address, code=1)
    subscribe(visitor)
    assert len(mails(app)) == 1


def test_an_import_that_is_stopped_can_be_run_again(
    app: Flask, run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("email,status\n" + "".join(f"r{n}@example.com,confirmed\n" for n in range(12)))
    monkeypatch.setattr("blueprints.subscriptions.commands.BATCH", 5)
    original, calls = lists.bring_in, []

    def stop(*arguments: Any) -> lists.Counts:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(lists, "bring_in", stop)
    run("import", file, code=1)
    assert len(states(app)) == 5
    assert run("import", file).endswith("7 new, 0 changed, 5 as they were, 0 refused\n")
