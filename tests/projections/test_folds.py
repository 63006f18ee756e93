"""What the read models say, folded in memory over lawful histories."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from domain.bills.bill_events import BillShare
from domain.entry import Entry
from domain.orders.order import Placed
from domain.payments.payment_events import PaymentCaptured
from domain.stored_types import TYPE_NAMES
from ledger.projecting.tables import columns_of
from projections.catalogue import PROJECTIONS
from projections.customer_balance import Balance, CustomerBalance
from projections.customer_statement import CustomerStatement, StatementLine
from projections.folding import Folding, folding_of
from projections.journal import CUSTOMER, Journal, Posting
from projections.orders import OrderRow, Orders
from projections.projection import AnyProjection, Key, LinesPerEntry, Row
from projections.unpaid_bills import DebtRow, UnpaidBills
from tests.domain import examples
from tests.domain.corrections.test_correcting_shipments import shipment_corrected
from tests.domain.examples import BILL
from tests.domain.specification import given as given_events
from tests.projections.histories import KINDS, Step, history

projections = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda each: each.name)
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(1, 3)), max_size=40)
lawful = settings(deadline=None, max_examples=60)


def folded(projection: AnyProjection, entries: list[Entry]) -> list[Row]:
    folding = folding_of(projection)
    for entry in entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    return list(folding.rows())


def of_orders(placed: list[Step]) -> list[Step]:
    return [("place", order, 1) for order in range(4)] + placed


@projections
def test_folding_the_same_entries_twice_gives_the_same_rows(
    projection: AnyProjection, entries: list[Entry]
) -> None:
    rows = folded(projection, entries)
    assert rows == folded(projection, entries)
    assert rows


@projections
def test_a_row_can_be_a_row_of_a_table(projection: AnyProjection) -> None:
    assert [column.name for column in columns_of(projection)] == list(projection.row.__struct_fields__)
    assert projection.question.endswith("?")


@projections
def test_every_handled_event_is_stored(projection: AnyProjection) -> None:
    assert projection.handles
    assert set(projection.handles) <= set(TYPE_NAMES)


def test_tables_of_different_projections_have_different_names() -> None:
    assert max(Counter(projection.table for projection in PROJECTIONS).values()) == 1


@pytest.mark.parametrize(
    "projection", [each for each in PROJECTIONS if each.found_by], ids=lambda each: each.name
)
def test_one_group_is_found_by_what_the_projection_says(
    projection: AnyProjection, entries: list[Entry]
) -> None:
    """Find a balance by stream → as-of and explain of one customer miss entries, this fails."""
    assert projection.found_by is not None
    for entry in entries:
        if type(entry.event) in projection.handles:
            for key in keys_of(projection, entry):
                assert key[0] == getattr(entry, projection.found_by)


def keys_of(projection: AnyProjection, entry: Entry) -> list[Key]:
    if isinstance(projection, LinesPerEntry):
        rows: dict[Key, Row] = {}
        projection.fold(rows, (entry.position,), entry.event, entry)
        return list(rows)
    group = projection.group(entry.event, entry)
    return [] if group is None else [group]


@given(steps)
@lawful
def test_the_journal_sums_to_zero_per_currency_at_every_position(tried: list[Step]) -> None:
    """Drop one posting of an event in `postings` → this fails."""
    sums: Counter[tuple[int, str]] = Counter()
    for posting in folded(Journal(), history(of_orders(tried)).entries):
        assert isinstance(posting, Posting)
        assert posting.amount != 0
        sums[posting.position, posting.currency] += posting.amount
    assert set(sums.values()) <= {0}


@given(steps)
@lawful
def test_customer_accounts_and_statements_equal_the_balances(tried: list[Step]) -> None:
    entries = history(of_orders(tried)).entries
    balances: Counter[tuple[str, str, str]] = Counter()
    for row in folded(CustomerBalance(), entries):
        assert isinstance(row, Balance)
        balances[row.customer, row.currency, row.order] += row.balance
    journal: Counter[tuple[str, str, str]] = Counter()
    for row in folded(Journal(), entries):
        assert isinstance(row, Posting)
        if row.account == CUSTOMER:
            journal[row.customer, row.currency, row.order] += row.amount
    statement: Counter[tuple[str, str, str]] = Counter()
    for row in folded(CustomerStatement(), entries):
        assert isinstance(row, StatementLine)
        statement[row.customer, row.currency, row.order] += row.plus - row.minus
    assert +journal == +balances == +statement
    assert -journal == -balances == -statement


@given(steps)
@lawful
def test_an_orders_part_of_the_balance_is_what_its_stream_says(tried: list[Step]) -> None:
    """Two independent folds: the order's state, from lines and units, and the row, from amounts alone."""
    story = history(of_orders(tried))
    rows = {
        row.order: row
        for row in folded(CustomerBalance(), story.entries)
        if isinstance(row, Balance) and row.order
    }
    for order, row in rows.items():
        state = story.state(order)
        assert isinstance(state, Placed)
        # Whether money is kept as credit, or credit pays, moves no balance of the customer.
        account = state.account
        assert row.balance == account.balance - account.set_aside + account.credit_used
        assert row.open_bills == state.open_bills()
        assert (row.deposits_held, row.refunds_due) == (state.purse().deposit, state.purse().due_back)
        assert row.to_ship == state.price_to_ship()
        assert row.lifetime_value == account.received - account.reversed - account.refunded


@given(steps)
@lawful
def test_what_the_watchlist_says_of_a_bill_is_what_its_order_says(tried: list[Step]) -> None:
    # Leave one way to settle, reopen or void a bill out of the fold → this fails.
    story = history(of_orders(tried))
    for row in folded(UnpaidBills(), story.entries):
        assert isinstance(row, DebtRow)
        state = story.state(row.order)
        if row.bill == "":
            assert (row.charged, row.credited) == (state.account.charged, state.account.credited)
            continue
        bill = state.bills[row.bill]
        for amount in ("amount", "paid", "cleared", "written_off", "open", "uncollectible"):
            assert getattr(row, amount) == getattr(bill, amount)
        assert (row.why, row.due_on, row.closed_as is None) == (bill.why, bill.due_on, bill.open > 0)
        assert (row.promised_until is None) == (bill.promised is None)


def test_a_refund_that_only_clears_a_bill_leaves_neither_deposit_nor_anything_due() -> None:
    """Call what a refund granted due, whatever it cleared → this fails, with a deposit below zero."""
    story = given_events(
        examples.customer_registered(),
        examples.placed(terms="bill_after"),
        examples.shipped((1, 1), **examples.ONE_DRESS_WITH_FEE),
        examples.billed(amount=4195),
        examples.refund_granted(
            basis="price_paid", granted=3400, credit_amount=3400, goods=3400, cleared=(BillShare(BILL, 3400),)
        ),
    )
    (row,) = folded(CustomerBalance(), story.entries)
    assert isinstance(row, Balance)
    assert (row.balance, row.open_bills, row.deposits_held, row.refunds_due) == (795, 795, 0, 0)


@given(steps)
@lawful
def test_an_order_stands_where_its_stream_says(tried: list[Step]) -> None:
    story = history(of_orders(tried))
    for row in folded(Orders(), story.entries):
        assert isinstance(row, OrderRow)
        state = story.state(row.order)
        if not isinstance(state, Placed):
            assert row.status == "cart"
            continue
        assert row.units_shipped == sum(line.shipped for line in state.lines)
        assert row.units_delivered == sum(line.delivered for line in state.lines)
        assert row.units_cancelled == sum(line.cancelled for line in state.lines)
        finished = all(line.to_ship == 0 for line in state.lines)
        assert (row.status in {"shipped", "delivered", "cancelled", "not_delivered"}) == finished


class Choking(CustomerBalance):
    """Does a fold that fails leave everything else alone?"""

    name = "choking"

    def change(self, row: Balance, it: object, entry: Entry) -> None:
        row.received += 1
        if isinstance(it, PaymentCaptured) and it.amount == 3_800:
            raise KeyError(it.payment)


def test_a_poison_entry_parks_its_group_as_it_was_before(entries: list[Entry]) -> None:
    """Fold into the rows themselves instead of a draft → a half-made change stays, this fails."""
    folding = folding_of(Choking())
    for entry in entries:
        if type(entry.event) in Choking.handles:
            before = by_order(folding)
            parked = set(folding.parked)
            folding.feed(entry)
            if new := set(folding.parked) - parked:
                ((_, _, order),) = new
                assert folding.parked[new.pop()].position == entry.position
                assert by_order(folding).get(str(order)) == before.get(str(order))
    stopped = {group[2] for group in folding.parked}
    assert stopped
    assert by_order(folding).keys() - stopped, "groups without poison go on"


def by_order(folding: Folding) -> dict[str, tuple[object, ...]]:
    """The rows as they are now, by order."""
    return {row.order: astuple(row) for row in folding.rows() if isinstance(row, Balance)}


class ChokingList(CustomerStatement):
    """Does a list go on after an entry it does not understand?"""

    name = "choking_list"

    def lines(self, it: object, entry: Entry) -> list[StatementLine]:
        if isinstance(it, PaymentCaptured) and it.amount == 3_800:
            raise LookupError(it.payment)
        return [StatementLine(it.customer, entry.position, it.currency, it.order, 0, "", "", 0, 0)]


def test_a_poison_entry_costs_a_list_its_own_lines_and_no_others(entries: list[Entry]) -> None:
    folding = folding_of(ChokingList())
    handled = [entry for entry in entries if type(entry.event) in ChokingList.handles]
    for entry in handled:
        folding.feed(entry)
    positions = {row.position for row in folding.rows() if isinstance(row, StatementLine)}
    poison = {parked.position for parked in folding.parked.values()}
    assert poison
    assert positions | poison == {entry.position for entry in handled}
    assert not positions & poison


def test_when_an_order_shipped_last_and_changed_last_is_by_when_it_happened() -> None:
    """Note what was entered last → this fails twice: for what was entered late, and for what never left."""
    story = given_events(examples.customer_registered(), examples.placed(), examples.captured())
    on: dict[str, int] = {}
    for number, day in enumerate(("2010-08-20", "2010-08-24", "2010-08-22"), 1):
        story.on(day)
        on[day] = story.at
        story.record(examples.shipped((1, 1), shipment=examples.id_of("shp", number)))

    def row() -> OrderRow:
        (found,) = folded(Orders(), story.entries)
        assert isinstance(found, OrderRow)
        return found

    assert (row().last_shipped_at, row().changed_at) == (on["2010-08-24"], on["2010-08-24"])
    story.on("2010-08-23").record(shipment_corrected(shipment=examples.id_of("shp", 2)))
    assert (row().last_shipped_at, row().changed_at) == (on["2010-08-22"], on["2010-08-24"])
    for number in (1, 3):
        story.record(shipment_corrected(shipment=examples.id_of("shp", number)))
    assert row().last_shipped_at is None
