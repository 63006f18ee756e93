"""Credit pays for an order as far as it reaches, and only what a customer has. Source: I12, I15"""

from typing import Any

import pytest

from domain.bills.bill_events import BillShare
from domain.bills.owing import CurrencyOfOrderDiffers, OrderOfAnotherCustomer
from domain.causes import EffectiveBeforeCause
from domain.customers.crediting import CreditExceedsAvailable, CreditExceedsPrice
from domain.customers.standing import standing
from domain.declines.decline_events import OrderReleased
from domain.payments.payment_events import CreditShare, CreditUsed
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import (
    CREDIT,
    USE,
    billed_story,
    give_credit,
    pay_bill,
    promise,
    promise_kept,
    use_credit,
)
from tests.domain.decline_examples import customer, fail
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    capture,
    customer_registered,
    place,
    placed,
    ship,
    usd,
)
from tests.domain.specification import AGENT, OWNER, Story, given


def used(amount: int, bills: tuple[BillShare, ...] = (), **other: Any) -> CreditUsed:
    """So much of a gift pays for the order, unless said."""
    said = {"customer": CUSTOMER, "order": ORDER, "use": USE, "currency": "USD"}
    return CreditUsed(**{**said, "amount": amount, "gift": amount, "bills": bills, **other})


def with_credit(amount: int) -> Story:
    """An order of 75.95, and so much credit."""
    story = given(customer_registered())
    story.do(place())
    story.by(OWNER).do(give_credit(amount))
    return story.by(AGENT)


def test_credit_covers_what_is_to_ship() -> None:
    story = with_credit(7595)
    story.when(use_credit(7595)).then(used(7595), used(7595))
    assert story.state(CUSTOMER).credit["USD"].available == 0
    assert story.state(ORDER).purse().deposit == 7595
    story.do(ship())
    assert story.account(ORDER).balance == 0


def test_it_covers_the_units_first_and_then_pays_bills_oldest_first() -> None:
    story = billed_story()
    story.by(OWNER).do(give_credit(10_000))
    story.when(use_credit(7000)).then(*[used(7000, (BillShare(BILL, 7000),))] * 2)
    assert story.state(ORDER).open_bills() == 595


@pytest.mark.parametrize(("amount", "most"), [(7595, None), (7596, 7595)])
def test_no_more_is_used_than_the_order_needs(amount: int, most: int | None) -> None:
    story = with_credit(20_000)
    asked = story.when(use_credit(amount))
    if most is None:
        asked.then(used(amount), used(amount))
    else:
        asked.refused(CreditExceedsPrice(ORDER, usd(amount), usd(most)))


@pytest.mark.parametrize(("amount", "available"), [(500, None), (501, 500)])
def test_no_more_is_used_than_the_customer_has(amount: int, available: int | None) -> None:
    # Fold the credit of the order instead of the customer's → this fails.
    story = with_credit(500)
    asked = story.when(use_credit(amount))
    if available is None:
        asked.then(used(amount), used(amount))
    else:
        asked.refused(CreditExceedsAvailable(CUSTOMER, usd(amount), usd(available)))


def test_credit_of_one_currency_pays_in_no_other() -> None:
    story = given(customer_registered())
    story.do(place())
    story.by(OWNER).do(give_credit(7595, currency="EUR"))
    story.when(use_credit(1)).refused(CreditExceedsAvailable(CUSTOMER, usd(1), usd(0)))
    story.when(use_credit(1, currency="EUR")).refused(CurrencyOfOrderDiffers(ORDER, "USD", "EUR"))


def test_an_excess_payment_of_one_order_pays_for_the_next() -> None:
    story = billed_story()
    story.do(pay_bill(amount=8595))
    story.do(place(order=OTHER_ORDER))
    told = used(1000, order=OTHER_ORDER, gift=0, own=(CreditShare(CREDIT, 1000),))
    story.when(use_credit(1000, order=OTHER_ORDER)).then(told, told)
    assert story.state(CUSTOMER).credit["USD"].available == 0
    assert story.account(OTHER_ORDER).balance == -1000


@pytest.mark.parametrize(("amount", "gift"), [(2595, 2595), (2596, 2595)])
def test_gifts_are_spent_first(amount: int, gift: int) -> None:
    story = billed_story()
    story.do(pay_bill(amount=8595))
    story.do(place(order=OTHER_ORDER))
    story.by(OWNER).do(give_credit(2595))
    own = (CreditShare(CREDIT, amount - gift),) if amount > gift else ()
    told = used(amount, order=OTHER_ORDER, gift=gift, own=own)
    story.by(AGENT).when(use_credit(amount, order=OTHER_ORDER)).then(told, told)
    assert story.state(CUSTOMER).credit["USD"].payable == 1000 - (amount - gift)


def test_credit_counts_as_payment() -> None:
    story = billed_story()
    story.by(OWNER).do(give_credit(7595))
    assert standing(story.facts(CUSTOMER, story.at)).kind == "new"
    story.do(promise())
    told = used(7595, (BillShare(BILL, 7595),))
    story.when(use_credit(7595)).then(told, promise_kept(by=USE), told)
    assert standing(story.facts(CUSTOMER, story.at)).kind == "existing"


def test_it_is_the_orders_customer_who_pays() -> None:
    story = with_credit(500)
    story.when(use_credit(1, customer=OTHER_CUSTOMER)).refused(OrderOfAnotherCustomer(ORDER, OTHER_CUSTOMER))


def test_the_same_use_again_is_nothing_and_with_other_content_refused() -> None:
    story = with_credit(500)
    story.do(use_credit(500))
    assert len(story.when(use_credit(500)).nothing()) == 2
    story.when(use_credit(499)).refused(AlreadyRecordedOtherwise(USE))


def test_it_pays_bills_with_what_the_units_still_to_ship_leave() -> None:
    # Of 75.95, one dress with the fee is billed and the other, 34.00, is still to ship.
    story = given(customer_registered())
    story.do(place(terms="bill_after"))
    story.do(ship((1, 1), bill=NEW_BILL))
    story.by(OWNER).do(give_credit(5000))
    told = used(5000, (BillShare(BILL, 1600),))
    story.when(use_credit(5000)).then(told, told)


@pytest.mark.parametrize("paid", [1, 7594])
def test_credit_that_covers_the_rest_starts_its_shipping(paid: int) -> None:
    story = with_credit(7595)
    story.do(capture(amount=paid))
    (shipping,) = story.when(use_credit(7595 - paid)).decides(CreditUsed).deadlines
    assert shipping.kind == "ship_order"


def test_credit_for_what_is_covered_or_not_covered_yet_starts_no_shipping() -> None:
    short = with_credit(7594)
    assert short.when(use_credit(7594)).decides(CreditUsed).deadlines == ()
    story = billed_story()
    story.by(OWNER).do(give_credit(1))
    assert story.when(use_credit(1)).decides(CreditUsed).deadlines == ()


@pytest.mark.parametrize(("amount", "ends"), [(7594, False), (7595, True)])
def test_credit_that_covers_a_held_order_ends_its_hold(amount: int, ends: bool) -> None:
    story = given(customer(), placed())
    story.by(OWNER).do(give_credit(7595))
    story.do(fail())
    decided = story.do(use_credit(amount))
    released = OrderReleased(order=ORDER, customer=CUSTOMER, because="paid", by=USE)
    assert decided == ((used(amount),) * 2 if not ends else (*decided[:2], released))
    assert (story.state(ORDER).declines.hold is None) is ends


def test_credit_pays_no_bill_before_it_was_issued() -> None:
    story = given(customer_registered())
    story.by(OWNER).do(give_credit(7595))
    story.do(place(terms="bill_after"))
    story.on("2010-08-12").do(ship(bill=NEW_BILL))
    issued_at = story.at
    story.with_now(issued_at).on("2010-08-12", "11:59")
    story.when(use_credit(1)).refused(EffectiveBeforeCause(story.at, issued_at))
    story.at = issued_at
    told = used(1, (BillShare(BILL, 1),))
    story.when(use_credit(1)).then(told, told)


def test_credit_is_not_used_before_the_order_however_long_it_was_there() -> None:
    # Ask only since when it was there → this fails.
    story = given().by(OWNER).on("2010-08-08").record(customer_registered())
    story.do(give_credit(500))
    story.on("2010-08-10").do(place())
    at = story.at
    story.with_now(at).on("2010-08-10", "11:59")
    story.when(use_credit(1)).refused(EffectiveBeforeCause(story.at, at))
    assert story.on("2010-08-10").do(use_credit(1))
