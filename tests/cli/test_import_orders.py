"""Real orders come in through the same decisions as everybody else's."""

import csv
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest

from api.app import create_app
from domain.command import Command
from ledger.book import Book
from ledger.composition import Ledger
from ledger.connection import Reader
from ledger.database import Database
from ledger.errors import LedgerError, QueueFull, StreamBusy, Unavailable
from ledger.record.submission import Outcome, Submission
from projections.customers import Customers
from projections.refund_audit import RefundAudit
from tests.api.conftest import MASTER, followed
from tests.api.house import owner_of
from tests.cli.commandline import Makegood
from tests.cli.real_shop import ReadModels
from tests.cli.real_shop_over_http import OverHttp

DATA = Path(__file__).parents[1] / "data"
SLICE = DATA / "online-retail-slice.csv.gz"
EXPECTED: dict[str, Any] = json.loads((DATA / "online-retail-slice.expected.json").read_text())["totals"]
WHOLE = Path(__file__).parents[3] / "shared" / "data" / "online-retail.csv.gz"

BUILT_IN = Path(__file__).parents[2] / "ledger" / "importing" / "online_retail.toml"

RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ORDER = "489434,85048,LIGHTS,12,2009-12-01T07:45:00,6.95,13085,United Kingdom"
TAIL_OF_RECEIPT = ("entries", "entries_before", "seconds", "peak_megabytes")


def recorded(database: Database, book: str) -> dict[str, int]:
    """What the record itself says, in the words of the expected file."""
    query = """
        SELECT count(*) FILTER (WHERE type = 'order.placed'),
               count(DISTINCT customer) FILTER (WHERE type = 'order.placed'),
               sum(jsonb_array_length(data::jsonb->'lines')) FILTER (WHERE type = 'order.placed'),
               sum((data::jsonb->>'charge')::bigint) FILTER (WHERE type = 'order.shipped'),
               sum((data::jsonb->>'amount')::bigint) FILTER (WHERE type = 'payment.captured'),
               count(*) FILTER (WHERE data::jsonb->>'standing' = 'new'),
               count(*) FILTER (WHERE data::jsonb->>'standing' = 'existing'),
               (SELECT sum((line->>'quantity')::bigint) FROM entries AS placed,
                       jsonb_array_elements(placed.data::jsonb->'lines') AS line
                WHERE placed.book = %(book)s AND placed.type = 'order.placed'),
               count(*) FILTER (WHERE type = 'guarantee.granted')
        FROM entries WHERE book = %(book)s"""
    with psycopg.connect(database.app_conninfo) as connection:
        row = connection.execute(query, {"book": book}).fetchone()
    assert row is not None
    names = ("orders", "customers_with_orders", "order_lines", "charged_pence", "captured_pence")
    names += ("orders_new", "orders_existing", "units", "guarantees")
    return dict(zip(names, map(int, row), strict=True))


def position(database: Database, book: str) -> int:
    """How far the book goes."""
    with psycopg.connect(database.app_conninfo) as connection:
        row = connection.execute("SELECT position FROM heads WHERE book = %s", (book,)).fetchone()
    return row[0] if row else 0


def refunds_are_as(expected: dict[str, Any], receipt: dict[str, Any]) -> None:
    """The credit notes became what the expected file says."""
    assert (receipt["refunds"], receipt["refund_parts"], receipt["refunded_units"], receipt["refunded"]) == (
        expected["refunds_verified"]["credit_note_order_pairs"],
        expected["refunds_verified"]["parts"],
        expected["refunds_verified"]["units"],
        {"GBP": expected["refunds_verified"]["pence"]},
    )
    unverified = (receipt["unverified"], receipt["unverified_units"], receipt["unverified_refunded"])
    assert unverified == (
        expected["refunds_unverified"]["credit_lines"],
        expected["refunds_unverified"]["units"],
        {"GBP": expected["refunds_unverified"]["pence"]},
    )
    assert (receipt["adjustments"], receipt["adjusted"]) == (
        expected["adjustments"]["credit_lines"],
        {"GBP": expected["adjustments"]["pence"]},
    )


def without_tail(receipt: dict[str, Any]) -> dict[str, Any]:
    """The part of a receipt that every run over the same file repeats."""
    return {name: value for name, value in receipt.items() if name not in TAIL_OF_RECEIPT}


def file_of(folder: Path, *lines: str) -> Path:
    """A file in the columns of Online Retail."""
    file = folder / "orders.csv"
    file.write_text("\n".join((RETAIL, *lines, "")))
    return file


def test_the_slice_of_the_real_shop_is_recorded_as_expected_and_only_once(
    makegood: Makegood, database: Database, book_name: str
):
    """Leave out the idempotency keys, or a drop rule → this fails."""
    first = makegood("import", "orders", SLICE, "--book", book_name, "--json")
    (receipt,) = first.json()
    assert (first.code, first.err) == (0, "")
    found = recorded(database, book_name)
    assert found == {name: EXPECTED[name] for name in found if name != "guarantees"} | {"guarantees": 647}
    assert receipt["credit_notes"] == EXPECTED["credit_notes"]
    assert receipt["credit_lines"] == EXPECTED["credit_lines"]
    assert receipt["charged"] == {"GBP": EXPECTED["charged_pence"]}
    assert receipt["rows"] == 14_048
    refunds_are_as(EXPECTED, receipt)

    before = position(database, book_name)
    (again,) = makegood("import", "orders", SLICE, "--book", book_name, "--json").json()
    assert position(database, book_name) == before
    assert without_tail(again) == without_tail(receipt)
    assert (again["entries"], again["entries_before"]) == (0, receipt["entries"])


def test_the_read_models_say_of_the_slice_what_is_expected(
    makegood: Makegood, database: Database, book_name: str
):
    """Match units to another order line, or keep a credit note's parts together → this fails. Say of every
    adjustment that it was a discount → this fails."""
    assert makegood("import", "orders", SLICE, "--book", book_name).code == 0
    assert makegood("projections", "rebuild", "--all", "--book", book_name).code == 0
    models = ReadModels(database.app_conninfo, book_name)
    assert models.totals() == EXPECTED
    months = models.per_month()
    assert sum(month["charged_pence"] for month in months) == EXPECTED["charged_pence"]
    assert sum(month["adjusted_pence"] for month in months) == EXPECTED["adjustments"]["pence"]
    query = f"""
        SELECT count(*) AS odd FROM {RefundAudit().table}
        WHERE book = %(book)s AND (number IS NOT NULL OR decided_as <> 'owner' OR net_cost <> credited)"""
    assert models.rows(query) == [{"odd": 0}]


def test_the_api_says_of_the_slice_what_is_expected(makegood: Makegood, database: Database, book_name: str):
    """Every figure of the expected file, as a client finds it."""
    assert makegood("import", "orders", SLICE, "--book", book_name).code == 0
    assert makegood("projections", "rebuild", "--all", "--book", book_name).code == 0
    models = ReadModels(database.app_conninfo, book_name)
    refunded = sorted({row["customer"] for row in models.rows(REFUNDED)})[:20]
    assert len(refunded) == 20
    said = anyio.run(said_over_http, database.app_conninfo, book_name, refunded)
    assert said == {
        "totals": EXPECTED,
        "guests": models.totals(guests=True),
        "charged_by_kind": models.charged_by_kind(),
        "per_month": models.per_month(),
        "top_20_customers_by_net": models.top_20(),
        "refunds_of_20_customers": models.refunds_of(refunded),
    }


REFUNDED = f"""
SELECT DISTINCT c.external_ref AS customer FROM {RefundAudit().table} AS r
JOIN {Customers().table} AS c USING (book, customer) WHERE book = %(book)s"""


async def said_over_http(conninfo: str, book: str, refunded: list[str]) -> dict[str, Any]:
    """What the API says of a book that is built, in the words of the expected file."""
    ledger = await Ledger.open(conninfo, MASTER)
    try:
        caller = await owner_of(ledger, create_app(ledger), await ledger.book(book))
        async with followed(ledger, await ledger.book(book)):
            client = OverHttp(caller.client)
            shop, reports = await client.shop(), await client.reports()
            totals = shop.totals({it["id"] for it in shop.customers})
            assert reports == {name: totals[name] for name in reports}, "the reports by month say the same"
            return {
                "totals": await client.totals(shop),
                "guests": await client.totals(shop, guests=True),
                "charged_by_kind": await client.charged_by_kind(),
                "per_month": shop.per_month(),
                "top_20_customers_by_net": shop.top_20(),
                "refunds_of_20_customers": shop.refunds_of(refunded),
            }
    finally:
        await ledger.close()


def test_killed_in_the_middle_it_goes_on_where_it_was(
    makegood: Makegood, database: Database, keys_folder: Path, book_name: str
):
    assert (
        makegood(
            "books", "create", book_name, "--zone", "UTC", "--country", "GB", "--cut-over", "2012-01-01"
        ).code
        == 0
    )
    command = [
        sys.executable,
        "-c",
        "from cli.main import run; run()",
        "import",
        "orders",
        str(SLICE),
        "--book",
        book_name,
    ]
    environment = os.environ | {"MAKEGOOD_DSN": database.app_conninfo, "MAKEGOOD_DATA": str(keys_folder)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while position(database, book_name) < 300 and time.monotonic() < until:
            assert process.poll() is None
        process.kill()
    killed_at = position(database, book_name)
    assert 300 <= killed_at < 3_515
    (receipt,) = makegood("import", "orders", SLICE, "--book", book_name, "--json").json()
    assert receipt["entries_before"] > 0
    assert recorded(database, book_name)["charged_pence"] == EXPECTED["charged_pence"]
    assert position(database, book_name) == 3_515


@pytest.mark.parametrize(
    "failure", [Unavailable("the database does not answer"), StreamBusy(("ord",)), QueueFull("too many")]
)
def test_a_book_that_cannot_take_orders_for_a_while_only_delays(
    makegood: Makegood,
    database: Database,
    book_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: LedgerError,
):
    """Every third command is recorded and its answer lost."""
    execute, asked = Book.execute, 0

    async def unsteady(self: Book, command: Command, submission: Submission) -> Outcome:
        nonlocal asked
        asked += 1
        outcome = await execute(self, command, submission)
        if asked % 3 == 0:
            raise failure
        return outcome

    monkeypatch.setattr(Book, "execute", unsteady)
    orders = [ORDER.replace("489434", str(489434 + number)) for number in range(5)]
    done = makegood("import", "orders", file_of(tmp_path, *orders), "--book", book_name)
    assert (done.code, done.err) == (0, "")
    found = recorded(database, book_name)
    assert (found["orders"], found["guarantees"], found["charged_pence"]) == (5, 5, 5 * 12 * 695)


def test_rows_shuffled_within_reach_change_nothing(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    with gzip.open(SLICE, "rt", newline="") as text:
        header, *rows = list(csv.reader(text))[:2_500]
    shuffled = random.Random(7)
    order = sorted(range(len(rows)), key=lambda index: index + shuffled.randrange(300))
    names = ("straight", "shuffled")
    for name, indexes in zip(names, (range(len(rows)), order), strict=True):
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *(rows[index] for index in indexes)])
        done = makegood("import", "orders", tmp_path / f"{name}.csv", "--book", f"{book_name}-{name[:2]}")
        assert (done.code, done.err) == (0, "")
    straight, mixed = (recorded(database, f"{book_name}-{name[:2]}") for name in names)
    assert mixed == straight


@pytest.mark.parametrize("apart", [3, 5])
def test_of_a_file_that_is_not_sorted_by_time_nothing_is_recorded(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path, apart: int
):
    """Leave `expect_sorted` out → this fails: the last order would be of a new customer, as the first is."""
    mapping = tmp_path / "retail.toml"
    mapping.write_text(re.sub("apart = [0-9]+", f"apart = {apart}", BUILT_IN.read_text()))
    orders = [
        ORDER.replace("489434", f"48944{number}").replace("12-01", f"12-{day:02}")
        for number, day in enumerate((10, 11, 12, 13, 14, 1))
    ]
    file = file_of(tmp_path, *orders)
    done = makegood("import", "orders", file, "--mapping", mapping, "--book", book_name)
    if apart == 3:
        assert done.code == 3
        assert done.err.startswith("orders.csv:7: order 489445 happened before one that stands more than 3 ")
        assert position(database, book_name) == 0
    else:
        assert (done.code, done.err) == (0, "")
        assert recorded(database, book_name)["orders_new"] == 1


def test_a_run_over_what_is_recorded_asks_twice_an_order(
    makegood: Makegood, book_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    orders = [ORDER.replace("489434", str(489434 + number)) for number in range(50)]
    file = file_of(tmp_path, *orders)
    assert makegood("import", "orders", file, "--book", book_name).code == 0
    asked, rows = 0, Reader.rows

    async def counted(*arguments: Any) -> list[Any]:
        nonlocal asked
        asked += 1
        return await rows(*arguments)

    monkeypatch.setattr(Reader, "rows", counted)
    again = makegood("import", "orders", file, "--book", book_name, "--json").json()[0]
    assert (again["entries"], again["orders"]) == (0, 50)
    assert asked < 2 * 50 + 30


def test_a_card_number_in_the_customers_column_makes_a_bad_row(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    file = file_of(tmp_path, ORDER.replace("13085", "4111111111111111"))
    done = makegood("import", "orders", file, "--book", book_name)
    assert (done.code, "card number" in done.err, "4111" in done.err) == (3, True, False)
    assert position(database, book_name) == 2, "the book was opened, and nothing more"


def test_a_broken_mapping_names_its_file(makegood: Makegood, book: str, tmp_path: Path):
    mapping = tmp_path / "shop.toml"
    mapping.write_text("[columns")
    done = makegood("import", "orders", file_of(tmp_path), "--mapping", mapping, "--book", book)
    assert (done.code, done.err.startswith("shop.toml: ")) == (2, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; its first line must name the columns"),
        ("Invoice,Stück\n".encode("latin-1"), "is not UTF-8 text"),
        ("Invoice,StockCode\n".encode("utf-16"), "is not UTF-8 text"),
    ],
)
def test_a_file_that_names_no_columns_says_what_is_wrong_with_it(
    makegood: Makegood, book: str, tmp_path: Path, content: bytes, said: str
):
    file = tmp_path / "orders.csv"
    file.write_bytes(content)
    done = makegood("import", "orders", file, "--book", book)
    assert (done.code, f"orders.csv {said}" in done.err) == (2, True), done.err


def test_a_bad_row_is_named_its_order_waits_and_the_rest_goes_on(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    bad = ORDER.replace("6.95", "six").replace("85048", "85049")
    other = ORDER.replace("489434", "489435")
    file = file_of(tmp_path, ORDER, bad, other)
    done = makegood("import", "orders", file, "--book", book_name, "--json")
    assert (done.code, done.err) == (
        3,
        "orders.csv:3: the unit price is not a decimal number; order 489434 is left out\n",
    )
    assert done.json()[0]["bad_rows"] == 1
    assert recorded(database, book_name)["orders"] == 1

    mended = makegood(
        "import", "orders", file_of(tmp_path, ORDER, bad.replace("six", "1.10"), other), "--book", book_name
    )
    assert (mended.code, mended.err) == (0, "")
    assert recorded(database, book_name)["charged_pence"] == 12 * (695 + 110) + 12 * 695


def test_a_stray_quote_costs_its_own_order_and_what_is_recorded_is_whole(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    """Let a quoted cell go on over line ends unasked → this fails."""
    texts = {("489436", 1): '"STRAY', ("489438", 1): 'HOOK 5"'}
    rows = [
        ORDER.replace("489434", order).replace("LIGHTS", texts.get((order, row), '"FRAME 7"" SMALL "'))
        for order in map(str, range(489434, 489444))
        for row in range(3)
    ]
    done = makegood("import", "orders", file_of(tmp_path, *rows), "--book", book_name)
    assert (done.code, done.err) == (
        3,
        "orders.csv:9: a quoted cell does not end on this line; order 489436 is left out\n",
    )
    found = recorded(database, book_name)
    assert (found["orders"], found["order_lines"]) == (9, 27)

    headless = file_of(tmp_path, rows[0], rows[1].removeprefix("489434"), ORDER.replace("489434", "489450"))
    done = makegood("import", "orders", headless, "--book", book_name)
    assert (done.code, done.err) == (
        3,
        "orders.csv:3: no order reference; it may be of the order above or below it, so both are left out\n"
        "orders.csv:2: order 489434 is left out: line 3 may be of it\n"
        "orders.csv:4: order 489450 is left out: line 3 may be of it\n",
    )
    assert recorded(database, book_name)["orders"] == 9


def test_a_customer_whom_another_process_registered_is_found(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    """Let a customer's taken reference refuse the order → this fails."""
    for order in ("489434", "489435"):
        file = file_of(tmp_path, ORDER.replace("489434", order))
        done = makegood("import", "orders", file, "--book", book_name)
        assert (done.code, done.err) == (0, "")
    found = recorded(database, book_name)
    assert (found["customers_with_orders"], found["orders_new"], found["orders_existing"]) == (1, 1, 1)


def test_an_order_that_reads_differently_now_is_refused(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    assert makegood("import", "orders", file_of(tmp_path, ORDER), "--book", book_name).code == 0
    before = position(database, book_name)
    changed = makegood(
        "import", "orders", file_of(tmp_path, ORDER.replace("6.95", "7.95")), "--book", book_name
    )
    assert changed.code == 3
    assert changed.err == "orders.csv:2: order 489434: recorded before, with other content\n"
    assert position(database, book_name) == before


@pytest.mark.parametrize(
    ("found", "instead", "why"),
    [
        ("85048", "SKU WITH BLANKS", "a sku is up to 64"),
        ("85048", "X" * 65, "a sku is up to 64"),
        ("2009-12-01", "2011-12-10", "before the book's cut-over (2011-12-10)"),
        ("13085", "Kunde Nr. 5", "references of orders and customers are"),
        ("6.95", "99999999999999.00", "unit_price must be a whole amount"),
    ],
)
def test_what_cannot_be_an_order_is_named(
    makegood: Makegood, book_name: str, tmp_path: Path, found: str, instead: str, why: str
):
    done = makegood("import", "orders", file_of(tmp_path, ORDER.replace(found, instead)), "--book", book_name)
    assert done.code == 3
    assert done.err.startswith("orders.csv:2: order 489434: ")
    assert why in done.err


def test_a_book_without_a_cut_over_takes_no_history(makegood: Makegood, book: str, tmp_path: Path):
    assert makegood("import", "orders", file_of(tmp_path, ORDER), "--book", book).code == 3


def test_a_file_that_breaks_off_is_a_failure_and_no_half_order_is_recorded(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    whole = SLICE.read_bytes()
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    done = makegood("import", "orders", broken, "--book", book_name)
    assert done.code == 1
    assert done.err.startswith("broken.csv.gz, after line ")
    assert recorded(database, book_name)["orders"] > 100
    broken.write_bytes(whole)
    assert makegood("import", "orders", broken, "--book", book_name).code == 0
    assert recorded(database, book_name)["charged_pence"] == EXPECTED["charged_pence"]


def test_any_file_is_read_with_a_mapping_of_its_own(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    mapping = tmp_path / "shop.toml"
    mapping.write_text(
        """
        [book]
        name = "shop"
        zone = "Europe/Berlin"
        country = "DE"
        cut_over = 2025-01-01

        [columns]
        order = "Bestellung"
        sku = "Artikel"
        quantity = "Menge"
        unit_price = "Preis"
        date = "Datum"
        currency = "Waehrung"
        channel = "Kanal"

        [fixed]
        zone = "Europe/Berlin"
        date_format = "%d.%m.%Y"
        """
    )
    file = tmp_path / "shop.csv"
    file.write_text(
        "Kanal,Bestellung,Datum,Artikel,Menge,Preis,Waehrung\n"
        "laden,A-1,31.12.2023,TEE,2,3.50,EUR\n"
        "netz,A-1,31.12.2024,TEE,1,500,JPY\n"
    )
    done = makegood("import", "orders", file, "--mapping", mapping, "--book", book_name, "--json")
    assert done.code == 3, "one document has one channel"
    file.write_text(file.read_text().replace("netz,A-1", "netz,A-2"))
    (receipt,) = makegood(
        "import", "orders", file, "--mapping", mapping, "--book", book_name, "--json"
    ).json()
    assert receipt["charged"] == {"EUR": 700, "JPY": 500}
    assert receipt["customers"] == receipt["new"] == 2, "without a column for them, customers are guests"


def test_without_a_book_section_the_book_must_be_named(makegood: Makegood, book: str, tmp_path: Path):
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[columns]\norder="o"\nsku="s"\nquantity="q"\nunit_price="p"\ndate="d"\n[fixed]\ncurrency="EUR"\n'
    )
    file = tmp_path / "f.csv"
    file.write_text("o,s,q,p,d\n")
    assert makegood("import", "orders", file, "--mapping", mapping, "--book", book).code == 0
    assert makegood("import", "orders", file, "--mapping", mapping, "--book", f"no-{book}").code == 2
    assert makegood("import", "orders", file, "--book", book).code == 2, "no built-in mapping fits"


QUARTERS = (0.25, 0.5, 0.75, 1.0)
MOST_MEGABYTES = 400


def imported_apart(database: Database, keys_folder: Path, book: str) -> tuple[dict[str, Any], list[int]]:
    """The receipt of an import of the whole shop by a process of its own, and the most memory in MB that it
    held when a quarter, one half, three quarters and all of its entries were recorded.
    """
    command = [sys.executable, "-c", "from cli.main import run; run()"]
    command += ["import", "orders", str(WHOLE), "--book", book, "--json"]
    environment = os.environ | {"MAKEGOOD_DSN": database.app_conninfo, "MAKEGOOD_DATA": str(keys_folder)}
    seen: list[tuple[int, int]] = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = re.search(r"VmHWM:\s+(\d+) kB", status)
            if peak is not None:
                seen.append((position(database, book), int(peak[1]) >> 10))
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)
        assert process.stdout
        receipt = json.loads(process.stdout.read())
    assert process.returncode == 0
    head = position(database, book)
    # Of a second run nothing is recorded: all of it lies in the last quarter.
    peaks = [max([peak for at, peak in seen if at <= head * quarter], default=0) for quarter in QUARTERS]
    return receipt, [*peaks[:-1], max(peaks[-1], receipt["peak_megabytes"])]


@pytest.mark.long
@pytest.mark.skipif(not WHOLE.exists(), reason="the whole file lies in ../shared, which a clone has not")
def test_the_whole_real_shop_is_recorded_as_expected_in_constant_memory(
    makegood: Makegood,
    database: Database,
    keys_folder: Path,
    book_name: str,
    record_property: Callable[[str, object], None],
):
    """Keep every order line met → the second half of the file takes more than the first, and this fails."""
    expected = json.loads(WHOLE.with_name("online-retail.expected.json").read_text())
    receipt, peaks = imported_apart(database, keys_folder, book_name)
    record_property("peak_megabytes", f"{peaks}, {receipt['seconds']} s, {receipt['entries']} entries")
    found = recorded(database, book_name)
    assert found == {name: expected["totals"][name] for name in found if name != "guarantees"} | {
        "guarantees": expected["totals"]["orders"]
    }
    assert receipt["dropped"] == expected["dropped_rows"]
    assert receipt["rows"] == expected["source"]["data_rows"]
    assert receipt["credit_lines"] == expected["kept_rows"]["credit_lines"]
    assert receipt["customers"] == expected["totals"]["customers"]
    refunds_are_as(expected["totals"], receipt)

    assert makegood("projections", "rebuild", "--all", "--book", book_name).code == 0
    models = ReadModels(database.app_conninfo, book_name)
    assert models.totals() == expected["totals"]
    assert models.totals(guests=True) == expected["guests"]
    assert models.charged_by_kind() == expected["charged_by_kind"]
    assert models.per_month() == expected["per_month"]
    assert models.top_20() == expected["top_20_customers_by_net"]
    asked = [it["customer"] for it in expected["refunds_of_20_customers"]]
    assert models.refunds_of(asked) == expected["refunds_of_20_customers"]

    assert peaks[-1] < MOST_MEGABYTES
    assert peaks[-1] - peaks[1] <= peaks[1] * 0.2, "the second half needs hardly more than the first"

    again, _ = imported_apart(database, keys_folder, book_name)
    assert without_tail(again) == without_tail(receipt)
    assert again["entries"] == 0

    said = anyio.run(said_over_http, database.app_conninfo, book_name, asked)
    assert said == {name: expected[name] for name in said}


OF_A_SHOP = """\
[book]
name = "two"
zone = "Europe/London"
country = "GB"
cut_over = 2025-01-01

[columns]
order = "No"
sku = "Sku"
quantity = "Qty"
unit_price = "Price"
date = "Date"
customer = "Customer"

[fixed]
currency = "GBP"
"""


def test_two_shops_may_have_numbered_an_order_alike(
    makegood: Makegood, database: Database, book_name: str, tmp_path: Path
):
    """Name a payment by its order's reference alone → this fails: the other shop's order is never paid."""
    for shop, day in (("web", "2010-08-01"), ("phone", "2010-09-01"), ("web", "2010-08-01")):
        mapping, file = tmp_path / f"{shop}.toml", tmp_path / f"{shop}.csv"
        mapping.write_text(f'{OF_A_SHOP}channel = "{shop}"\n')
        file.write_text(f"No,Sku,Qty,Price,Date,Customer\n1001,MUG,1,6.95,{day},ann\n")
        done = makegood("import", "orders", file, "--mapping", mapping, "--book", book_name)
        assert (done.code, done.err) == (0, "")
    found = recorded(database, book_name)
    assert (found["orders"], found["charged_pence"], found["captured_pence"]) == (2, 2 * 695, 2 * 695)
