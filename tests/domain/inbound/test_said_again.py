"""What unmatched money was is said once: said again it is known, and said otherwise it is refused, whatever
other refund, payment, bill or receipt is named. Source: I12
"""

from typing import Any

import msgspec
import pytest

from domain.inbound.assigning import AssignMoney
from domain.inbound.unmatched_events import UnmatchedPayoutAssigned, UnmatchedReceiptAssigned
from domain.retry import AlreadyRecordedOtherwise
from tests.domain.bill_examples import pay_bill, reinstate, reverse
from tests.domain.examples import (
    BILL,
    OTHER_BILL,
    OTHER_PAYMENT,
    OTHER_REFUND,
    PAYMENT,
    REFUND,
    captured,
    customer_registered,
    id_of,
    placed,
    shipped,
)
from tests.domain.notice_examples import OTHER_MONEY, assign, give_back, left, unmatched
from tests.domain.refund_examples import ClaimedUnits, grant, grant_unverified
from tests.domain.refunds.test_paying_out import record
from tests.domain.refunds.test_payouts_to_customers import was
from tests.domain.specification import Story, given

PAYOUT, REVERSAL, RETURN = id_of("pot", 50), id_of("rev"), id_of("stl", 5)
FIRST, SECOND = id_of("ref", 21), id_of("ref", 22)


def of_customers_refund(**other: Any) -> AssignMoney:
    return was(**{"amount": 1000, "reference": "ch_1", **other})


def of_orders_refund(**other: Any) -> AssignMoney:
    return assign(fact=record(**{"payout": PAYOUT, "amount": 1000, "reference": "ch_1", **other}))


def of_payment_taken_back(**other: Any) -> AssignMoney:
    return assign(fact=reverse(**{"reversal": REVERSAL, "amount": 1000, "reference": "ch_1", **other}))


def of_receipt(**other: Any) -> AssignMoney:
    said = {"unmatched": OTHER_MONEY, "settlement": RETURN, "amount": 1000, "reference": "ch_1"}
    return assign(fact=give_back(**{**said, "order": None, "customer": None, **other}))


def paid_in_two() -> Story:
    second = captured(amount=3595, payment=OTHER_PAYMENT, reference="ch_3")
    first = captured(amount=4000, reference="ch_2")
    return given(customer_registered(), placed(), first, second, shipped())


def two_of_everything() -> Story:
    """10.00 left and wait; there are two payments, two refunds of either kind and two receipts."""
    story = paid_in_two()
    for of_order, of_customer in ((FIRST, REFUND), (SECOND, OTHER_REFUND)):
        story.do(grant((1, 1), refund=of_order))
        story.do(grant_unverified(ClaimedUnits(1, "X", amount=1000), refund=of_customer))
    for money in (OTHER_MONEY, id_of("unm", 3)):
        story.record(unmatched(unmatched=money, order=None, reference=money))
    return story.record(left(amount=1000, reference="ch_1", order=None, why="unknown"))


@pytest.mark.parametrize(
    ("said", "otherwise", "name", "about"),
    [
        (of_customers_refund(), of_customers_refund(refund=OTHER_REFUND), PAYOUT, REFUND),
        (of_orders_refund(refund=FIRST), of_orders_refund(refund=SECOND), PAYOUT, FIRST),
        (of_payment_taken_back(), of_payment_taken_back(payment=OTHER_PAYMENT), REVERSAL, PAYMENT),
        (of_receipt(), of_receipt(unmatched=id_of("unm", 3)), RETURN, OTHER_MONEY),
    ],
    ids=["a customer's refund", "an order's refund", "a payment taken back", "a receipt"],
)
def test_money_that_left_was_what_it_was_said_to_be(
    said: AssignMoney, otherwise: AssignMoney, name: str, about: str
) -> None:
    # Compare all but what is named → the other one is told that it was paid, and this fails.
    story = two_of_everything()
    assert story.when(said).decides(UnmatchedPayoutAssigned).about == about
    story.when(otherwise).refused(AlreadyRecordedOtherwise(name))
    story.when(said).nothing()


def came_for_bill(**other: Any) -> AssignMoney:
    said = {"payment": id_of("pay", 9), "amount": 1000, "method": "acme", "reference": "ch_9"}
    return assign(fact=pay_bill(**{**said, **other}))


def came_again(**other: Any) -> AssignMoney:
    return assign(fact=reinstate(**{"amount": 1000, "reference": "ch_9", **other}))


@pytest.mark.parametrize(
    ("said", "otherwise", "about"),
    [
        (came_for_bill(bill=BILL), came_for_bill(bill=OTHER_BILL), BILL),
        (came_again(reversal=REVERSAL), came_again(reversal=id_of("rev", 9)), REVERSAL),
    ],
    ids=["a bill", "a payment taken back"],
)
def test_money_that_came_was_what_it_was_said_to_be(
    said: AssignMoney, otherwise: AssignMoney, about: str
) -> None:
    story = paid_in_two()
    story.do(reverse(amount=1000, bill=BILL))
    story.do(reverse(payment=OTHER_PAYMENT, reversal=id_of("rev", 9), amount=1000, bill=OTHER_BILL))
    waits = {"amount": 1000, "reference": "ch_9", "order": None, "why": "unknown"}
    story.record(unmatched(**waits, unmatched=id_of("unm", 9)))
    said, otherwise = [msgspec.structs.replace(it, unmatched=id_of("unm", 9)) for it in (said, otherwise)]
    assert story.when(said).decides(UnmatchedReceiptAssigned).about == about
    story.when(otherwise).refused(AlreadyRecordedOtherwise)
    story.when(said).nothing()
