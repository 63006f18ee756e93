"""What commands print is whole, for whoever reads it: a person at a terminal, or a program in a pipe."""

import csv
import io
import re
import sys
from pathlib import Path

import pytest

from cli import output
from cli.output import Row
from tests.cli.commandline import Makegood

KEY = "key_01h455vb4pex5vsknk084sn02q"
TEXT = "mk_demo_R6nLzFwIk6zE6kJqb56cSi2KD46Acq7ViO3HhyIBscd"
PROSE = "Who owes whom what, and how it came about that so much is owed by so many to so few of them"


def shown_at_a_terminal(
    rows: list[Row], width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """The lines that a terminal of that width has, each as wide as it was printed."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    output.show(rows, as_json=False)
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def test_a_table_in_a_pipe_has_a_heading_and_is_tab_separated(makegood: Makegood, book: str):
    # Leave the heading out → this fails: whoever reads the lines has to guess.
    listed = csv.DictReader(io.StringIO(makegood("books", "list").out), delimiter="\t")
    (row,) = [row for row in listed if row["book"] == book]
    assert row == {
        "book": book,
        "entries": "2",
        "zone": "UTC",
        "country": "GB",
        "cut_over": "",
        "demo": "False",
    }


def test_a_row_in_a_pipe_is_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]):
    # Print values as they are → this fails: one row becomes two, and one cell two.
    output.show([{"name": "Ana\tRuiz", "cause": "it said:\nno\\never", "tries": 2}], as_json=False)
    assert capsys.readouterr().out == "name\tcause\ttries\nAna\\tRuiz\tit said:\\nno\\\\never\t2\n"


def test_a_table_that_goes_on_has_one_heading(capsys: pytest.CaptureFixture[str]):
    for look in range(3):
        output.show([{"look": look}], as_json=False, again=look > 0)
    assert capsys.readouterr().out.splitlines() == ["look", "0", "1", "2"]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
def test_no_terminal_is_too_narrow_for_what_is_copied_from_it(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # Let the table fit itself into the terminal → this fails at 80: the key that is printed once is cut.
    lines = shown_at_a_terminal([{"key": KEY, "text": TEXT, "of": "ana"}], width, monkeypatch, capsys)
    words = " ".join(lines).split()
    assert {"key", "text", "of", KEY, TEXT, "ana"} == set(words)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_prose_is_wrapped_between_words_where_there_is_room_for_a_table(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    rows: list[Row] = [{"projection": "customer_balance", "table": "customer_balance_v12", "question": PROSE}]
    lines = shown_at_a_terminal(rows, width, monkeypatch, capsys)
    assert lines[0].split() == ["projection", "table", "question"]
    assert max(map(len, lines)) <= width
    words = " ".join(lines[1:]).split()
    assert words == ["customer_balance", "customer_balance_v12", *PROSE.split()]


def test_what_is_in_brackets_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    # Hand texts to the table as they are → this fails: it takes them for colours, and shows nothing.
    lines = shown_at_a_terminal([{"name": "[erased]", "said": "[red]"}], 80, monkeypatch, capsys)
    assert lines[1].split() == ["[erased]", "[red]"]


def test_every_command_prints_tables_in_one_way() -> None:
    # A table of a command's own would be cut again.
    sources = Path(output.__file__).parent.rglob("*.py")
    assert [it.name for it in sources if "rich.table" in it.read_text("utf-8")] == ["output.py"]
