"""Several processes on one book, and processes that are killed while they write."""

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.database import Database
from ledger.record.chain import verify
from ledger.record.writer import Writer
from tests.record.conftest import Rows, append, new_entry

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent.parent


def started(database: Database, book: str, prefix: str, appends: int) -> "subprocess.Popen[str]":
    arguments = (database.app_conninfo, book, prefix, str(appends))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.record.appending_process", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def check_whole(rows: Rows, book: str) -> set[str]:
    """The chain intact, no gap and no duplicate; returns the streams."""
    stored = rows(book)
    assert verify(stored)[0] == len(stored)
    return {row.stream for row in stored}


async def test_two_processes_write_one_book_without_gap_or_duplicate(
    database: Database, bare_book: str, rows: Rows
) -> None:
    writing = [started(database, bare_book, prefix, 150) for prefix in ("one", "two")]
    printed = [process.communicate()[0].splitlines() for process in writing]
    assert [process.returncode for process in writing] == [0, 0]
    expected = {f"{prefix}-{number}" for prefix in ("one", "two") for number in range(150)}
    assert sorted(printed[0] + printed[1]) == sorted(expected)
    assert check_whole(rows, bare_book) == expected | {"contested"}
    positions = {row.stream.partition("-")[0]: row.position for row in rows(bare_book)}
    assert len(positions) == 3


@pytest.mark.parametrize("acknowledged_before", [1, 60, 200])
async def test_a_process_killed_while_it_writes_loses_nothing_it_has_acknowledged(
    database: Database, bare_book: str, rows: Rows, writer: Writer, acknowledged_before: int
) -> None:
    process = started(database, bare_book, "killed", 100_000)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(acknowledged_before)]
    process.kill()
    acknowledged += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() < 0
    # Answered before the commit, a line printed here would be missing there.
    whole = {line.removesuffix("\n") for line in acknowledged if line.endswith("\n")}
    assert len(whole) >= acknowledged_before
    # The next writer waits for what the killed one had under way, then goes on from there.
    await writer.append(append(new_entry("after")))
    assert whole <= check_whole(rows, bare_book)
