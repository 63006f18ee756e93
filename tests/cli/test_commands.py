"""What the commands do, print and end with."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import ended
from tests.cli.commandline import Makegood


def test_a_book_begins_with_its_opening_and_the_default_policy(makegood: Makegood, book_name: str):
    create = ("books", "create", book_name, "--zone", "Europe/Berlin", "--country", "DE")
    made = makegood(*create, "--cut-over", "2026-01-01", "--json")
    assert made.json() == [{"book": book_name, "position": 2}]
    listed = [line for line in makegood("books", "list", "--json").json() if line["book"] == book_name]
    assert listed == [
        {
            "book": book_name,
            "entries": 2,
            "zone": "Europe/Berlin",
            "country": "DE",
            "cut_over": "2026-01-01",
            "demo": False,
        }
    ]


@pytest.mark.parametrize(
    ("name", "zone", "country"),
    [("Shop", "UTC", "GB"), ("shop", "Mars/Olympus", "GB"), ("shop", "UTC", "England")],
)
def test_an_impossible_book_is_a_usage_error(makegood: Makegood, name: str, zone: str, country: str):
    refused = makegood("books", "create", name, "--zone", zone, "--country", country)
    assert refused.code == 2
    assert refused.err


def test_a_book_begins_once(makegood: Makegood, book: str):
    again = makegood("books", "create", book, "--zone", "UTC", "--country", "GB")
    assert (again.code, again.err) == (2, f"There is a book called {book} already.\n")


def test_a_person_is_kept_sealed_and_listed_by_name(makegood: Makegood, book: str):
    (added,) = makegood("persons", "add", "Ana Ruiz", "--role", "agent", "--book", book, "--json").json()
    assert makegood("persons", "list", "--book", book, "--json").json() == [added]
    (entry,) = makegood("events", "tail", "--type", "person.registered", "--book", book, "--json").json()
    assert entry["data"] == {"person": added["person"], "name": "Ana Ruiz", "role": "agent"}


def test_a_role_that_does_not_exist_is_a_usage_error(makegood: Makegood, book: str):
    assert makegood("persons", "add", "Ana", "--role", "queen", "--book", book).code == 2


def test_a_key_is_shown_once_listed_by_id_and_can_be_ended(makegood: Makegood, book: str):
    (person,) = makegood("persons", "add", "Ana", "--role", "owner", "--book", book, "--json").json()
    (made,) = makegood("keys", "create", person["person"], "--book", book, "--json").json()
    listed = makegood("keys", "list", "--book", book)
    assert made["text"].startswith(f"mk_{book}_")
    assert made["key"] in listed.out
    assert made["text"] not in listed.out
    assert makegood("keys", "revoke", made["key"], "--book", book).code == 0
    (after,) = makegood("keys", "list", "--book", book, "--json").json()
    assert after["revoked_at"] is not None


def test_a_key_is_for_somebody_and_only_a_key_that_exists_is_revoked(makegood: Makegood, book: str):
    assert makegood("keys", "create", "per_01h455vb4pex5vsknk084sn02q", "--book", book).code == 2
    assert makegood("keys", "revoke", "key_01h455vb4pex5vsknk084sn02q", "--book", book).code == 2


def test_the_policy_shown_can_be_changed_and_adopted(makegood: Makegood, book: str, tmp_path: Path):
    shown = makegood("policy", "show", "--book", book).out
    file = tmp_path / "policy.toml"
    file.write_text(shown.replace("guarantee_months = 6", "guarantee_months = 12"))
    adopted = makegood("policy", "adopt", file, "--reason", "Spring campaign", "--book", book, "--json")
    assert adopted.json()[0]["edition"] == 2
    (now,) = makegood("policy", "show", "--book", book, "--json").json()
    assert (now["version"], now["edition"]["guarantee_months"]) == (2, 12)


@pytest.mark.parametrize(
    ("found", "instead"),
    [("guarantee_months = 6", ""), ("= 6", "= -1"), ("= 6", '= "six"'), ("guarantee_months", "months")],
)
def test_half_an_edition_is_a_usage_error(
    makegood: Makegood, book: str, tmp_path: Path, found: str, instead: str
):
    file = tmp_path / "policy.toml"
    file.write_text(makegood("policy", "show", "--book", book).out.replace(found, instead))
    refused = makegood("policy", "adopt", file, "--book", book)
    assert refused.code == 2
    assert "is not a whole edition" in refused.err


def test_an_edition_cannot_take_effect_in_the_past(makegood: Makegood, book: str, tmp_path: Path):
    file = tmp_path / "policy.toml"
    file.write_text(makegood("policy", "show", "--book", book).out)
    refused = makegood("policy", "adopt", file, "--effective-from", "2020-01-01", "--book", book)
    assert refused.code == 1
    assert refused.err.startswith("Refused (")


def test_the_tail_is_one_line_an_entry(makegood: Makegood, book: str):
    lines = makegood("events", "tail", "--book", book).out.splitlines()
    assert [line.split()[2:] for line in lines] == [["book.opened", "book"], ["policy.adopted", "policy"]]
    assert len(makegood("events", "tail", "-n", 1, "--book", book).out.splitlines()) == 1
    assert len(makegood("events", "tail", "--after", 1, "--book", book).out.splitlines()) == 1


def test_an_entry_is_shown_whole(makegood: Makegood, book: str):
    (entry,) = makegood("events", "show", 1, "--book", book, "--json").json()
    assert (entry["position"], entry["type"], entry["data"]["zone"]) == (1, "book.opened", "UTC")
    assert makegood("events", "show", 3, "--book", book).code == 2


def test_an_unknown_type_or_book_says_which_there_are(makegood: Makegood, book: str):
    assert "order.placed" in makegood("events", "tail", "--type", "order.eaten", "--book", book).err
    unknown = makegood("events", "tail", "--book", "no-such-book")
    assert (unknown.code, unknown.err) == (
        2,
        "No book is called no-such-book. See them: makegood books list\n",
    )


def test_without_a_terminal_a_table_is_tab_separated(makegood: Makegood, book: str):
    line = next(line for line in makegood("books", "list").out.splitlines() if line.startswith(book))
    assert line.split("\t") == [book, "2", "UTC", "GB", "", "False"]


def test_a_database_that_does_not_answer_has_its_own_exit_code(makegood: Makegood, tmp_path: Path):
    nobody = makegood("books", "list", "--dsn", f"host={tmp_path} dbname=makegood")
    assert nobody.code == 4
    assert "makegood doctor" in nobody.err


def test_no_command_prints_the_help_and_a_wrong_one_is_a_usage_error(capsys: pytest.CaptureFixture[str]):
    assert ended(["frobnicate"]) == 2
    assert ended(["--help"]) == 0
    assert re.search(r"Exit codes: 0 ok, 1 failure, 2 usage, 3 a check\s+found", capsys.readouterr().out)


def test_following_prints_what_others_record_until_interrupted(makegood: Makegood, book: str):
    command = [sys.executable, "-c", "from cli.main import run; run()", "events", "tail", "--follow"]
    with subprocess.Popen([*command, "--book", book], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert [process.stdout.readline().split()[2] for _ in range(2)] == ["book.opened", "policy.adopted"]
        assert makegood("persons", "add", "Ana", "--role", "agent", "--book", book).code == 0
        assert process.stdout.readline().split()[2] == "person.registered"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
