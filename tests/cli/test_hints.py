"""A command that a text names is one to paste: it acts on the database and book that were named before."""

import re
import shlex
from pathlib import Path

import pytest

from ledger.database import Database
from tests.cli.commandline import Ended, Makegood

NOBODY = "per_01h455vb4pex5vsknk084sn02q"


def pasted(makegood: Makegood, text: str) -> Ended:
    """What comes of the command a text ends with."""
    (command,) = re.findall(r"makegood (.*)\n", text)
    return makegood(*shlex.split(command))


@pytest.mark.parametrize("refused", [("keys", "create", NOBODY), ("keys", "revoke", "key_1")])
def test_a_pasted_hint_looks_where_the_command_did(
    makegood: Makegood,
    book: str,
    keys_folder: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    refused: tuple[str, ...],
):
    # Print hints as they are written → this fails: without the variables, there is no book where they look.
    monkeypatch.delenv("MAKEGOOD_DSN")
    monkeypatch.delenv("MAKEGOOD_DATA")
    named = ("--data", keys_folder, "--dsn", database.app_conninfo, "--book", book)
    hint = makegood(*refused, *named).err
    assert pasted(makegood, hint).code == 0
    assert str(keys_folder) in hint


def test_a_hint_names_no_option_that_its_command_does_not_take(makegood: Makegood, keys_folder: Path):
    unknown = makegood("events", "tail", "--book", "no-such-book", "--data", keys_folder)
    assert unknown.err.endswith(f"See them: makegood books list --data {keys_folder}\n")
    assert pasted(makegood, unknown.err).code == 0


def test_the_options_stand_before_what_a_person_has_to_fill_in(
    makegood: Makegood, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("MAKEGOOD_DSN")
    folder = tmp_path / "our books"
    refused = makegood("books", "list", "--data", folder)
    assert refused.err.endswith(
        f"begin one: makegood books create --data '{folder}' NAME --zone ZONE --country CODE\n"
    )


def test_what_a_variable_says_is_not_repeated(makegood: Makegood):
    unknown = makegood("events", "tail", "--book", "no-such-book")
    assert unknown.err == "No book is called no-such-book. See them: makegood books list\n"


def test_a_password_is_not_repeated(makegood: Makegood, tmp_path: Path):
    nobody = makegood("books", "list", "--dsn", f"host={tmp_path} dbname=makegood password=s3cret")
    assert (nobody.code, "makegood doctor --dsn" in nobody.err, "s3cret" in nobody.err) == (4, True, False)


def test_the_doctor_names_where_to_act(makegood: Makegood):
    found = makegood("doctor", "--dsn", "host=/nowhere", "--json").json()
    assert [it["next"] for it in found if it["check"] == "connection"] == [
        "makegood migrate --dsn host=/nowhere (embedded), or make the roles and put MAKEGOOD_DSN right."
    ]
