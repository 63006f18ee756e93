"""Placing an order: retry, prices (I1), the customer, standing (R-D5), and what is frozen."""

from typing import Any

import pytest

from domain.bills.bill_events import BillShare
from domain.customers.registering import CustomerUnknown
from domain.customers.standing import OrderFacts, OwedBill
from domain.decision import Claim
from domain.decisions import decide
from domain.money import Money
from domain.orders.order_events import OrderLine, OrderPlaced
from domain.orders.pricing import (
    AskedLine,
    CurrencyUnknown,
    DiscountExceedsLine,
    OrderDiscountExceedsLines,
    ShippingCreditExceedsFee,
)
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.examples import (
    BILL,
    CUSTOMER,
    DRESSES,
    EMAIL,
    NEW_BILL,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_BILL,
    OTHER_CUSTOMER,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_SHIPMENT,
    SHIPMENT,
    TWO_DRESSES,
    billed,
    captured,
    customer_registered,
    id_of,
    place,
    placed,
    prepared,
    refund_granted,
    register,
    ship,
    shipped,
)
from tests.domain.specification import Story, given


def test_an_order_is_placed_with_everything_frozen() -> None:
    given(customer_registered()).when(place()).then(placed())


def test_an_inline_customer_is_registered_in_the_same_append() -> None:
    given().when(place(register=register())).then(customer_registered(), placed())


def test_an_inline_customer_already_registered_just_so_is_not_registered_again() -> None:
    given(customer_registered()).when(place(register=register())).then(placed())


def test_an_inline_customer_registered_otherwise_is_refused() -> None:
    story = given(customer_registered(name="sealed:Joan"))
    story.when(place(register=register())).refused(AlreadyRecordedOtherwise(CUSTOMER))


def test_an_unknown_customer_is_refused() -> None:
    given().when(place()).refused(CustomerUnknown(CUSTOMER))


def test_both_external_references_are_claimed_within_their_channel() -> None:
    command = place(external_ref="A-1", register=register(channel="shop", external_ref="C-1"))
    given().when(command).then(
        customer_registered(channel="shop", external_ref="C-1"), placed(external_ref="A-1")
    )
    decision = decide(command, given().given(command))
    assert set(decision.claims) == {
        Claim("order_ref", "api/A-1", ORDER),
        Claim("customer_ref", "shop/C-1"),
    }
    assert decision.customer == CUSTOMER


def test_an_order_without_references_claims_nothing() -> None:
    command = place()
    assert decide(command, given(customer_registered()).given(command)).claims == ()


@pytest.mark.parametrize(
    "other",
    [
        {"lines": (AskedLine(sku="DRESS-38", description="A dress", quantity=2, unit_price=3400),)},
        {"shipping": 794},
        {"terms": "bill_after"},
        {"external_ref": "A-1"},
        {"currency": "EUR"},
        {"customer": OTHER_CUSTOMER},
    ],
)
def test_the_same_order_with_other_content_is_refused(other: dict[str, Any]) -> None:
    story = given(customer_registered(), customer_registered(customer=OTHER_CUSTOMER), placed())
    story.when(place()).nothing()
    story.when(place(**other)).refused(AlreadyRecordedOtherwise(ORDER))


def test_the_same_order_with_another_registration_is_refused() -> None:
    # Leave `registration_of` out of `already_placed` → this fails.
    story = given()
    story.when(place(register=register())).then(customer_registered(), placed())
    other = place(register=register(name="sealed:Joan"))
    story.when(other).refused(AlreadyRecordedOtherwise(CUSTOMER))


def test_an_order_cannot_be_placed_over_a_cart() -> None:
    story = given(customer_registered(), prepared())
    story.when(place()).refused(AlreadyRecordedOtherwise(ORDER))


# I1: prices


def priced(**asked: Any) -> OrderPlaced:
    return given(customer_registered()).when(place(**asked)).decides(OrderPlaced)


def line(quantity: int, unit_price: int, discount: int = 0, tax: int = 0) -> AskedLine:
    return AskedLine(
        sku="A", description="", quantity=quantity, unit_price=unit_price, discount=discount, tax=tax
    )


def test_an_order_discount_is_spread_by_amount_before_the_tax() -> None:
    it = priced(lines=(line(1, 3000), line(2, 500)), order_discount=1000, order_tax=300, shipping=0)
    assert [priced_line.discount for priced_line in it.lines] == [750, 250]
    assert [priced_line.tax for priced_line in it.lines] == [225, 75]
    assert it.total == 3000 + 1000 - 1000 + 300


def test_tax_is_spread_by_what_is_left_after_the_discount() -> None:
    it = priced(lines=(line(1, 1000, discount=1000), line(1, 1000)), order_tax=70, shipping=0)
    assert [priced_line.tax for priced_line in it.lines] == [0, 70]


def test_tax_is_spread_after_the_discount_on_the_order_too() -> None:
    # Spread the tax by what the lines cost before the order's discount → this fails: 33 and 67.
    it = priced(lines=(line(1, 1), line(1, 2)), order_discount=2, order_tax=100, shipping=0)
    assert [priced_line.discount for priced_line in it.lines] == [1, 1]
    assert [priced_line.tax for priced_line in it.lines] == [0, 100]


def test_a_line_keeps_its_own_discount_and_tax_beside_its_share() -> None:
    it = priced(lines=(line(1, 1000, discount=100, tax=50),), order_discount=10, order_tax=5, shipping=0)
    assert (it.lines[0].discount, it.lines[0].tax) == (110, 55)


def test_the_odd_minor_unit_goes_to_the_lower_line() -> None:
    it = priced(lines=(line(1, 100), line(1, 100), line(1, 100)), order_discount=100, shipping=0)
    assert [priced_line.discount for priced_line in it.lines] == [34, 33, 33]


def test_a_discount_of_the_whole_line_is_the_most() -> None:
    assert priced(lines=(line(2, 500, discount=1000),), shipping=0).total == 0
    given(customer_registered()).when(place(lines=(line(2, 500, discount=1001),))).refused(
        DiscountExceedsLine(1, Money(1001, "USD"), Money(1000, "USD"))
    )


def test_a_discount_of_all_lines_is_the_most() -> None:
    assert priced(lines=(line(2, 500), line(1, 1)), order_discount=1001, shipping=0).total == 0
    given(customer_registered()).when(place(lines=(line(2, 500), line(1, 1)), order_discount=1002)).refused(
        OrderDiscountExceedsLines(Money(1002, "USD"), Money(1001, "USD"))
    )


def test_a_shipping_credit_of_the_whole_fee_with_its_tax_is_the_most() -> None:
    assert priced(shipping=795, shipping_tax=50, shipping_credit=845).total == 6800
    given(customer_registered()).when(place(shipping=795, shipping_tax=50, shipping_credit=846)).refused(
        ShippingCreditExceedsFee(Money(846, "USD"), Money(845, "USD"))
    )


def test_an_order_is_in_a_currency_of_iso_4217() -> None:
    given(customer_registered()).when(place(currency="XAU")).refused(CurrencyUnknown("XAU"))
    assert priced(currency="JPY").total == 7595


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0),
        ("quantity", 1_000_000_001),
        ("unit_price", -1),
        ("unit_price", 2**53 + 1),
        ("discount", -1),
        ("tax", -1),
        ("sku", ""),
        ("sku", "x" * 101),
        ("description", "x" * 2001),
    ],
)
def test_a_line_out_of_range_cannot_be_asked(field: str, value: object) -> None:
    asked: dict[str, Any] = {"sku": "A", "description": "", "quantity": 1, "unit_price": 0}
    AskedLine(**asked)
    with pytest.raises(ValueError, match=field):
        AskedLine(**{**asked, field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order", "policy"),
        ("customer", ORDER),
        ("channel", ""),
        ("external_ref", ""),
        ("lines", ()),
        ("lines", (TWO_DRESSES,) * 5001),
        ("shipping", -1),
        ("order_discount", -1),
        ("order_tax", -1),
        ("terms", "later"),
        ("register", register(customer=OTHER_CUSTOMER)),
    ],
)
def test_an_order_out_of_range_cannot_be_asked(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{field}|expected the id"):
        place(**{field: value})


def test_an_order_as_a_whole_stays_within_exact_numbers() -> None:
    most = AskedLine(sku="A", description="", quantity=1, unit_price=2**53)
    place(lines=(most,), shipping=0)
    with pytest.raises(ValueError, match="at most"):
        place(lines=(most,), shipping=1)


def test_five_thousand_lines_are_an_order() -> None:
    it = priced(lines=(TWO_DRESSES,) * 5000, order_discount=1, order_tax=2, shipping=0)
    assert len(it.lines) == 5000
    assert it.total == 5000 * 6800 + 1


# R-D5: standing

EARLIER = {"order": OTHER_ORDER}


def standing_after(*events: Any) -> tuple[str, str | None]:
    it = given(customer_registered(), *events).when(place()).decides(OrderPlaced)
    return it.standing, it.standing_rests_on


def test_a_first_order_is_a_new_customers() -> None:
    assert standing_after() == ("new", None)


def test_an_earlier_order_paid_and_shipped_makes_an_existing_customer() -> None:
    paid = captured(**EARLIER)
    assert standing_after(placed(**EARLIER), paid) == ("new", None)
    assert standing_after(placed(**EARLIER), paid, shipped(**EARLIER)) == ("existing", OTHER_ORDER)


def test_a_bill_counts_once_it_is_paid_in_full() -> None:
    unpaid = (placed(**EARLIER, terms="bill_after"), shipped(**EARLIER), billed(**EARLIER))
    assert standing_after(*unpaid) == ("new", None)
    part = captured(**EARLIER, amount=7594, bills=(BillShare(BILL, 7594),))
    assert standing_after(*unpaid, part) == ("new", None)
    rest = captured(**EARLIER, payment=OTHER_PAYMENT, reference="ch_2", amount=1, bills=(BillShare(BILL, 1),))
    assert standing_after(*unpaid, part, rest) == ("existing", OTHER_ORDER)


def test_a_charge_only_cleared_by_a_refund_does_not_count() -> None:
    # Let `fold_customer` subtract what a refund cleared → this fails.
    cleared = refund_granted(
        **EARLIER,
        basis="price_paid",
        credit_amount=7595,
        goods=6800,
        shipping=795,
        cleared=(BillShare(BILL, 7595),),
    )
    unpaid = (placed(**EARLIER, terms="bill_after"), shipped(**EARLIER), billed(**EARLIER))
    assert standing_after(*unpaid, cleared) == ("new", None)


def test_a_later_refund_does_not_undo_it() -> None:
    paid = (placed(**EARLIER), captured(**EARLIER), shipped(**EARLIER))
    gone = refund_granted(**EARLIER, basis="price_paid", credit_amount=7595, goods=6800, shipping=795)
    assert standing_after(*paid, gone) == ("existing", OTHER_ORDER)


def test_standing_rests_on_the_earliest_order_that_gives_it() -> None:
    third = id_of("ord", 3)
    unpaid = (placed(**EARLIER, terms="bill_after"), shipped(**EARLIER), billed(**EARLIER))
    paid = (
        placed(order=third),
        captured(order=third, payment=OTHER_PAYMENT, reference="ch_2"),
        shipped(order=third, shipment=OTHER_SHIPMENT),
    )
    assert standing_after(*unpaid, *paid) == ("existing", third)


def test_of_several_orders_that_give_it_standing_rests_on_the_first() -> None:
    # Let `standing` look from the last order backward → this fails.
    third = id_of("ord", 3)
    first = (placed(**EARLIER), captured(**EARLIER), shipped(**EARLIER))
    second = (
        placed(order=third),
        captured(order=third, payment=OTHER_PAYMENT, reference="ch_2"),
        shipped(order=third, shipment=OTHER_SHIPMENT),
    )
    assert standing_after(*first, *second) == ("existing", OTHER_ORDER)


def test_a_second_unpaid_shipment_takes_the_standing_of_its_order_away() -> None:
    first = (
        placed(**EARLIER, terms="bill_after"),
        captured(**EARLIER, amount=4195),
        shipped((1, 1), **EARLIER, **ONE_DRESS_WITH_FEE),
    )
    other = {**EARLIER, "shipment": OTHER_SHIPMENT}
    second = (
        shipped((1, 1), **other, goods=3400, shipping=0, charge=3400, carries_fee=False),
        billed(**other, bill=OTHER_BILL, amount=3400),
    )
    assert standing_after(*first) == ("existing", OTHER_ORDER)
    assert standing_after(*first, *second) == ("new", None)


def test_only_what_took_effect_by_the_deciding_moment_counts() -> None:
    story = given(customer_registered(), placed(**EARLIER), captured(**EARLIER))
    story.on("2010-08-12").record(shipped(**EARLIER))
    at = story.at
    story.with_now(at).on("2010-08-11")
    assert story.when(place(order=id_of("ord", 4))).decides(OrderPlaced).standing == "new"
    assert (
        story.on("2010-08-12").when(place(order=id_of("ord", 5))).decides(OrderPlaced).standing == "existing"
    )


def test_another_customers_orders_do_not_count() -> None:
    theirs = {"order": OTHER_ORDER, "customer": OTHER_CUSTOMER}
    assert standing_after(placed(**theirs), captured(**theirs), shipped(**theirs)) == ("new", None)


def test_nothing_shipped_settles_nothing() -> None:
    assert not OrderFacts(charged=0, unpaid=0).settled
    assert OrderFacts(charged=1, unpaid=0).settled


def test_goods_for_nothing_make_no_existing_customer() -> None:
    # Ask whether something shipped instead of what was charged → this fails.
    free = OrderLine(1, "GIFT", "A gift", 2, 0, 0, 0)
    gift = (
        placed(**EARLIER, lines=(free,), shipping=0, total=0),
        shipped(**EARLIER, goods=0, shipping=0, charge=0),
    )
    assert standing_after(*gift) == ("new", None)
    cent = (
        placed(**EARLIER, lines=(free,), shipping=1, total=1),
        shipped(**EARLIER, goods=0, shipping=1, charge=1),
    )
    assert standing_after(*cent) == ("existing", OTHER_ORDER)


def test_facts_are_kept_per_order() -> None:
    story = Story(customer_registered(), placed(terms="bill_after"))
    story.do(ship(bill=NEW_BILL))
    owed = {BILL: OwedBill("USD", "2010-09-09", 7595, is_numbered=True)}
    assert story.facts(CUSTOMER, story.at).orders == {ORDER: OrderFacts(7595, 7595, owed)}


def test_examples_agree_with_the_rules() -> None:
    story = given().when(place(register=register())).then(customer_registered(), placed())
    assert story.state(ORDER).lines[0].line == DRESSES
    assert story.state(CUSTOMER).contact_points[EMAIL.id].contact_point == EMAIL
    assert SHIPMENT not in story.state(ORDER).shipments
