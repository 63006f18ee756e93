"""Keep or return: what sending goods back costs against what they are worth, frozen. Source: R-G5, R-G7"""

from typing import Any

import msgspec
import pytest

from domain.authority import ReasonMissing
from domain.book.default_edition import DEFAULT_EDITION
from domain.book.policy import PolicyAdopted
from domain.causes import EffectiveBeforeCause
from domain.command import OutOfRange
from domain.orders.order_events import Deadline, Part
from domain.orders.products import ProductUnknown
from domain.refunds.granted_refund import RefundNotGranted
from domain.refunds.refund import RefundTakenBack, RefundUnknown
from domain.refunds.refund_events import ClaimedUnits, RefundGranted
from domain.retry import AlreadyRecordedOtherwise
from domain.returns.asking_back import AskGoodsBack
from domain.returns.held_goods import GoodsExceedRefund, GoodsValueUnknown, NamedGoods, NothingHeld
from domain.returns.keeping import weighed
from domain.returns.return_events import GoodsLeftWithCustomer, GoodsReturnRequested, HeldGoods, KeepOrReturn
from tests.domain.correction_examples import correct
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_DELIVERY,
    OTHER_REFUND,
    REFUND,
    SHIPMENT,
    captured,
    customer_registered,
    deliver,
    placed,
    shipped,
)
from tests.domain.refund_examples import grant, grant_unverified
from tests.domain.return_examples import (
    OTHER_RETURN,
    RETURN,
    SHIRT,
    ask_back,
    costing,
    delivered_order,
    file_claim,
    goods,
    listed,
    refunded,
    take_back,
    waive,
)
from tests.domain.specification import NOON, SUPERVISOR, given, moment


def arithmetic(**other: Any) -> KeepOrReturn:
    """Both dresses at 68.00 against one parcel at 11.50."""
    said = {
        "value": 6800,
        "keep_under": 2500,
        "return_shipping": 800,
        "restocking": 350,
        "parcels": 1,
        "return_cost": 1150,
        "by_rule": "return",
        "decided": "return",
    }
    return KeepOrReturn(**{**said, **other})


def dresses(quantity: int = 2, value: int = 6800) -> HeldGoods:
    return HeldGoods(line=1, sku="DRESS-36", shipment=SHIPMENT, quantity=quantity, value=value)


def requested(**other: Any) -> GoodsReturnRequested:
    said = {
        "goods_return": RETURN,
        "refund": REFUND,
        "customer": CUSTOMER,
        "order": ORDER,
        "currency": "USD",
        "goods": (dresses(),),
        "all_held": True,
        "weighed": arithmetic(),
    }
    return GoodsReturnRequested(**{**said, **other})


# The arithmetic


def test_what_is_worth_its_return_is_asked_back_with_both_sides_frozen() -> None:
    story = refunded()
    story.when(ask_back()).then(requested())


def test_the_label_is_to_be_sent_the_same_day() -> None:
    it = refunded().when(ask_back()).decides(GoodsReturnRequested)
    assert it.deadlines == (Deadline("return_label", NOON, moment("2010-08-11", "00:00")),)


@pytest.mark.parametrize(("unit_price", "decided"), [(2499, "keep"), (2500, "return"), (2501, "return")])
def test_goods_under_the_limit_stay(unit_price: int, decided: str) -> None:
    # Ask ≤ → goods worth exactly the limit stay, and this fails.
    assert _decided(costing(unit_price)) == decided


@pytest.mark.parametrize(("parcels", "decided"), [(1, "return"), (2, "return"), (3, "keep"), (4, "keep")])
def test_goods_stay_whose_return_costs_at_least_what_they_are_worth(parcels: int, decided: str) -> None:
    # 34.50 = 3 × 11.50. Ask < → three parcels for goods of exactly that worth come back, and this fails.
    assert _decided(costing(3450), parcels=parcels) == decided


@pytest.mark.parametrize(("unit_price", "decided"), [(3450, "keep"), (3451, "return")])
def test_one_cent_more_than_the_cost_comes_back(unit_price: int, decided: str) -> None:
    assert _decided(costing(unit_price), parcels=3) == decided


def test_what_stays_says_what_is_avoided() -> None:
    it = costing(2000).when(ask_back()).decides(GoodsLeftWithCustomer)
    assert (it.avoided, it.weighed) == (1150, arithmetic(value=2000, by_rule="keep", decided="keep"))


def test_value_counts_over_all_goods_together() -> None:
    # Weigh each unit by itself → two at 20.00 stay, and this fails.
    assert _decided(costing(2000, quantity=2)) == "return"


def test_a_currency_the_edition_does_not_name_has_zeros() -> None:
    nothing = weighed(1, 1, "JPY", DEFAULT_EDITION, None)
    assert (nothing.keep_under, nothing.return_cost, nothing.decided) == (0, 0, "return")
    assert weighed(0, 1, "JPY", DEFAULT_EDITION, None).decided == "keep"


@pytest.mark.parametrize(
    ("changed", "decided"),
    [
        ({}, "return"),
        ({"keep_under": {"USD": 6801}}, "keep"),
        ({"return_shipping": {"USD": 6450}}, "keep"),
        ({"restocking": {"USD": 6000}}, "keep"),
        ({"restocking": {"USD": 5999}}, "return"),
    ],
)
def test_the_edition_in_force_decides(changed: dict[str, Any], decided: str) -> None:
    story = refunded()
    edition = msgspec.structs.replace(DEFAULT_EDITION, **changed)
    story.record(PolicyAdopted(edition=edition, effective_from=NOON))
    assert _decided(story) == decided


# What a person decides otherwise


def test_a_person_decides_otherwise_with_a_reason() -> None:
    # Leave `expect_reason` out → what the rule would not do happens without a word, and this fails.
    story = refunded()
    story.when(ask_back(wanted="keep")).refused(ReasonMissing)
    it = story.because("sealed:Her birthday").when(ask_back(wanted="keep")).decides(GoodsLeftWithCustomer)
    assert it.weighed == arithmetic(decided="keep")
    cheap = costing(900)
    cheap.when(ask_back(wanted="return")).refused(ReasonMissing)
    cheap.because("sealed:A recall").when(ask_back(wanted="return")).decides(GoodsReturnRequested)


def test_whoever_wants_what_the_rule_says_needs_no_reason() -> None:
    refunded().when(ask_back(wanted="return")).then(requested())


# Which goods


def test_some_of_the_goods_at_their_part_of_the_price() -> None:
    it = refunded().when(ask_back(goods(1))).decides(GoodsReturnRequested)
    assert (it.goods, it.all_held) == ((dresses(1, 3400),), False)


def test_the_value_is_the_price_paid_with_discount_and_tax() -> None:
    story = refunded()
    (part,) = story.state(ORDER).refunds[REFUND].granted.parts
    assert part.goods + part.tax == arithmetic().value


def test_no_more_is_decided_on_than_was_refunded() -> None:
    story = refunded(1)
    story.when(ask_back(goods(1, 2))).refused(GoodsExceedRefund(REFUND, 1, 2, 1))
    story.when(ask_back(goods(2))).refused(GoodsExceedRefund(REFUND, 2, 1, 0))
    story.do(ask_back(goods(1)))
    story.when(ask_back(goods(1), goods_return=OTHER_RETURN)).refused(GoodsExceedRefund(REFUND, 1, 1, 0))
    story.when(ask_back(goods_return=OTHER_RETURN)).refused(NothingHeld(REFUND))


def test_all_means_what_was_not_decided_on_before() -> None:
    story = refunded()
    story.do(ask_back(goods(1)))
    it = story.when(ask_back(goods_return=OTHER_RETURN, wanted="return")).decides(GoodsReturnRequested)
    assert it.goods == (dresses(1, 3400),)


def test_what_never_arrived_is_not_asked_back() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 2)))
    story.when(ask_back()).refused(NothingHeld(REFUND))
    story.when(ask_back(goods(1, 2))).decides(GoodsReturnRequested)  # it came after all


def test_what_was_refunded_under_way_and_has_arrived_since_is_asked_back() -> None:
    # Look only at the delivery known at the grant → "it did not come" of what came, and this fails.
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1), observed_problem="not_received"))
    story.do(grant((1, 1), refund=OTHER_REFUND, observed_problem="late"))
    story.do(deliver(parts=(Part(1, 1),)))  # of the first refund: it was asked back first
    it = story.when(ask_back(wanted="return")).decides(GoodsReturnRequested)
    assert it.goods == (dresses(1, 3400),)
    later = ask_back(refund=OTHER_REFUND, goods_return=OTHER_RETURN, wanted="return")
    story.when(later).refused(NothingHeld(OTHER_REFUND))
    story.do(ask_back(wanted="return"))
    story.when(ask_back(goods_return=OTHER_RETURN)).refused(NothingHeld(REFUND))
    story.do(deliver(delivery=OTHER_DELIVERY))
    story.when(later).decides(GoodsReturnRequested)


def test_what_nobody_asked_back_arrives_before_what_was_refunded_under_way() -> None:
    story = given(customer_registered(), placed(), captured(), shipped())
    story.do(grant((1, 1), observed_problem="late"))
    story.do(deliver(parts=(Part(1, 1),)))
    story.when(ask_back()).refused(NothingHeld(REFUND))


@pytest.mark.parametrize("problem", ["wrong_item", "not_received"])
def test_where_other_goods_came_or_none_the_ordered_ones_are_not_held(problem: str) -> None:
    # Take the refund's units for what came → the customer is asked for dresses they never got.
    refunded(observed_problem=problem).when(ask_back()).refused(NothingHeld(REFUND))


def test_goods_that_were_not_ordered_count_at_their_list_price() -> None:
    """Scenario A: two shirts came instead of two dresses; 18.00 < 25.00, and 11.50 are avoided."""
    story = refunded(observed_problem="wrong_item").record(listed(SHIRT, "SHIRT"))
    shirts = goods(sku="SHIRT", product=SHIRT, quantity=2)
    it = story.when(ask_back(shirts)).decides(GoodsLeftWithCustomer)
    assert it.goods == (HeldGoods(sku="SHIRT", quantity=2, value=1800),)
    assert (it.weighed.value, it.avoided) == (1800, 1150)


def test_goods_nobody_prices_are_valued_by_a_person() -> None:
    story = refunded(observed_problem="wrong_item").record(listed(SHIRT, "SHIRT", currency="EUR"))
    story.when(ask_back(goods(sku="HAT"))).refused(GoodsValueUnknown("HAT"))
    story.when(ask_back(goods(sku="SHIRT", product=SHIRT))).refused(GoodsValueUnknown("SHIRT"))
    it = story.when(ask_back(goods(sku="HAT", value=2500))).decides(GoodsReturnRequested)
    assert it.weighed.value == 2500


def test_a_product_that_is_named_is_known() -> None:
    story = refunded(observed_problem="wrong_item")
    story.when(ask_back(goods(sku="SHIRT", product=SHIRT))).refused(ProductUnknown(SHIRT))


def test_goods_of_an_unverified_refund_are_weighed_in_the_customers_stream() -> None:
    story = given(customer_registered())
    story.do(grant_unverified(ClaimedUnits(quantity=3, sku="BOTTLE", amount=6_000)))
    it = story.when(ask_back(stream=CUSTOMER)).decides(GoodsReturnRequested)
    assert (it.order, it.goods) == (None, (HeldGoods(sku="BOTTLE", quantity=3, value=6_000),))
    named = ask_back(goods(sku="BOTTLE", quantity=4), stream=CUSTOMER, goods_return=OTHER_RETURN)
    story.when(named).refused(GoodsExceedRefund(REFUND, "BOTTLE", 4, 0))


# Retry, time, existence


@pytest.mark.parametrize(
    "other",
    [
        ask_back(goods(1, 2)),
        ask_back(parcels=2),
        ask_back(wanted="keep"),
        ask_back(goods(sku="HAT", value=1)),
    ],
    ids=["named", "parcels", "wanted", "other goods"],
)
def test_the_same_return_with_other_content_is_refused(other: AskGoodsBack) -> None:
    story = refunded()
    story.do(ask_back())
    story.when(other).refused(AlreadyRecordedOtherwise(RETURN))


def test_a_retry_is_found_whatever_happened_since() -> None:
    story = refunded()
    story.do(ask_back(goods(1, 2)))
    story.do(take_back())
    story.when(ask_back(goods(1, 2))).nothing()
    story.when(ask_back(goods(1, 1))).refused(AlreadyRecordedOtherwise(RETURN))


def test_nothing_is_decided_before_the_grant() -> None:
    story = refunded()
    story.with_now(NOON).on("2010-08-10", "11:59")
    story.when(ask_back()).refused(EffectiveBeforeCause(moment("2010-08-10", "11:59"), NOON))


def test_it_hangs_on_a_refund_that_was_granted() -> None:
    delivered_order().when(ask_back()).refused(RefundUnknown(REFUND))
    asked = delivered_order()
    asked.do(grant((1, 2), only_request=True))
    asked.when(ask_back()).refused(RefundNotGranted(REFUND))


def test_goods_of_a_refund_granted_by_mistake_are_the_customers() -> None:
    # Leave `expect_not_taken_back` out → goods are asked back that were never refunded, and this fails.
    story = refunded()
    story.by(SUPERVISOR).because("sealed:A slip").do(correct(story, RefundGranted))
    story.when(ask_back()).refused(RefundTakenBack(REFUND))
    story.when(file_claim()).refused(RefundTakenBack(REFUND))
    story.when(waive(refund=REFUND)).refused(RefundTakenBack(REFUND))


def test_nothing_of_it_touches_the_refund() -> None:
    """Source: R-G5"""
    story = refunded()
    before = story.state(ORDER)
    story.because("sealed:why").do(ask_back(wanted="keep"))
    after = story.state(ORDER)
    assert (after.account, after.refunds, after.purse()) == (before.account, before.refunds, before.purse())


def test_goods_are_named_by_a_line_or_a_sku() -> None:
    for wrong in ({}, {"line": 1, "sku": "DRESS-36"}, {"line": 1, "value": 5}, {"line": 1, "product": SHIRT}):
        with pytest.raises(OutOfRange):
            NamedGoods(quantity=1, **wrong)
    with pytest.raises(OutOfRange, match="once"):
        ask_back(goods(1), goods(1))
    for parcels in (0, 1_001):
        with pytest.raises(OutOfRange, match="parcels"):
            ask_back(parcels=parcels)


def _decided(story: Any, **asked: Any) -> str:
    it = story.when(ask_back(**asked))._decided().events[0][1]
    return "keep" if isinstance(it, GoodsLeftWithCustomer) else "return"
