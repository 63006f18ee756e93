"""Goods that come back are counted in whatever condition, and change no refund. Source: R-G2, R-G5, R-G7"""

import pytest

from domain.authority import ReasonMissing
from domain.causes import EffectiveBeforeCause
from domain.command import OutOfRange
from domain.refunds.refund_events import ClaimedUnits
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.goods_return import GoodsReturnUnknown
from domain.returns.held_goods import GoodsExceedRefund
from domain.returns.return_events import (
    GoodsLeftWithCustomer,
    GoodsReturned,
    HeldGoods,
    ReturnedGoods,
    ReturnLabelSent,
)
from domain.returns.taking_back import GoodsNotAwaited, TakeGoodsBack
from tests.domain.examples import (
    CUSTOMER,
    ONE_DRESS_WITH_FEE,
    ORDER,
    OTHER_DELIVERY,
    OTHER_SHIPMENT,
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
    ARRIVAL,
    OTHER_ARRIVAL,
    OTHER_RETURN,
    RETURN,
    ask_back,
    came,
    goods,
    leave,
    refunded,
    send_label,
    take_back,
)
from tests.domain.specification import NOON, Story, given, moment


def asked_back() -> Story:
    """Both dresses are asked back."""
    story = refunded()
    story.do(ask_back())
    return story


def returned(*counted: ReturnedGoods, **other: object) -> GoodsReturned:
    said = {
        "goods_return": RETURN,
        "arrival": ARRIVAL,
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "returned_on": "2010-08-10",
        "goods": counted,
    }
    return GoodsReturned(**{**said, **other})  # pyright: ignore[reportArgumentType]


def dresses(quantity: int, condition: str, shipment: str = SHIPMENT) -> ReturnedGoods:
    return ReturnedGoods(
        line=1,
        sku="DRESS-36",
        shipment=shipment,
        quantity=quantity,
        condition=condition,  # pyright: ignore[reportArgumentType]
    )


# Labels


def test_a_label_is_sent_to_who_was_asked() -> None:
    asked_back().when(send_label()).then(
        ReturnLabelSent(
            goods_return=RETURN,
            refund=REFUND,
            customer=CUSTOMER,
            order=ORDER,
            method="parcel",
            tracking="RT1",
            channel="email",
        )
    )


def test_a_lost_label_is_sent_again_and_the_same_one_only_once() -> None:
    story = asked_back()
    story.do(send_label())
    story.when(send_label(tracking="RT2")).decides(ReturnLabelSent)
    story.when(send_label()).nothing()
    story.when(send_label(channel="mail")).refused(AlreadyRecordedOtherwise(RETURN))


def test_who_keeps_the_goods_gets_no_label() -> None:
    story = refunded().because("sealed:why")
    story.do(ask_back(wanted="keep"))
    story.when(send_label()).refused(GoodsNotAwaited(RETURN))
    back = asked_back()
    back.do(take_back())
    back.when(send_label()).refused(GoodsNotAwaited(RETURN))


def test_a_label_belongs_to_a_return_and_not_before_it() -> None:
    refunded().when(send_label()).refused(GoodsReturnUnknown(RETURN))
    story = asked_back().with_now(NOON).on("2010-08-10", "11:59")
    story.when(send_label()).refused(EffectiveBeforeCause(moment("2010-08-10", "11:59"), NOON))


# Counting


def test_goods_are_counted_by_condition() -> None:
    story = asked_back()
    both = take_back(came(1, "empty"), came(1, "used"))
    story.when(both).then(returned(dresses(1, "empty"), dresses(1, "used")))
    assert not story.state(ORDER).returns[RETURN].is_awaited


@pytest.mark.parametrize("condition", ["unused", "used", "empty"])
def test_no_condition_changes_the_refund(condition: str) -> None:
    """Source: R-G5"""
    story = asked_back()
    before = story.state(ORDER)
    story.do(take_back(came(2, condition)))  # pyright: ignore[reportArgumentType]
    after = story.state(ORDER)
    assert (after.account, after.refunds, after.purse()) == (before.account, before.refunds, before.purse())


def test_goods_come_in_several_parcels_until_all_are_back() -> None:
    # Count the arrivals of one return alone → a third dress comes back of two, and this fails.
    story = asked_back()
    story.do(take_back(came(1)))
    assert story.state(ORDER).returns[RETURN].is_awaited
    assert story.state(ORDER).returns[RETURN].missing() == (
        HeldGoods(line=1, sku="DRESS-36", shipment=SHIPMENT, quantity=1, value=3400),
    )
    too_many = take_back(came(2), arrival=OTHER_ARRIVAL)
    story.on("2010-08-20").when(too_many).refused(GoodsExceedRefund(REFUND, 1, 2, 1))
    rest = take_back(came(1), arrival=OTHER_ARRIVAL)
    last = returned(dresses(1, "unused"), arrival=OTHER_ARRIVAL, returned_on="2010-08-20")
    story.on("2010-08-20").when(rest).then(last)
    assert not story.state(ORDER).returns[RETURN].is_awaited


def test_several_conditions_of_one_arrival_share_the_units() -> None:
    asked_back().when(take_back(came(2, "used"), came(1, "empty"))).refused(
        GoodsExceedRefund(REFUND, 1, 3, 2)
    )


def test_units_of_two_shipments_are_told_apart() -> None:
    other = {"shipment": OTHER_SHIPMENT, "delivery": OTHER_DELIVERY}
    rest = {"shipment": OTHER_SHIPMENT, "goods": 3400, "shipping": 0, "charge": 3400, "carries_fee": False}
    story = given(
        customer_registered(),
        placed(),
        captured(),
        shipped((1, 1), **ONE_DRESS_WITH_FEE),
        shipped((1, 1), **rest),
        delivered((1, 1)),
        guaranteed((1, 1)),
        delivered((1, 1), **other),
        guaranteed((1, 1), **other),
    )
    story.do(grant((1, 2)))
    story.do(ask_back())
    it = story.when(take_back()).decides(GoodsReturned)
    assert it.goods == (dresses(1, "unused"), dresses(1, "unused", OTHER_SHIPMENT))


def test_what_the_customer_might_have_kept_may_come_all_the_same() -> None:
    story = refunded().because("sealed:why")
    story.do(ask_back(wanted="keep"))
    story.when(take_back()).decides(GoodsReturned)


def test_goods_that_were_not_ordered_are_counted_however_many_come() -> None:
    story = refunded(observed_problem="wrong_item")
    story.do(ask_back(goods(sku="HAT", value=2_500, quantity=2)))
    it = story.when(take_back(came(3, "unused", sku="HAT"))).decides(GoodsReturned)
    assert it.goods == (ReturnedGoods(sku="HAT", quantity=3, condition="unused"),)


def test_goods_of_an_unverified_refund_come_back_to_the_customers_stream() -> None:
    story = given(customer_registered())
    story.do(grant_unverified(ClaimedUnits(quantity=3, sku="BOTTLE", amount=6_000)))
    story.do(ask_back(stream=CUSTOMER))
    story.when(take_back(came(4, sku="BOTTLE"), stream=CUSTOMER)).refused(
        GoodsExceedRefund(REFUND, "BOTTLE", 4, 3)
    )
    it = story.when(take_back(came(3, "empty", sku="BOTTLE"), stream=CUSTOMER)).decides(GoodsReturned)
    assert it.goods == (ReturnedGoods(sku="BOTTLE", quantity=3, condition="empty"),)


def test_the_same_goods_on_another_day_are_another_arrival() -> None:
    story = asked_back()
    story.do(take_back(came(1)))
    story.on("2010-08-12").when(take_back(came(1))).refused(AlreadyRecordedOtherwise(ARRIVAL))


@pytest.mark.parametrize("other", [take_back(came(1, "used")), take_back(came(2))], ids=["used", "two"])
def test_the_same_arrival_with_other_content_is_refused(other: TakeGoodsBack) -> None:
    story = asked_back()
    story.do(take_back(came(1)))
    story.when(other).refused(AlreadyRecordedOtherwise(ARRIVAL))


def test_goods_do_not_come_before_they_were_decided_on() -> None:
    refunded().when(take_back()).refused(GoodsReturnUnknown(RETURN))
    story = asked_back().with_now(NOON).on("2010-08-10", "11:59")
    story.when(take_back()).refused(EffectiveBeforeCause(moment("2010-08-10", "11:59"), NOON))


def test_an_arrival_names_what_came() -> None:
    with pytest.raises(OutOfRange):
        TakeGoodsBack(stream=ORDER, goods_return=RETURN, arrival=ARRIVAL, goods=())
    with pytest.raises(OutOfRange, match="once"):
        take_back(came(1), came(1))
    with pytest.raises(OutOfRange):
        came(0)


# What does not come


def test_goods_that_do_not_come_are_left_with_a_reason() -> None:
    story = asked_back()
    story.do(take_back(came(1)))
    story.when(leave()).refused(ReasonMissing)
    it = story.because("sealed:Moved abroad").when(leave()).decides(GoodsLeftWithCustomer)
    assert [(each.quantity, each.value) for each in it.goods] == [(1, 3400)]
    assert (it.weighed, it.avoided) == (None, 1150)
    assert not story.state(ORDER).returns[RETURN].is_awaited


def test_a_label_that_was_sent_is_not_avoided() -> None:
    story = asked_back().because("sealed:Moved abroad")
    story.do(send_label())
    assert story.when(leave()).decides(GoodsLeftWithCustomer).avoided == 350


def test_only_what_is_awaited_is_left() -> None:
    refunded().when(leave()).refused(GoodsReturnUnknown(RETURN))
    back = asked_back().because("sealed:why")
    back.do(take_back())
    back.when(leave()).refused(GoodsNotAwaited(RETURN))
    kept = refunded().because("sealed:why")
    kept.do(ask_back(wanted="keep", goods_return=OTHER_RETURN))
    kept.when(leave(goods_return=OTHER_RETURN)).refused(GoodsNotAwaited(OTHER_RETURN))
