"""Rebuilding as one of several processes: one at a time, and a dead one is in nobody's way."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import RebuildUnderWay
from ledger.projecting.entries import connect
from ledger.projecting.rebuilding import HOLD, rebuild_alone
from tests.projections.conftest import MakeBook, named
from tests.projections.histories import StoredBook

ROOT = Path(__file__).parents[2]
BALANCE = named("customer_balance")

STUCK = """
import sys
from ledger.projecting.rebuilding import rebuild_alone
from projections.customer_balance import CustomerBalance

def stuck(done, of):
    print("folding", flush=True)
    sys.stdin.read()

rebuild_alone(sys.argv[1], sys.argv[2], [CustomerBalance()], stuck)
"""


def test_a_rebuild_that_was_killed_is_in_nobodys_way(conninfo: str, book: StoredBook) -> None:
    """Hold the book by a lease that has to run out → this fails."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, conninfo, book.name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "folding\n"
        with pytest.raises(RebuildUnderWay):
            rebuild_alone(conninfo, book.name, [BALANCE])
        process.kill()
    (receipt,) = rebuild_alone(conninfo, book.name, [BALANCE])
    assert receipt.rows == receipt.differences.missing > 0


def test_books_are_rebuilt_beside_each_other(conninfo: str, make_book: MakeBook) -> None:
    one, other = make_book([]), make_book([])
    with closing(connect(conninfo)) as elsewhere:
        elsewhere.execute(HOLD, (one.name,))
        with pytest.raises(RebuildUnderWay):
            rebuild_alone(conninfo, one.name, [BALANCE])
        assert rebuild_alone(conninfo, other.name, [BALANCE])
    assert rebuild_alone(conninfo, one.name, [BALANCE])
