"""Shipments: retry, their form (I6), units (I7), cover (I2), and what they charge (R-G6)."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies

from domain.book.register import BookOpened
from domain.inbound.waiting import PayoutWaits
from domain.orders.order import LineUnknown, Placed
from domain.orders.order_events import OrderLine, OrderShipped, Part
from domain.orders.pricing import price_of_units
from domain.orders.shipping import (
    ShipmentExceedsUnits,
    ShipmentNotCovered,
    ShipmentOnHold,
    ShipmentWithoutDescription,
    ShipmentWithoutParts,
    ShipmentWithoutTracking,
)
from domain.refunds.refund_events import RefundAsk
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import reverse
from tests.domain.examples import (
    CUSTOMER,
    DRESSES,
    NEW_BILL,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_ORDER,
    OTHER_SHIPMENT,
    SHIPMENT,
    billed,
    cancel,
    cancelled,
    captured,
    customer_registered,
    number_taken,
    placed,
    refund_granted,
    ship,
    shipped,
    usd,
)
from tests.domain.notice_examples import MONEY, assign, give_back, left
from tests.domain.specification import OWNER, ZONE, Story, given


def paid() -> Story:
    return given(customer_registered(), placed(), captured())


def test_nothing_ships_on_money_that_went_back_until_somebody_says_what_left() -> None:
    # Ask what the order knows alone → what was paid back at the processor ships for nothing, and this fails.
    story = paid().record(left()).by(OWNER)
    asked = ship(payouts=(MONEY,))
    story.when(asked).refused(PayoutWaits(ORDER, usd(7595), usd(7595), usd(7595)))
    story.do(assign(fact=reverse(), customer=CUSTOMER))
    story.when(asked).refused(ShipmentOnHold(ORDER, usd(7595), usd(0)))


def test_what_left_and_came_back_covers_the_shipment_again() -> None:
    story = paid().record(left())
    story.do(give_back())
    assert story.do(ship(payouts=(MONEY,)))


def test_what_left_stops_no_shipment_that_the_rest_covers_or_that_is_billed() -> None:
    # Refuse whatever left → one parcel of goods that are paid for waits for the other's refund, this fails.
    one = {"parts": (Part(1, 1),), "payouts": (MONEY,)}
    paid().record(left(amount=3400)).when(ship(**one)).decides(OrderShipped)
    paid().record(left(amount=3401)).when(ship(**one)).refused(PayoutWaits)
    on_bill = given(customer_registered(), placed(terms="bill_after"), captured(), left())
    on_bill.when(ship(payouts=(MONEY,), bill=NEW_BILL)).decides(OrderShipped)
    for other in ({"order": OTHER_ORDER}, {"currency": "EUR"}):
        paid().record(left(**other)).when(ship(payouts=(MONEY,))).decides(OrderShipped)


def test_what_left_was_first_what_was_due_back() -> None:
    story = paid()
    story.do(cancel((1, 1)))
    story.record(left(amount=3400)).when(ship(parts=(Part(1, 1),), payouts=(MONEY,))).decides(OrderShipped)


def test_a_paid_order_ships_and_is_charged() -> None:
    story = paid()
    story.when(ship()).then(shipped())
    assert story.account(ORDER).balance == 0


@pytest.mark.parametrize(
    "other",
    [
        {"parts": (Part(1, 1),)},
        {"method": "courier"},
        {"tracking": "1Z000"},
        {"description": "sealed:Another"},
    ],
)
def test_the_same_shipment_with_other_content_is_refused(other: dict[str, Any]) -> None:
    story = paid().record(shipped())
    story.when(ship()).nothing()
    story.when(ship(**other)).refused(AlreadyRecordedOtherwise(SHIPMENT))


# I6: form


def test_a_shipment_names_its_parts() -> None:
    paid().when(ship(parts=())).refused(ShipmentWithoutParts(ORDER))


def test_a_shipment_describes_the_delivery() -> None:
    paid().when(ship(description=None)).refused(ShipmentWithoutDescription(ORDER))


def test_a_shipment_has_a_tracking_number_unless_delivered_personally() -> None:
    paid().when(ship(tracking=None)).refused(ShipmentWithoutTracking(ORDER, "parcel"))
    by_hand = {"method": "personal_delivery", "tracking": None}
    paid().when(ship(**by_hand)).then(shipped(**by_hand))


def history(cut_over: str | None, origin: str) -> Story:
    story = Story(opened=BookOpened(zone=ZONE, country="US", cut_over=cut_over)).from_(origin)
    return story.record(customer_registered(), placed(), captured())


def test_only_an_import_from_before_the_cut_over_ships_unrecorded() -> None:
    unrecorded = {"method": "unrecorded", "tracking": None}
    history("2010-08-11", "import").when(ship(**unrecorded)).then(shipped(**unrecorded))
    refused = ShipmentWithoutTracking(ORDER, "unrecorded")
    history("2010-08-10", "import").when(ship(**unrecorded)).refused(refused)
    history("2010-08-11", "api").when(ship(**unrecorded)).refused(refused)
    history(None, "import").when(ship(**unrecorded)).refused(refused)


# I7: units


def test_each_unit_ships_once() -> None:
    paid().when(ship((1, 3))).refused(ShipmentExceedsUnits(ORDER, 1, 3, 2))
    story = paid().record(shipped((1, 1), **ONE_DRESS_WITH_FEE))
    other = {"shipment": OTHER_SHIPMENT}
    story.when(ship((1, 2), **other)).refused(ShipmentExceedsUnits(ORDER, 1, 2, 1))
    rest = {"goods": 3400, "shipping": 0, "charge": 3400, "carries_fee": False}
    story.when(ship((1, 1), **other)).then(shipped((1, 1), **other, **rest))
    story.when(ship((1, 1), shipment="shp_00000000000000000000000003")).refused(
        ShipmentExceedsUnits(ORDER, 1, 1, 0)
    )


def test_cancelled_units_never_ship() -> None:
    story = paid().record(cancelled((1, 1)), refund_granted(granted=3400))
    story.when(ship((1, 2))).refused(ShipmentExceedsUnits(ORDER, 1, 2, 1))
    story.when(ship((1, 1))).then(shipped((1, 1), **ONE_DRESS_WITH_FEE))


@pytest.mark.parametrize("number", [0, 2])
def test_only_lines_of_the_order_ship(number: int) -> None:
    paid().when(ship((number, 1))).refused(LineUnknown(ORDER, number))


@pytest.mark.parametrize("parts", [((1, 1), (1, 1)), ((1, 0),), ((1, -1),)])
def test_a_line_is_named_once_with_at_least_one_unit(parts: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match=r"each line once|quantity"):
        ship(*parts)


# I2: cover


def test_a_shipment_is_covered_to_the_last_minor_unit() -> None:
    story = given(customer_registered(), placed(), captured(amount=7594))
    story.when(ship()).refused(ShipmentNotCovered(ORDER, usd(7595), usd(7594)))
    paid().when(ship()).then(shipped())


def test_the_first_shipment_needs_the_fee_too() -> None:
    story = given(customer_registered(), placed(), captured(amount=4194))
    story.when(ship((1, 1))).refused(ShipmentNotCovered(ORDER, usd(4195), usd(4194)))
    enough = given(customer_registered(), placed(), captured(amount=4195))
    enough.when(ship((1, 1))).then(shipped((1, 1), **ONE_DRESS_WITH_FEE))


def test_money_due_back_covers_no_shipment() -> None:
    # Compare the charge with all money received instead of the deposit → this fails.
    story = given(customer_registered(), placed(), captured(), shipped((1, 1), **ONE_DRESS_WITH_FEE))
    story.record(cancelled((1, 1)), refund_granted(granted=3400))
    assert story.state(ORDER).purse().deposit == 0
    assert story.state(ORDER).purse().due_back == 3400


def test_terms_of_bill_after_ship_unpaid() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    story.when(ship(bill=NEW_BILL)).then(shipped(), billed(), number_taken())
    assert story.account(ORDER).balance == 7595


def test_a_shipment_that_costs_nothing_needs_no_money() -> None:
    free = OrderLine(1, "GIFT", "A gift", 2, 0, 0, 0)
    story = given(customer_registered(), placed(lines=(free,), shipping=0, total=0))
    story.when(ship()).then(shipped(goods=0, shipping=0, charge=0))


# R-G6: what units cost


def test_a_second_shipment_costs_what_its_own_units_cost() -> None:
    # Price from unit 1 again, whatever shipped before → this fails: 1.00 and 0.99.
    odd = OrderLine(1, "A", "", 2, 100, 1, 0)
    story = given(customer_registered(), placed(lines=(odd,), shipping=0, total=199), captured(amount=199))
    assert story.when(ship((1, 1))).decides(OrderShipped).charge == 100
    assert story.when(ship((1, 1), shipment=OTHER_SHIPMENT)).decides(OrderShipped).charge == 99


def test_parts_in_another_order_say_the_same() -> None:
    both = (DRESSES, OrderLine(2, "TEE", "", 1, 900, 0, 0))
    story = given(customer_registered(), placed(lines=both, total=8495), captured(amount=8495))
    it = story.when(ship((2, 1), (1, 2))).decides(OrderShipped)
    assert it.parts == (Part(1, 2), Part(2, 1))
    story.when(ship((1, 2), (2, 1))).nothing()


def test_a_fee_with_its_tax_and_credit_is_charged_with_the_first_shipment() -> None:
    fee = {"shipping": 795, "shipping_tax": 60, "shipping_credit": 95}
    story = given(customer_registered(), placed(**fee, total=7560), captured(amount=7560))
    story.when(ship()).then(shipped(**fee, charge=7560))


def test_a_fee_returned_before_the_first_shipment_is_never_charged() -> None:
    returned = refund_granted(
        basis="original_charges",
        granted=795,
        returns_fee=True,
        fee_dropped=795,
        ask=RefundAsk(observed_problem="late"),
    )
    story = given(customer_registered(), placed(), captured(), returned)
    assert story.state(ORDER).purse().due_back == 795
    story.when(ship()).then(shipped(goods=6800, shipping=0, charge=6800, carries_fee=False))


def test_units_of_ten_for_a_dollar_less_a_discount_cost_unequal_cents() -> None:
    # 9.99 for 10 units: cumulative 1.00, 2.00, 3.00, 4.00, 5.00 (4.995 rounds up), 5.99 …
    line = OrderLine(1, "A", "", 10, 100, 1, 0)
    each = [price_of_units(line, k, k + 1).total for k in range(10)]
    assert each == [100, 100, 100, 100, 100, 99, 100, 100, 100, 100]
    assert sum(each) == line.total == 999


def test_no_unit_has_negative_goods_though_tax_and_total_round_apart() -> None:
    # 0.03 of goods, 0.03 of tax, ten units: tax rounded by itself would charge unit 2 −0.01 of goods.
    line = OrderLine(1, "A", "", 10, 1, 7, 3)
    prices = [price_of_units(line, k, k + 1) for k in range(10)]
    assert all(price.goods >= 0 and price.tax >= 0 for price in prices)
    assert (sum(price.goods for price in prices), sum(price.tax for price in prices)) == (3, 3)


lines = strategies.builds(
    lambda quantity, unit_price, discount, tax: OrderLine(
        1, "A", "", quantity, unit_price, min(discount, quantity * unit_price), tax
    ),
    strategies.integers(1, 100_000),
    strategies.integers(0, 10_000),
    strategies.integers(0, 10**9),
    strategies.integers(0, 10**8),
)


@for_all(lines, strategies.data())
def test_units_cost_the_same_however_they_are_grouped(line: OrderLine, data: strategies.DataObject) -> None:
    cuts = sorted(data.draw(strategies.lists(strategies.integers(0, line.quantity), max_size=6)))
    marks = [0, *cuts, line.quantity]
    prices = [price_of_units(line, after, upto) for after, upto in pairwise(marks)]
    assert sum(price.total for price in prices) == line.total
    assert sum(price.tax for price in prices) == line.tax
    assert all(price.goods >= 0 and price.tax >= 0 for price in prices)


@for_all(lines, strategies.data())
def test_units_cost_the_cumulative_line_total_half_up(line: OrderLine, data: strategies.DataObject) -> None:
    units = data.draw(strategies.integers(0, line.quantity))
    exact = 2 * line.total * units + line.quantity
    assert price_of_units(line, 0, units).total == exact // (2 * line.quantity)


def test_the_price_kept_beside_the_lines_is_that_of_the_units_left() -> None:
    odd = OrderLine(1, "A", "", 7, 100, 5, 33)
    story = given(customer_registered(), placed(lines=(odd,), terms="bill_after", shipping=0, total=728))
    gone = price_of_units(odd, 5, 7)
    story.record(cancelled((1, 2), goods=gone.goods, tax=gone.tax))
    it = story.when(ship((1, 3), bill=NEW_BILL)).decides(OrderShipped)
    state = story.state(ORDER)
    assert isinstance(state, Placed)
    assert it.charge == price_of_units(odd, 0, 3).total
    assert state.price_to_ship() == price_of_units(odd, 3, 5).total
    assert state.units_to_ship == state.lines[0].to_ship == 2


def test_an_order_of_a_thousand_lines_and_many_units_ships_at_once() -> None:
    many = tuple([OrderLine(number, "A", "", 80_995, 2, 0, 0) for number in range(1, 1115)])
    total = 1114 * 80_995 * 2
    story = given(customer_registered(), placed(lines=many, shipping=0, total=total), captured(amount=total))
    it = story.when(ship(*[(number, 80_995) for number in range(1, 1115)])).decides(OrderShipped)
    assert (it.charge, it.customer) == (total, CUSTOMER)
