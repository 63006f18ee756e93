"""Units refunded, taken back and refunded anew are the same goods: they come back and are claimed once.

Source: R-G2, R-G7, H-correct
"""

import pytest

from domain.refunds.refund_events import RefundGranted
from domain.returns.held_goods import GoodsExceedRefund, NothingHeld
from domain.returns.return_events import GoodsLeftWithCustomer, GoodsReturned, GoodsReturnRequested
from domain.suppliers.recoverable import NothingToClaim, UnitsDealtWith
from domain.suppliers.supplier_events import SupplierClaimFiled
from tests.domain.correction_examples import correct, order
from tests.domain.examples import OTHER_REFUND, REFUND, id_of
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
from tests.domain.specification import SUPERVISOR, Story

ANEW = {"refund": OTHER_REFUND, "deciding": deciding(SUPERVISOR.person)}


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
    again = {"refund": OTHER_REFUND, "claim": OTHER_CLAIM}
    story.when(file_claim(**again)).refused(NothingToClaim(OTHER_REFUND))
    story.when(file_claim((1, 1), **again)).refused(UnitsDealtWith(OTHER_REFUND, 1, 1, 0))
    more = one_of_two()
    more.do(file_claim())
    anew(more, quantity=2)
    filed = more.when(file_claim(**again)).decides(SupplierClaimFiled)
    assert [unit.quantity for unit in filed.units] == [1]


def test_a_claim_given_up_for_a_refund_that_was_none_may_be_filed() -> None:
    story = one_of_two()
    story.do(waive(refund=REFUND))
    anew(story)
    story.when(file_claim(refund=OTHER_REFUND, claim=OTHER_CLAIM)).decides(SupplierClaimFiled)


def test_two_refunds_that_stand_are_two_units() -> None:
    # Take from each whatever was decided or claimed of the line → the second stays, and this fails.
    story = one_of_two()
    story.do(ask_back(wanted="return"))
    story.do(file_claim())
    story.do(grant((1, 1), **ANEW))
    asked = ask_back(refund=OTHER_REFUND, goods_return=id_of("ret", 3), wanted="return")
    story.when(asked).decides(GoodsReturnRequested)
    story.when(file_claim(refund=OTHER_REFUND, claim=OTHER_CLAIM)).decides(SupplierClaimFiled)
