"""Goods of several lines, parcels and skus: each refunded unit is told apart, kept, returned and claimed
by itself. Source: R-G2, R-G7
"""

from domain.authority import ReasonMissing
from domain.causes import EffectiveBeforeCause
from domain.orders.order_events import Deadline, OrderLine
from domain.refunds.refund_events import ClaimedUnits, RefundGranted
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.held_goods import GoodsExceedRefund
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    GoodsReturnRequested,
    HeldGoods,
    ReturnedGoods,
)
from domain.suppliers.supplier_events import ClaimedFromSupplier, SupplierClaimFiled, SupplierClaimWaived
from tests.domain.examples import (
    CUSTOMER,
    DELIVERY,
    ORDER,
    OTHER_DELIVERY,
    REFUND,
    SHIPMENT,
    captured,
    customer_registered,
    delivered,
    guaranteed,
    placed,
    shipped,
)
from tests.domain.refund_examples import grant, grant_unverified
from tests.domain.return_examples import (
    CLAIM,
    DRESS,
    OTHER_ARRIVAL,
    OTHER_CLAIM,
    OTHER_RETURN,
    RETURN,
    SHIRT,
    ask_back,
    came,
    costing,
    file_claim,
    goods,
    leave,
    listed,
    take_back,
    waive,
)
from tests.domain.specification import NOON, Story, given, moment

LINES = (OrderLine(1, "DRESS-36", "", 2, 3400, 0, 136), OrderLine(2, "HAT", "", 2, 1000, 0, 0))
LATER = {"delivery": OTHER_DELIVERY, "delivered_on": "2010-08-20"}


def arrived() -> Story:
    """Two dresses with 1.36 of tax and two hats: the second dress and the hats came ten days later."""
    return given(
        customer_registered(),
        placed(lines=LINES, total=9731),
        captured(amount=9731),
        shipped((1, 2), (2, 2), goods=8800, tax=136, charge=9731),
        delivered((1, 1)),
        guaranteed((1, 1)),
        delivered((1, 1), (2, 2), **LATER),
        guaranteed((1, 1), (2, 2), **LATER, supplier_until="2010-09-19"),
    ).on("2010-08-20")


def refunded() -> Story:
    """Both dresses and one hat are refunded."""
    story = arrived()
    story.do(grant((1, 2), (2, 1)))
    return story


def dress(value: int = 3468) -> HeldGoods:
    return HeldGoods(line=1, sku="DRESS-36", shipment=SHIPMENT, quantity=1, value=value)


HAT = HeldGoods(line=2, sku="HAT", shipment=SHIPMENT, quantity=1, value=1000)


def unit(line: int, delivery: str, until: str) -> ClaimedFromSupplier:
    sku = LINES[line - 1].sku
    return ClaimedFromSupplier(
        line=line, sku=sku, quantity=1, shipment=SHIPMENT, delivery=delivery, until=until
    )


FIRST_DRESS = unit(1, DELIVERY, "2010-09-09")
SECOND_DRESS, CLAIMED_HAT = unit(1, OTHER_DELIVERY, "2010-09-19"), unit(2, OTHER_DELIVERY, "2010-09-19")


# Kept or returned


def test_all_of_a_refund_is_each_of_its_units_at_its_price_with_tax() -> None:
    story = refunded()
    assert story.when(ask_back()).decides(GoodsReturnRequested).goods == (dress(), dress(), HAT)


def test_what_was_decided_on_is_taken_off_once() -> None:
    story = refunded()
    story.do(ask_back(goods(1, 1)))
    rest = story.when(ask_back(goods_return=OTHER_RETURN)).decides(GoodsReturnRequested)
    assert rest.goods == (dress(), HAT)


def test_units_of_another_line_are_another_decision() -> None:
    # 34.00 of a line is no reason to take the retry for the same.
    story = refunded()
    story.do(ask_back(goods(1, 1)))
    story.when(ask_back(goods(1, 1))).nothing()
    story.when(ask_back(goods(2, 1))).refused(AlreadyRecordedOtherwise(RETURN))
    story.when(ask_back(goods(1, 1), goods(2, 1))).refused(AlreadyRecordedOtherwise(RETURN))


def test_what_came_is_taken_off_what_is_missing_once() -> None:
    story = refunded()
    story.do(ask_back())
    story.do(take_back(came(1)))
    assert story.state(ORDER).returns[RETURN].missing() == (dress(), HAT)
    hat = story.when(take_back(came(1, line=2), arrival=OTHER_ARRIVAL)).decides(GoodsReturned)
    assert hat.goods == (ReturnedGoods(line=2, sku="HAT", shipment=SHIPMENT, quantity=1, condition="unused"),)
    assert story.state(ORDER).returns[RETURN].missing() == (dress(),)


def test_units_of_one_line_do_not_count_as_those_of_another() -> None:
    story = refunded()
    story.when(ask_back(goods(2, 2))).refused(GoodsExceedRefund(REFUND, 2, 2, 1))
    story.do(ask_back())
    story.when(take_back(came(2, line=2))).refused(GoodsExceedRefund(REFUND, 2, 2, 1))


def test_too_many_of_a_line_in_two_conditions_are_told_with_all_that_were_named() -> None:
    # Count the condition that is one too many alone → "0 left, 1 named", and this fails.
    story = refunded()
    story.do(ask_back())
    three = take_back(came(2, "unused"), came(1, "used"))
    story.when(three).refused(GoodsExceedRefund(REFUND, 1, 3, 2))
    story.do(take_back(came(1, "empty")))
    again = take_back(came(1, "unused"), came(2, "used"), came(1, line=2), arrival=OTHER_ARRIVAL)
    story.when(again).refused(GoodsExceedRefund(REFUND, 1, 3, 1))
    sooner = take_back(came(2, "unused"), came(1, "used"), arrival=OTHER_ARRIVAL)
    story.when(sooner).refused(GoodsExceedRefund(REFUND, 1, 3, 1))


def test_what_came_is_the_same_in_whatever_order_it_is_named() -> None:
    # Sort by condition alone → the same arrival sent again in another order is another, and this fails.
    shirt, hat = came(1, sku="SHIRT-M"), came(1, sku="HAT")
    assert take_back(shirt, hat) == take_back(hat, shirt)


def test_one_sku_does_not_count_as_another() -> None:
    story = given(customer_registered())
    shirt, bottles = ClaimedUnits(1, "SHIRT", amount=900), ClaimedUnits(3, "BOTTLE", amount=6000)
    story.do(grant_unverified(shirt, bottles))
    too_many = ask_back(goods(sku="SHIRT", quantity=2), stream=CUSTOMER)
    story.when(too_many).refused(GoodsExceedRefund(REFUND, "SHIRT", 2, 1))
    story.do(ask_back(stream=CUSTOMER))
    counted = take_back(came(2, sku="SHIRT"), stream=CUSTOMER)
    story.when(counted).refused(GoodsExceedRefund(REFUND, "SHIRT", 2, 1))


def test_what_does_not_come_stays_at_its_part_of_the_value() -> None:
    story = costing(1000, 3).because("sealed:Moved abroad")
    story.do(ask_back(wanted="return"))
    story.do(take_back(came(1)))
    story.when(leave()).then(
        GoodsLeftWithCustomer(
            goods_return=RETURN,
            refund=REFUND,
            customer=CUSTOMER,
            order=ORDER,
            currency="USD",
            goods=(HeldGoods(line=1, sku="DRESS-36", shipment=SHIPMENT, quantity=2, value=2000),),
            all_held=False,
            weighed=None,
            avoided=1150,
        )
    )


def test_goods_are_not_left_before_they_were_asked_for() -> None:
    story = refunded()
    story.do(ask_back())
    asked_at = story.at
    early = story.because("sealed:why").with_now(asked_at).on("2010-08-20", "11:59")
    early.when(leave()).refused(EffectiveBeforeCause(early.at, asked_at))


# Claimed


def test_a_claim_is_for_the_units_named_and_the_next_for_the_rest() -> None:
    story = refunded()
    assert story.when(file_claim((2, 1))).decides(SupplierClaimFiled).units == (CLAIMED_HAT,)
    story = refunded()
    story.do(file_claim((1, 1)))
    rest = story.when(file_claim(claim=OTHER_CLAIM)).decides(SupplierClaimFiled)
    assert rest.units == (SECOND_DRESS, CLAIMED_HAT)


def test_a_claim_is_due_before_the_first_of_the_windows_ends() -> None:
    granted = arrived().when(grant((1, 2), (2, 1))).decides(RefundGranted)
    claim = Deadline("supplier_claim", moment("2010-08-20"), moment("2010-09-10", "00:00"))
    assert claim in granted.deadlines


def test_the_supplier_is_the_one_of_the_goods_concerned() -> None:
    story = refunded().record(listed(DRESS, "DRESS-36"), listed(SHIRT, "SHIRT", supplier="Weavers Ltd"))
    filed = story.when(file_claim((1, 1), products=(DRESS, SHIRT))).decides(SupplierClaimFiled)
    assert filed.supplier == "Spinners Ltd"


def test_goods_that_were_only_claimed_are_still_on_hand() -> None:
    story = refunded()
    story.do(ask_back())
    story.do(take_back(came(1)))
    story.do(file_claim((1, 1)))
    sent = file_claim((1, 1), claim=OTHER_CLAIM, sends_goods=True)
    assert story.when(sent).decides(SupplierClaimFiled).units == (SECOND_DRESS,)


def test_a_claim_for_other_units_is_another() -> None:
    story = refunded()
    story.do(file_claim((1, 1)))
    story.when(file_claim((1, 1))).nothing()
    story.when(file_claim((2, 1))).refused(AlreadyRecordedOtherwise(CLAIM))
    story.when(file_claim()).refused(AlreadyRecordedOtherwise(CLAIM))


def test_a_claim_is_given_up_as_a_whole_and_with_a_reason() -> None:
    story = refunded()
    story.when(waive((1, 1), refund=REFUND)).refused(ReasonMissing())
    filed = refunded().because("sealed:not worth it")
    filed.do(file_claim((1, 1)))
    filed.when(waive((1, 1))).refused(AlreadyRecordedOtherwise(CLAIM))
    filed.when(waive()).decides(SupplierClaimWaived)


def test_what_was_given_up_unclaimed_is_known_with_its_moment() -> None:
    story = refunded().because("sealed:not worth it")
    given_up = story.when(waive((1, 1), refund=REFUND)).decides(SupplierClaimWaived)
    assert given_up.units == (FIRST_DRESS,)
    assert story.state(ORDER).supplier_claims[CLAIM].at == story.at > NOON
