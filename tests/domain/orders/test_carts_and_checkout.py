"""Carts: put together, checked out by the customer, and no money before. Source: I11"""

import pytest

from domain.command import Command
from domain.customers.registering import CustomerUnknown
from domain.decision import Claim
from domain.decisions import decide
from domain.orders.carts import CartBecameOrder, CartOfAnotherCustomer
from domain.orders.order import OrderNotPlaced, OrderUnknown
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import (
    CUSTOMER,
    NEW_BILL,
    ORDER,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    cancel,
    capture,
    captured,
    check_out,
    customer_registered,
    deliver,
    place,
    placed,
    prepare,
    prepared,
    register,
    ship,
    shipped,
)
from tests.domain.specification import given


def test_a_cart_is_priced_but_charges_nothing() -> None:
    given(customer_registered()).when(prepare()).then(prepared())


def test_a_cart_may_be_prepared_for_whoever_checks_out() -> None:
    given().when(prepare(customer=None)).then(prepared(customer=None))


def test_a_cart_for_an_unknown_customer_is_refused() -> None:
    given().when(prepare()).refused(CustomerUnknown(CUSTOMER))


def test_the_same_cart_with_other_content_is_refused() -> None:
    story = given(customer_registered(), prepared())
    story.when(prepare()).nothing()
    story.when(prepare(shipping=0)).refused(AlreadyRecordedOtherwise(ORDER))
    story.when(prepare(customer=None)).refused(AlreadyRecordedOtherwise(ORDER))


def test_a_cart_cannot_be_prepared_over_an_order() -> None:
    given(customer_registered(), placed()).when(prepare()).refused(AlreadyRecordedOtherwise(ORDER))


def test_a_cart_claims_its_reference_and_its_checkout_does_not_again() -> None:
    story = given(customer_registered())
    command = prepare(external_ref="A-1")
    assert decide(command, story.given(command)).claims == (Claim("order_ref", "api/A-1", ORDER),)
    story.do(command)
    assert decide(check_out(), story.given(check_out())).claims == ()


def test_checking_out_places_the_order_at_the_carts_prices() -> None:
    given(customer_registered(), prepared()).when(check_out()).then(placed())


def test_checking_out_keeps_the_carts_reference_and_the_customers_standing() -> None:
    paid = (placed(order=OTHER_ORDER), captured(order=OTHER_ORDER), shipped(order=OTHER_ORDER))
    story = given(customer_registered(), *paid)
    story.when(prepare(external_ref="A-1")).then(prepared(external_ref="A-1"))
    story.when(check_out()).then(
        placed(external_ref="A-1", standing="existing", standing_rests_on=OTHER_ORDER)
    )


def test_checking_out_may_register_the_customer() -> None:
    story = given(prepared(customer=None))
    story.when(check_out(register=register())).then(customer_registered(), placed())


def test_terms_are_chosen_at_the_checkout() -> None:
    story = given(customer_registered(), prepared())
    story.when(check_out(terms="bill_after")).then(placed(terms="bill_after"))
    story.when(check_out()).refused(CartBecameOrder(ORDER))


def test_only_the_customer_it_was_prepared_for_checks_it_out() -> None:
    story = given(customer_registered(), customer_registered(customer=OTHER_CUSTOMER), prepared())
    story.when(check_out(customer=OTHER_CUSTOMER)).refused(CartOfAnotherCustomer(ORDER, OTHER_CUSTOMER))
    story.do(check_out())
    story.when(check_out(customer=OTHER_CUSTOMER)).refused(CartBecameOrder(ORDER))


def test_what_was_never_prepared_cannot_be_checked_out() -> None:
    given(customer_registered()).when(check_out()).refused(OrderUnknown(ORDER))


def test_an_order_that_was_never_a_cart_is_not_checked_out_and_one_that_was_is_not_placed_again() -> None:
    placed_at_once = given(customer_registered(), placed())
    placed_at_once.when(check_out()).refused(AlreadyRecordedOtherwise(ORDER))
    placed_at_once.when(place()).nothing()
    checked_out = given(customer_registered(), prepared(), placed())
    checked_out.when(place()).refused(AlreadyRecordedOtherwise(ORDER))
    checked_out.when(check_out()).nothing()


def test_a_cart_prepared_again_after_its_checkout_is_still_the_same_cart() -> None:
    story = given(customer_registered(), prepared(), placed())
    cart = next(entry for entry in story.entries if entry.event == prepared())
    assert story.when(prepare()).nothing() == (cart.position,)
    story.when(prepare(shipping=0)).refused(AlreadyRecordedOtherwise(ORDER))


def test_a_checkout_again_with_another_registration_is_refused() -> None:
    story = given(prepared(customer=None))
    story.do(check_out(register=register()))
    other = check_out(register=register(name="sealed:Joan"))
    story.when(other).refused(AlreadyRecordedOtherwise(CUSTOMER))


@pytest.mark.parametrize("command", [capture(), ship(), ship(bill=NEW_BILL), deliver(), cancel()])
def test_a_cart_takes_no_money_and_ships_nothing(command: Command) -> None:
    # Let `placed_order` treat a Draft as placed → this fails.
    given(customer_registered(), prepared()).when(command).refused(OrderNotPlaced(ORDER))


@pytest.mark.parametrize("command", [capture(), ship(), deliver(), cancel()])
def test_an_unknown_order_takes_no_money_and_ships_nothing(command: Command) -> None:
    given(customer_registered()).when(command).refused(OrderUnknown(ORDER))
