"""Units refunded, taken back and refunded anew are the same goods: they come back and are claimed once.

Source: R-G2, R-G7, H-correct
"""

import pytest

from domain.orders.order_events import OrderShipped
from domain.refunds.refund_events import RefundGranted
from domain.returns.held_goods import GoodsExceedRefund, NothingHeld
from domain.returns.return_events import GoodsLeftWithCustomer, GoodsReturned, GoodsReturnRequested
from domain.suppliers.recoverable import NothingToClaim, UnitsDealtWith
from domain.suppliers.supplier_events import SupplierClaimFiled, SupplierClaimWaived
from tests.domain.correction_examples import correct, order
from tests.domain.examples import (
    DELIVERY,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    REFUND,
    captured,
    customer_registered,
    deliver,
    id_of,
    placed,
    ship,
    shipped,
)
from tests.domain.refund_examples import deciding, grant
from tests.domain.return_examples import (
    OTHER_ARRIVAL,
    OTHER_CLAIM,
    OTHER_RETURN,
    ask_back,
    came,
    file_claim,
    goods,
    leave,
    refunded,
    take_back,
    waive,
)
from tests.domain.specification import SUPERVISOR, Story, given

ANEW = {"refund": OTHER_REFUND, "deciding": deciding(SUPERVISOR.person)}
AGAIN = {"refund": OTHER_REFUND, "claim": OTHER_CLAIM}


def one_of_two() -> Story:
    """One of two dresses is refunded; a supervisor decides what follows, with a reason."""
    return refunded(1).by(SUPERVISOR).because("sealed:it was damaged, which nobody wrote down")


def anew(story: Story, quantity: int = 1) -> Story:
    """The refund is taken back, and so many are refunded."""
    story.do(correct(story, RefundGranted))
    story.do(grant((1, quantity), **ANEW))
    return story


def test_what_came_back_before_is_not_asked_for_again() -> None:
    # Look at what was decided under the same refund alone → the same dress comes back twice, and this fails.
    story = one_of_two()
    story.do(ask_back(wanted="return"))
    story.do(take_back(came(1)))
    anew(story)
    again = {"refund": OTHER_REFUND, "goods_return": OTHER_RETURN, "wanted": "return"}
    story.when(ask_back(**again)).refused(NothingHeld(OTHER_REFUND))
    story.when(ask_back(goods(1), **again)).refused(GoodsExceedRefund(OTHER_REFUND, 1, 1, 0))


def test_what_is_still_to_come_comes_under_the_first_decision() -> None:
    story = one_of_two()
    story.do(ask_back(wanted="return"))
    anew(story)
    again = ask_back(refund=OTHER_REFUND, goods_return=OTHER_RETURN, wanted="return")
    story.when(again).refused(NothingHeld(OTHER_REFUND))
    story.when(take_back(came(1))).decides(GoodsReturned)


def test_where_more_is_refunded_the_rest_is_asked_for() -> None:
    story = one_of_two()
    story.do(ask_back(wanted="return"))
    story.do(take_back(came(1)))
    anew(story, quantity=2)
    again = ask_back(refund=OTHER_REFUND, goods_return=OTHER_RETURN, wanted="return")
    asked = story.when(again).decides(GoodsReturnRequested)
    assert [each.quantity for each in asked.goods] == [1]
    second = {"goods_return": OTHER_RETURN, "arrival": OTHER_ARRIVAL}
    story.when(take_back(came(2), **second)).refused(GoodsExceedRefund(OTHER_REFUND, 1, 2, 1))
    story.when(take_back(came(1), **second)).decides(GoodsReturned)


def test_what_was_kept_of_a_refund_that_was_none_is_decided_on_anew() -> None:
    story = one_of_two()
    assert isinstance(story.do(ask_back(wanted="keep"))[0], GoodsLeftWithCustomer)
    anew(story)
    again = ask_back(refund=OTHER_REFUND, goods_return=OTHER_RETURN, wanted="return")
    story.when(again).decides(GoodsReturnRequested)


@pytest.mark.parametrize("wanted", ["return", "keep"])
def test_what_came_back_is_not_asked_for_again_whatever_became_of_the_rest(wanted: str) -> None:
    # Count only what was asked back and not left → both dresses are asked for, and this fails.
    story = refunded(2).by(SUPERVISOR).because("sealed:it was damaged, which nobody wrote down")
    story.do(ask_back(wanted=wanted))
    story.do(take_back(came(1)))
    if wanted == "return":
        story.do(leave())
    anew(story, quantity=2)
    again = ask_back(refund=OTHER_REFUND, goods_return=OTHER_RETURN, wanted="return")
    asked = story.when(again).decides(GoodsReturnRequested)
    assert [each.quantity for each in asked.goods] == [1]
    story.do(again)
    story.do(take_back(came(1), goods_return=OTHER_RETURN, arrival=OTHER_ARRIVAL))
    assert not order(story).returns[OTHER_RETURN].is_awaited


def test_what_came_beside_what_was_asked_for_is_not_asked_for() -> None:
    # Count what was decided on, not what came → the second dress is asked for, and this fails.
    story = refunded(2).by(SUPERVISOR).because("sealed:they would like to keep one")
    story.do(ask_back(goods(1), wanted="return"))
    story.do(take_back(came(2)))
    story.when(ask_back(goods_return=OTHER_RETURN)).refused(NothingHeld(REFUND))


def test_a_supplier_is_asked_once_for_the_same_units() -> None:
    # Look at the claims of the same refund alone → the supplier pays twice, and this fails.
    story = one_of_two()
    story.do(file_claim())
    anew(story)
    story.when(file_claim(**AGAIN)).refused(NothingToClaim(OTHER_REFUND))
    story.when(file_claim((1, 1), **AGAIN)).refused(UnitsDealtWith(OTHER_REFUND, 1, 1, 0))
    more = one_of_two()
    more.do(file_claim())
    anew(more, quantity=2)
    filed = more.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)
    assert [unit.quantity for unit in filed.units] == [1]


def test_a_claim_given_up_for_a_refund_that_was_none_may_be_filed() -> None:
    story = one_of_two()
    story.do(waive(refund=REFUND))
    anew(story)
    story.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)


def test_two_refunds_that_stand_are_two_units() -> None:
    # Take from each whatever was decided or claimed of the line → the second stays, and this fails.
    story = one_of_two()
    story.do(ask_back(wanted="return"))
    story.do(file_claim())
    story.do(grant((1, 1), **ANEW))
    asked = ask_back(refund=OTHER_REFUND, goods_return=id_of("ret", 3), wanted="return")
    story.when(asked).decides(GoodsReturnRequested)
    story.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)


def under_way() -> Story:
    """Two dresses have shipped and not arrived."""
    story = given(customer_registered(), placed(), captured(), shipped())
    return story.by(SUPERVISOR).because("sealed:it was late, which nobody wrote down")


def test_what_was_claimed_under_way_is_not_claimed_again_once_it_has_arrived() -> None:
    # Look at the same delivery alone → the supplier is asked twice for both, and this fails.
    story = under_way()
    story.do(grant((1, 2)))
    story.do(file_claim())
    story.do(correct(story, RefundGranted))
    story.do(deliver())
    story.do(grant((1, 2), **ANEW))
    story.when(file_claim(**AGAIN)).refused(NothingToClaim(OTHER_REFUND))


def test_what_is_still_under_way_is_what_was_claimed_so() -> None:
    # Let the dress that arrived be the one claimed → the other is left, and this fails.
    story = under_way()
    story.do(grant((1, 1)))
    story.do(file_claim())
    story.do(correct(story, RefundGranted))
    story.do(deliver((1, 1)))
    story.do(grant((1, 2), **ANEW))
    filed = story.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)
    assert [(unit.quantity, unit.delivery) for unit in filed.units] == [(1, DELIVERY)]


def test_what_another_refund_claimed_under_way_is_of_that_refund() -> None:
    story = under_way()
    story.do(grant((1, 1)))
    story.do(file_claim())
    story.do(deliver())
    story.do(grant((1, 1), **ANEW))
    filed = story.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)
    assert [unit.quantity for unit in filed.units] == [1]


def test_what_was_claimed_of_a_shipment_that_was_none_is_not_claimed_under_another() -> None:
    # Leave the claim with the shipment that never left → the supplier is asked twice, and this fails.
    story = under_way()
    story.do(grant((1, 1)))
    story.do(file_claim())
    story.do(correct(story, RefundGranted))
    story.do(correct(story, OrderShipped))
    story.do(ship(shipment=OTHER_SHIPMENT))
    story.do(grant((1, 2), **ANEW))
    filed = story.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)
    assert [(unit.quantity, unit.shipment) for unit in filed.units] == [(1, OTHER_SHIPMENT)]


def test_a_refund_of_other_units_may_be_claimed_though_one_that_was_claimed_is_taken_back() -> None:
    # Let the claim count for whichever refund stands → the second has nothing left, and this fails.
    story = one_of_two()
    story.do(file_claim())
    story.do(grant((1, 1), **ANEW))
    story.do(correct(story, RefundGranted))
    story.when(file_claim(**AGAIN)).decides(SupplierClaimFiled)
    story.when(waive(**AGAIN)).decides(SupplierClaimWaived)
    story.do(grant((1, 1), refund=id_of("ref", 3), deciding=deciding(SUPERVISOR.person)))
    third = file_claim(refund=id_of("ref", 3), claim=id_of("clm", 3))
    story.when(third).refused(NothingToClaim(id_of("ref", 3)))


def test_the_first_refund_anew_is_of_the_units_that_were_claimed() -> None:
    # Let the claim pass on to the next → what is left of each changes with the other, and this fails.
    story = anew_after_claim(quantity=1)
    story.do(grant((1, 1), refund=id_of("ref", 3), deciding=deciding(SUPERVISOR.person)))
    story.when(file_claim(**AGAIN)).refused(NothingToClaim(OTHER_REFUND))
    third = file_claim(refund=id_of("ref", 3), claim=id_of("clm", 3))
    story.when(third).decides(SupplierClaimFiled)


def test_units_refunded_anew_twice_were_claimed_all_the_same() -> None:
    story = anew_after_claim(quantity=1)
    story.do(correct(story, RefundGranted, nth=2))
    story.do(grant((1, 1), refund=id_of("ref", 3), deciding=deciding(SUPERVISOR.person)))
    third = file_claim(refund=id_of("ref", 3), claim=id_of("clm", 3))
    story.when(third).refused(NothingToClaim(id_of("ref", 3)))


def anew_after_claim(quantity: int) -> Story:
    """One of two dresses was refunded and claimed, and so many are refunded anew."""
    story = one_of_two()
    story.do(file_claim())
    return anew(story, quantity)


@pytest.mark.parametrize(("quantity", "is_asked"), [(1, False), (2, True)])
def test_nobody_is_asked_to_claim_what_was_claimed_before(quantity: int, is_asked: bool) -> None:
    # Look at windows alone → a task begins that nothing can end, and this fails.
    story = one_of_two()
    story.do(file_claim())
    story.do(correct(story, RefundGranted))
    granted = story.when(grant((1, quantity), **ANEW)).decides(RefundGranted)
    assert ("supplier_claim" in [deadline.kind for deadline in granted.deadlines]) == is_asked


def test_a_claim_says_how_much_is_left() -> None:
    # Count what was claimed before as left → the task goes on with nothing to claim, and this fails.
    assert (
        anew_after_claim(quantity=2).when(file_claim((1, 1), **AGAIN)).decides(SupplierClaimFiled).units_left
        == 0
    )
    assert (
        anew_after_claim(quantity=2).when(waive((1, 1), **AGAIN)).decides(SupplierClaimWaived).units_left == 0
    )
    two = refunded(2).because("sealed:they are good to us")
    assert two.when(file_claim((1, 1))).decides(SupplierClaimFiled).units_left == 1
    assert two.when(waive()).decides(SupplierClaimWaived).units_left == 1
    assert two.when(waive(refund=REFUND, claim=OTHER_CLAIM)).decides(SupplierClaimWaived).units_left == 0


def test_nothing_is_left_to_claim_of_a_refund_that_was_taken_back() -> None:
    story = refunded(2).by(SUPERVISOR).because("sealed:another order was meant")
    story.do(file_claim((1, 1)))
    story.do(correct(story, RefundGranted))
    assert story.when(waive()).decides(SupplierClaimWaived).units_left == 0
