"""`makegood export`: the journal of real orders, as other programs read it."""

import csv
import io
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from cli.moments import moment_in
from domain.money import Money
from ledger.database import Database
from ledger.exports import commodity
from ledger.projecting.as_of import Effective, rows_as_of
from ledger.projecting.entries import connect, hash_at
from projections.journal import ACCOUNTS, Journal, postings
from tests.cli.commandline import Makegood

SLICE = Path(__file__).parents[1] / "data" / "online-retail-slice.csv.gz"
HLEDGER = shutil.which("hledger")


@pytest.fixture
def real(makegood: Makegood, book_name: str) -> str:
    """A book with the real orders."""
    assert makegood("import", "orders", SLICE, "--book", book_name).code == 0
    return book_name


def trial_balance(database: Database, book: str) -> dict[str, int]:
    """Each account's balance in minor units, folded anew."""
    totals: Counter[str] = Counter()
    for row in rows_as_of(database.app_conninfo, book, Journal(), Effective(2**62)).rows:
        totals[row.account] += row.amount
    return dict(totals)


def test_the_export_balances_and_passes_the_strict_check_of_hledger(
    makegood: Makegood, database: Database, real: str, tmp_path: Path
):
    """Leave a posting out, or an account undeclared → hledger says so."""
    file = tmp_path / "book.journal"
    done = makegood("export", "hledger", "--output", file, "--book", real)
    assert (done.code, done.out) == (0, "")
    assert "transactions" in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["book.journal"]
    if HLEDGER is None:
        pytest.skip("hledger is not installed here")
    for check in ("accounts", "commodities"):
        subprocess.run([HLEDGER, "check", "-s", check, "-f", file], check=True)
    asked = [HLEDGER, "balance", "-f", file, "-O", "csv", "--flat", "-E", "-N"]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    found = {row["account"]: row["balance"] for row in csv.DictReader(io.StringIO(told))}
    expected = {account: minor for account, minor in trial_balance(database, real).items() if minor}
    assert {account: pence(text) for account, text in found.items() if pence(text)} == expected
    assert sum(expected.values()) == 0


def test_a_past_the_book_has_not_reached_is_a_usage_error(makegood: Makegood, book: str):
    for command in (("export", "csv"), ("export", "hledger"), ("projections", "explain", "journal", "1")):
        refused = makegood(*command, "--as-of-position", 99_999, "--book", book)
        assert (refused.code, refused.out) == (2, "")
        assert "has no entry 99999; its last is 2." in refused.err
        assert makegood("export", "csv", "--as-of-position", 2, "--book", book).code == 0


def pence(text: str) -> int:
    return int(Decimal(text.split()[0]) * 100)


def test_the_csv_holds_every_posting(makegood: Makegood, database: Database, real: str):
    done = makegood("export", "csv", "--book", real)
    assert done.code == 0
    totals: Counter[str] = Counter()
    for row in csv.DictReader(io.StringIO(done.out)):
        totals[row["account"]] += pence(row["amount"])
        assert row["currency"] == "GBP"
        assert row["date"] == row["effective_at"][:10], "the shop's clocks showed UTC that winter"
    assert {account: amount for account, amount in totals.items() if amount} == {
        account: amount for account, amount in trial_balance(database, real).items() if amount
    }


def test_a_past_of_the_journal_is_exported(makegood: Makegood, database: Database, real: str):
    """Read all entries and forget to ask whether each counts → the balances are today's, and this fails."""
    middle = "2010-12-15T00:00:00Z"
    done = makegood("export", "csv", "--as-of", middle, "--book", real)
    days = [row["date"] for row in csv.DictReader(io.StringIO(done.out))]
    assert (done.code, max(days)) == (0, "2010-12-14")
    rows = rows_as_of(database.app_conninfo, real, Journal(), Effective(moment_in(middle))).rows
    assert len(days) == len(rows)
    assert "were recorded later than that moment" in done.err, "an import comes later than what it tells"
    half = makegood("export", "hledger", "--as-of-position", 1_000, "--book", real)
    with connect(database.app_conninfo) as reader:
        chained = hash_at(reader, real, 1_000)
    assert half.out.startswith(f"; Makegood book {real}, entries 1 to 1000\n; {chained}\n")
    assert "recorded later" not in half.err
    before = makegood("export", "csv", "--as-of-recorded", "2000-01-01T00:00:00Z", "--book", real)
    assert (before.code, len(before.out.splitlines())) == (0, 1)
    both = makegood("export", "csv", "--as-of", middle, "--as-of-position", 1, "--book", real)
    assert both.code == 2


def test_whatever_was_kept_as_a_currency_is_a_commodity():
    """Ask ISO 4217 for its digits, or leave it bare → hledger cannot read the export, and this fails."""
    assert [commodity(each) for each in ("EUR", "XXX", "USD2", 'A "B"')] == ["EUR", "XXX", '"USD2"', '"A B"']
    assert [Money(1234, each).decimal() for each in ("EUR", "XXX", "USD2")] == ["12.34", "1234", "1234"]


def test_an_empty_book_is_exported_too(makegood: Makegood, book: str):
    empty = makegood("export", "hledger", "--book", book)
    assert empty.code == 0
    assert [f"account {account}" in empty.out for account in ACCOUNTS] == [True] * len(ACCOUNTS)
    if HLEDGER is not None:
        subprocess.run([HLEDGER, "check", "-s", "-f", "-"], input=empty.out, text=True, check=True)
    assert makegood("export", "csv", "--book", book).out.splitlines()[0].startswith("position,line,date")


def test_an_entry_that_cannot_be_folded_is_named_and_not_left_out_silently(
    makegood: Makegood, real: str, monkeypatch: pytest.MonkeyPatch
):
    spoiled: list[object] = []

    def poisoned(it: object) -> object:
        if not spoiled:
            spoiled.append(it)
            raise LookupError
        return postings(it)

    monkeypatch.setattr("projections.journal.postings", poisoned)
    done = makegood("export", "csv", "--book", real)
    assert done.code == 3
    assert "Missing" in done.err
