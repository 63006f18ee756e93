"""Bills: one for each unpaid shipment, for what no deposit covers, numbered without gaps. Source: R-B1"""

import pytest

from domain.bills.bill_events import BillIssued
from domain.bills.billing import BillNotPrepared, NewBill, may_be_billed
from domain.entry import Event
from tests.domain.examples import (
    BILL,
    NEW_BILL,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_BILL,
    OTHER_SHIPMENT,
    billed,
    captured,
    customer_registered,
    number_taken,
    placed,
    ship,
    shipped,
)
from tests.domain.specification import OPENED, Story, given, moment

FIRST = ((1, 1),)


def on_bill(*events: Event) -> Story:
    return given(customer_registered(), placed(terms="bill_after"), *events)


def test_a_bill_is_the_charge_less_the_deposit() -> None:
    story = on_bill(captured(amount=4000))
    story.when(ship(bill=NEW_BILL)).then(shipped(), billed(amount=3595), number_taken())
    assert story.account(ORDER).balance == 3595 == story.state(ORDER).open_bills()


def test_a_deposit_one_short_is_billed_and_a_full_one_is_not() -> None:
    story = on_bill(captured(amount=7594))
    assert story.when(ship(bill=NEW_BILL)).decides(BillIssued).amount == 1
    on_bill(captured()).when(ship(bill=NEW_BILL)).then(shipped())


def test_each_unpaid_shipment_has_its_own_bill_and_the_next_number() -> None:
    story = on_bill()
    story.when(ship(*FIRST, bill=NEW_BILL)).then(
        shipped(*FIRST, **ONE_DRESS_WITH_FEE), billed(amount=4195), number_taken()
    )
    second = {"shipment": OTHER_SHIPMENT}
    rest = {"goods": 3400, "shipping": 0, "charge": 3400, "carries_fee": False}
    story.when(ship(*FIRST, **second, bill=NewBill(OTHER_BILL, 2010))).then(
        shipped(*FIRST, **second, **rest),
        billed(**second, bill=OTHER_BILL, number=2, amount=3400),
        number_taken(number=2, subject=OTHER_BILL),
    )
    assert story.account(ORDER).balance == 7595


def test_the_number_follows_the_last_one_of_the_year_whoever_took_it() -> None:
    story = on_bill(number_taken(subject=OTHER_BILL), number_taken(number=2, subject=OTHER_BILL))
    assert story.when(ship(bill=NEW_BILL)).decides(BillIssued).number == 3


def test_a_bill_is_numbered_in_the_year_it_was_recorded_in_the_books_zone() -> None:
    # 1 January 04:59 UTC is still 31 December in New York.
    before, after = moment("2010-12-31", "23:59"), moment("2011-01-01", "00:00")
    old = on_bill().on("2010-12-31", "20:00").with_now(before)
    assert old.when(ship(bill=NEW_BILL)).decides(BillIssued).year == 2010
    new = on_bill(number_taken(subject=OTHER_BILL)).on("2010-12-31", "20:00").with_now(after)
    new.when(ship(bill=NEW_BILL)).refused(BillNotPrepared(ORDER, 2011))
    it = new.when(ship(bill=NewBill(BILL, 2011))).decides(BillIssued)
    assert (it.year, it.number, it.issued_on, it.due_on) == (2011, 1, "2010-12-31", "2011-01-30")


def test_a_shipment_to_bill_needs_a_bill_prepared() -> None:
    on_bill().when(ship()).refused(BillNotPrepared(ORDER, 2010))


def test_only_orders_on_bill_terms_may_be_billed() -> None:
    assert may_be_billed(on_bill().state(ORDER))
    assert not may_be_billed(given(customer_registered(), placed()).state(ORDER))


@pytest.mark.parametrize(("id", "year"), [(ORDER, 2010), (BILL, 0), (BILL, 10_000)])
def test_a_bill_out_of_range_cannot_be_prepared(id: str, year: int) -> None:
    with pytest.raises(ValueError, match=r"bill|year"):
        NewBill(id, year)


def test_a_bill_falls_due_by_the_books_days() -> None:
    assert OPENED.zone == "America/New_York"
    late = on_bill().on("2010-08-10", "23:59")
    it = late.when(ship(bill=NEW_BILL)).decides(BillIssued)
    assert (it.issued_on, it.due_on) == ("2010-08-10", "2010-09-09")
