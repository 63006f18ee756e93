"""What the commands do, print and end with."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.commands import ended
from ledger.durable_files import append_line
from ledger.sealing.erasures import FILE_NAME
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
    [
        ("Shop", "UTC", "GB"),
        ("shop", "Mars/Olympus", "GB"),
        ("shop", "UTC", "England"),
        ("shop", "UTC", "ZZ"),
    ],
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


def test_no_command_brings_an_erased_person_back(makegood: Makegood, book: str, keys_folder: Path):
    # Apply the erasures where the service starts, and nowhere else → this fails.
    (added,) = makegood("persons", "add", "Ana Ruiz", "--role", "agent", "--book", book, "--json").json()
    append_line(keys_folder / FILE_NAME, json.dumps({"book": book, "subject": added["person"]}))
    listed = makegood("persons", "list", "--book", book, "--json").json()
    assert [person["name"] for person in listed] == ["[erased]"]


def person_of(makegood: Makegood, book: str, role: str, *arguments: str) -> str:
    """A person just added, in that role."""
    added = makegood("persons", "add", "Ana", "--role", role, "--book", book, "--json", *arguments)
    return added.json()[0]["person"]


def test_what_is_recorded_says_who_recorded_it(makegood: Makegood, book: str):
    # Let whoever reaches the data folder act as the system for ever → this fails.
    owner = person_of(makegood, book, "owner")  # the first one: nobody is there to say who adds them
    agent = person_of(makegood, book, "agent", "--as", owner)
    tail = makegood("events", "tail", "--type", "person.registered", "--book", book, "--json").json()
    assert [(entry["meta"]["person"], entry["meta"]["role"]) for entry in tail] == [
        ("system", "owner"),
        (owner, "owner"),
    ]
    assert agent in json.dumps(tail)


def test_who_adds_a_person_must_be_there_and_may(
    makegood: Makegood, book: str, monkeypatch: pytest.MonkeyPatch
):
    add = ("persons", "add", "Bo", "--role", "agent", "--book", book)
    agent = person_of(makegood, book, "agent")
    owner = person_of(makegood, book, "owner")  # an agent may not add anybody: the book still needs an owner
    for refused in (
        makegood(*add),
        makegood(*add, "--as", agent),
        makegood(*add, "--as", "per_01h455vb4pex5vsknk084sn02q"),
    ):
        assert refused.code == 2
        assert refused.err
    monkeypatch.setenv("MAKEGOOD_PERSON", owner)
    assert makegood(*add).code == 0


def test_an_edition_is_adopted_by_somebody(makegood: Makegood, book: str, tmp_path: Path):
    file = tmp_path / "policy.toml"
    file.write_text(makegood("policy", "show", "--book", book).out.replace("_months = 6", "_months = 9"))
    owner = person_of(makegood, book, "owner")
    assert makegood("policy", "adopt", file, "--book", book).code == 2
    assert makegood("policy", "adopt", file, "--book", book, "--as", owner).code == 0
    (*_, entry) = makegood("events", "tail", "--type", "policy.adopted", "--book", book, "--json").json()
    assert (entry["meta"]["person"], entry["meta"]["role"]) == (owner, "owner")


def test_no_card_number_comes_in_by_the_command_line(makegood: Makegood, book: str, tmp_path: Path):
    # Leave `free_text` out of one command → this fails.
    card = "4111 1111 1111 1111"
    file = tmp_path / "policy.toml"
    file.write_text(makegood("policy", "show", "--book", book).out.replace("_months = 6", "_months = 9"))
    before = makegood("events", "tail", "--book", book).out
    for refused in (
        makegood("persons", "add", f"Ana {card}", "--role", "agent", "--book", book),
        makegood("policy", "adopt", file, "--reason", f"because {card}", "--book", book),
    ):
        assert (refused.code, "card number" in refused.err) == (2, True)
        assert card not in refused.err
    assert makegood("events", "tail", "--book", book).out == before


@pytest.mark.parametrize("name", ["", " \t", "\u200b\u200d", "\u3164", "x" * 201, "Ana\x07"])
def test_a_person_has_a_name_one_can_see(makegood: Makegood, book: str, name: str):
    refused = makegood("persons", "add", name, "--role", "agent", "--book", book)
    assert (refused.code, refused.err.startswith("The name is not recorded: ")) == (2, True)


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


def test_the_edition_in_force_is_not_adopted_twice(makegood: Makegood, book: str, tmp_path: Path):
    file = tmp_path / "policy.toml"
    file.write_text(makegood("policy", "show", "--book", book).out)
    adopted = makegood("policy", "adopt", file, "--book", book, "--json")
    assert (adopted.code, adopted.json()[0]["edition"]) == (0, 1)
    assert adopted.err == "That edition is the one adopted last; nothing was recorded.\n"


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
    heading, *lines = makegood("events", "tail", "--book", book).out.splitlines()
    assert heading.split("\t") == ["position", "effective_at", "type", "stream"]
    assert [line.split("\t")[2:] for line in lines] == [["book.opened", "book"], ["policy.adopted", "policy"]]
    assert len(makegood("events", "tail", "-n", 1, "--book", book).out.splitlines()) == 1 + 1
    assert len(makegood("events", "tail", "--after", 1, "--book", book).out.splitlines()) == 1 + 1


def test_the_tail_of_one_type_goes_back_as_far_as_it_must(makegood: Makegood, book: str):
    """Begin so many positions before the head → this prints nothing."""
    for _ in range(3):
        person_of(makegood, book, "agent")
    tail = makegood("events", "tail", "--type", "book.opened", "-n", 2, "--book", book)
    assert [line.split()[0] for line in tail.out.splitlines()] == ["position", "1"]
    tail = makegood("events", "tail", "--type", "person.registered", "-n", 2, "--book", book)
    assert [line.split()[0] for line in tail.out.splitlines()] == ["position", "4", "5"]
    nothing = (0, "position\teffective_at\ttype\tstream\n", "")
    assert makegood("events", "tail", "--type", "order.placed", "--book", book) == nothing
    assert makegood("events", "tail", "-n", 0, "--book", book) == nothing


def test_an_entry_is_shown_whole(makegood: Makegood, book: str):
    (entry,) = makegood("events", "show", 1, "--book", book, "--json").json()
    assert (entry["position"], entry["type"], entry["data"]["zone"]) == (1, "book.opened", "UTC")
    assert makegood("events", "show", 3, "--book", book).code == 2


def test_an_entry_for_people_is_the_same_over_several_lines(makegood: Makegood, book: str):
    """Encode what is shown with the standard json → this fails: an entry's meta is no dict."""
    shown = makegood("events", "show", 1, "--book", book)
    (entry,) = makegood("events", "show", 1, "--book", book, "--json").json()
    assert (shown.code, json.loads(shown.out)) == (0, entry)
    assert len(shown.out.splitlines()) > len(entry)


def test_an_unknown_type_or_book_says_which_there_are(makegood: Makegood, book: str):
    assert "order.placed" in makegood("events", "tail", "--type", "order.eaten", "--book", book).err
    unknown = makegood("events", "tail", "--book", "no-such-book")
    assert (unknown.code, unknown.err) == (
        2,
        "No book is called no-such-book. See them: makegood books list\n",
    )


def test_a_database_that_does_not_answer_has_its_own_exit_code(makegood: Makegood, tmp_path: Path):
    nobody = makegood("books", "list", "--dsn", f"host={tmp_path} dbname=makegood")
    assert nobody.code == 4
    assert "makegood doctor" in nobody.err


def test_a_connection_string_that_is_none_is_a_usage_error_and_not_repeated(makegood: Makegood):
    for command in (("books", "list"), ("migrate", "--plan"), ("doctor",)):
        refused = makegood(*command, "--dsn", "banana s3cret")
        assert (refused.code, refused.err[:5], "s3cret" in refused.err) == (2, "--dsn", False)


@pytest.mark.parametrize(
    "command",
    [
        ("books", "list"),
        ("persons", "list"),
        ("keys", "list"),
        ("policy", "show"),
        ("events", "tail"),
        ("tick",),
        ("worker",),
        ("migrate", "--check"),
        ("projections", "list"),
    ],
)
def test_a_command_that_needs_a_book_makes_no_data_folder(
    makegood: Makegood, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
):
    monkeypatch.delenv("MAKEGOOD_DSN")
    refused = makegood(*command, "--data", tmp_path / "mistyped")
    assert (refused.code, refused.err.startswith("No book here: ")) == (2, True)
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("folder", ["/proc/nope", "/etc/passwd"])
def test_a_folder_that_cannot_be_is_a_usage_error(
    makegood: Makegood, monkeypatch: pytest.MonkeyPatch, folder: str
):
    monkeypatch.delenv("MAKEGOOD_DSN")
    refused = makegood("books", "create", "shop", "--zone", "UTC", "--country", "DE", "--data", folder)
    assert (refused.code, "Choose another: --data DIR" in refused.err) == (2, True)


def test_a_current_schema_is_said_to_be_one(makegood: Makegood):
    assert makegood("migrate", "--check") == (
        0,
        "",
        "The schema is that of this release; nothing is missing.\n",
    )


def test_no_command_prints_the_help_and_a_wrong_one_is_a_usage_error(capsys: pytest.CaptureFixture[str]):
    assert ended(["frobnicate"]) == 2
    assert ended(["--help"]) == 0
    assert re.search(r"Exit codes: 0 ok, 1 failure, 2 usage, 3 a check\s+found", capsys.readouterr().out)


def test_an_interruption_while_it_begins_is_one_too():
    # Import the commands where the entry point is → this fails: a trace, and an end by the signal itself.
    interrupted = """
import sys
class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "cli.projections":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from cli.main import run; run()
"""
    ended = subprocess.run([sys.executable, "-c", interrupted, "--help"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@pytest.mark.parametrize("command", ["export csv", "books list"])
def test_what_nobody_reads_any_more_ends_without_a_word(makegood: Makegood, book: str, command: str):
    reading, writing = os.pipe()
    os.close(reading)
    run = [sys.executable, "-c", "from cli.main import run; run()", *command.split()]
    chosen = ["--book", book] if "export" in command else []
    with open(writing, "w") as nobody:
        ended = subprocess.run([*run, *chosen], stdout=nobody, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_following_prints_what_others_record_until_interrupted(makegood: Makegood, book: str):
    command = [sys.executable, "-c", "from cli.main import run; run()", "events", "tail", "--follow"]
    with subprocess.Popen([*command, "--book", book], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            seen = [process.stdout.readline().split()[2] for _ in range(3)]
            assert seen == ["type", "book.opened", "policy.adopted"]
            assert makegood("persons", "add", "Ana", "--role", "agent", "--book", book).code == 0
            assert process.stdout.readline().split()[2] == "person.registered"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        finally:
            process.kill()  # or the end of `with` waits for it
