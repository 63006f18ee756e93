"""Sums are as large as what they sum: no amount taken is above 2^53, a thousand of them are beyond 2^63."""

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from psycopg import sql

from api import v1
from api.v1.balances import LIFETIME_VALUE
from domain.book.closing import calendar_of
from domain.book.register import Register
from domain.command import LARGEST_AMOUNT
from ledger.connection import Reader
from ledger.projecting import cursors
from ledger.projecting.entries import connect
from ledger.projecting.listing import Asked, Listing, last_of, over_rows
from ledger.projecting.rebuild import rebuild
from projections.customer_balance import Balance, CustomerBalance
from projections.customers import Customers
from projections.folding import folding_of
from projections.projection import Row
from tests.domain.bill_examples import credit_given
from tests.domain.examples import CUSTOMER, OTHER_CUSTOMER, customer_registered, id_of
from tests.domain.specification import NOON, given
from tests.projections.conftest import MakeBook, MakeFollower

LARGE, ROWS = 2**61, 8
SAID: dict[str, tuple[object, ...]] = {
    "PeriodItem": msgspec.structs.astuple(calendar_of(Register(zone="Europe/Berlin"))),
    "AgingItem": ("2010-09-10",),
    "UnpaidBillItem": (NOON, "2010-09-10"),
    "WatchedOrderItem": ("2010-09-10",),
}
"""What stands for the placeholders of these."""
SUMMED = {
    "LifetimeValueItem",
    "BalanceItem",
    "StatementItem",
    "AccountItem",
    "EntryItem",
    "PeriodItem.books",
    "PeriodItem.effective",
    "PeriodItem.recorded",
    "CreditReportItem",
    "DeclineOutcomeItem",
    "ReturnItem",
    "RefundReportItem",
    "AgingItem",
    "WatchedOrderItem",
    "WriteOffItem",
}
"""The lists that sum amounts over rows."""


def listings() -> dict[str, Listing]:
    """Every list that the API answers from rows, by its items."""
    found: dict[str, Listing] = {}
    for module in pkgutil.iter_modules(v1.__path__):
        for it in vars(importlib.import_module(f"{v1.__name__}.{module.name}")).values():
            many: dict[str, object] = it if isinstance(it, dict) else {"": it}
            for which, each in many.items():
                if isinstance(each, Listing) and each not in found.values():
                    found[f"{each.item.__name__}.{which}".rstrip(".")] = each
    return found


def row_of(listing: Listing, number: int) -> Row:
    """A row of large amounts, like its fellows but for the last of its key."""
    projection = listing.projection
    shape = inspect.type_info(projection.row)
    assert isinstance(shape, inspect.StructType)
    said = {field.name: _value(field) for field in shape.fields}
    last = projection.key[-1]
    said[last] = number + 1 if isinstance(said[last], int) else f"id_{number}" if number else ""
    return projection.row(**said)


def _value(field: inspect.Field) -> object:
    options = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
    (kind,) = [option for option in options if not isinstance(option, inspect.NoneType)]
    mark = None
    if isinstance(kind, inspect.Metadata):
        mark, kind = (kind.extra or {}).get("mark"), kind.type
    match kind:
        case inspect.IntType():
            amount = 0 if field.name == "minus" else LARGE
            return {"money": amount, "moment": NOON}.get(str(mark), 1)
        case inspect.BoolType():
            return True
        case inspect.LiteralType(values=values):
            return "granted" if "granted" in values else values[0]
        case _ if mark == "day":
            return "2010-08-10"
        case _:
            words = {"account": "expenses:goodwill", "flow": "collected", "name": "ret_1"}
            return words.get(field.name, "same")


def asked_of(conninfo: str, name: str, listing: Listing, **asked: Any) -> list[Any]:
    """The items of a list over such rows."""
    said = next((said for of, said in SAID.items() if name.startswith(of)), ())
    wanted = Asked(sort=listing.key[0], limit=ROWS, said=said)
    query = over_rows(
        listing,
        [row_of(listing, number) for number in range(ROWS)],
        msgspec.structs.replace(wanted, **asked),
    )
    with connect(conninfo) as connection:
        return [listing.item(*row) for row in connection.execute(query.text, query.parameters)]


def largest(items: list[Any]) -> int:
    return max(
        [abs(value) for item in items for value in msgspec.structs.astuple(item) if type(value) is int]
    )


def test_a_row_that_no_column_holds_stands_still_and_the_others_go_on() -> None:
    # Leave it to the database → whoever follows the book dies of it, for all its books, and this fails.
    most = LARGEST_AMOUNT
    other = credit_given(1, customer=OTHER_CUSTOMER, credit=id_of("crd", 9_999))
    story = given(customer_registered(), customer_registered(customer=OTHER_CUSTOMER))
    story.record(*[credit_given(most, credit=id_of("crd", number)) for number in range(1_025)], other)
    folding = folding_of(CustomerBalance())
    for entry in story.entries:
        if type(entry.event) in CustomerBalance().handles:
            folding.feed(entry)
    (parked,) = folding.parked.values()
    assert (parked.group, parked.error) == (
        (CUSTOMER, "USD", ""),
        "OverflowError: an amount is more than a column holds",
    )
    held = {row.customer: row for row in folding.rows() if isinstance(row, Balance)}
    assert (held[CUSTOMER].credited, held[OTHER_CUSTOMER].credited) == (1_023 * most, 1)
    assert parked.position == story.entries[-1].position - 2


def test_whoever_follows_or_rebuilds_a_book_lets_such_a_row_stand_still(
    make_book: MakeBook, follower: MakeFollower, conninfo: str
) -> None:
    # Let the overflow pass → whoever follows dies of it at every step, and this fails.
    story = given(customer_registered())
    story.record(*[credit_given(LARGEST_AMOUNT, credit=id_of("crd", number)) for number in range(1_025)])
    story.record(customer_registered(customer=OTHER_CUSTOMER))
    book, projections = make_book(story.entries[:500]), [CustomerBalance(), Customers()]
    table, row = CustomerBalance(), (CUSTOMER, "USD", "")
    rebuild(conninfo, book.name, projections)
    book.store(story.entries[500:])
    assert follower(book.name, projections).catch_up().caught_up
    for _ in ("followed", "rebuilt"):
        with connect(conninfo) as connection:
            (parked,) = cursors.all_parked(connection, book.name)[table.name, table.version]
            counted = sql.SQL("SELECT count(*) FROM {} WHERE book = %s")
            there = counted.format(sql.Identifier(Customers().table))
            customers = connection.execute(there, (book.name,)).fetchall()
        assert (parked.group, parked.position) == (row, story.entries[-3].position)
        assert customers == [(2,)]
        assert not any(receipt.differences for receipt in rebuild(conninfo, book.name, projections))


@pytest.mark.anyio
async def test_the_service_reads_whole_numbers_too(conninfo: str) -> None:
    reader = Reader(conninfo)
    await reader.open()
    numbers = [0, 1, -1, 9_999, 10_000, 100_000_000, -(2**63), 2**63, 2**64 + 1, -(10**30), 10**30 + 7]
    try:
        asked = "SELECT " + ", ".join(f"{number}::numeric" for number in numbers)
        assert await reader.rows(sql.SQL(asked)) == [tuple(numbers)]  # pyright: ignore[reportArgumentType]
        for fraction in ("0.5", "10000.0001", "'NaN'", "'Infinity'"):
            with pytest.raises(ValueError, match="whole"):
                await reader.rows(sql.SQL(f"SELECT {fraction}::numeric"))  # pyright: ignore[reportArgumentType]
    finally:
        await reader.close()


@pytest.mark.parametrize("descending", [False, True])
def test_pages_go_on_after_a_sum_that_no_column_holds(conninfo: str, *, descending: bool) -> None:
    # Send the sum as a bigint → the next page cannot be asked for, and this fails.
    rows = [
        msgspec.structs.replace(row_of(LIFETIME_VALUE, number), customer=f"cus_{which}", lifetime_value=value)
        for which, value in enumerate((LARGE, LARGE - 1, 1))
        for number in range(ROWS)
    ]
    seen: list[str] = []
    after = None
    with connect(conninfo) as connection:
        for _ in range(3):
            asked = Asked(sort="lifetime_value", descending=descending, limit=1, after=after)
            query = over_rows(LIFETIME_VALUE, rows, asked)
            (row,) = connection.execute(query.text, query.parameters).fetchall()
            item = LIFETIME_VALUE.item(*row)
            seen.append(item.customer)
            after = last_of(LIFETIME_VALUE, asked, item)
    assert seen == ["cus_0", "cus_1", "cus_2"][:: 1 if descending else -1]


@pytest.mark.parametrize("name", sorted(listings().keys() - {"TaskItem"}))  # which sums nothing
def test_a_list_holds_whole_numbers_however_large(conninfo: str, name: str) -> None:
    # Cast one sum to bigint → it is out of range, and this fails.
    items = asked_of(conninfo, name, listings()[name])
    assert items
    plain = (str, int, bool, type(None))
    assert all(type(value) in plain for item in items for value in msgspec.structs.astuple(item))
    assert (largest(items) > 2**63) == (name in SUMMED)
