"""Files outside the database: whole or not at all, and a torn line is never read nor built upon."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ledger.durable_files import append_line, create_once, whole_lines


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "key"
    create_once(file, b"first")
    create_once(file, b"second")
    assert file.read_bytes() == b"first"


def test_of_many_that_create_at_once_one_wins_and_all_read_it(tmp_path: Path) -> None:
    file = tmp_path / "key"

    def made(number: int) -> bytes:
        create_once(file, b"%d" % number)
        return file.read_bytes()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(made, range(40)))) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_lines_come_back_in_the_order_they_were_added(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    append_line(file, "one")
    append_line(file, "two")
    assert whole_lines(file) == ["one", "two"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert whole_lines(tmp_path / "lines") == []


# Remove `truncate` or the cut at the last newline → this fails.
def test_a_line_cut_short_by_a_crash_is_neither_read_nor_built_upon(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    append_line(file, "one")
    with file.open("ab") as writing:
        writing.write(b"a torn and much longer li")
    assert whole_lines(file) == ["one"]
    append_line(file, "two")
    assert file.read_bytes() == b"one\ntwo\n"


# Remove `flock` → lines are lost and this fails.
def test_lines_added_at_once_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: append_line(file, f"line {number}"), range(60)))
    assert sorted(whole_lines(file)) == sorted(f"line {number}" for number in range(60))
