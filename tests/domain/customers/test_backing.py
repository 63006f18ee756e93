"""What money lacks of credit that was spent on other orders, and these on others again. Source: R-G8, I15"""

from collections.abc import Mapping

import pytest

from domain.customers.backing import OrderMoney, lacking
from tests.domain.bill_examples import PERSONS, dispute, reinstate, reverse
from tests.domain.examples import CUSTOMER, ORDER, captured, customer_registered, id_of, placed
from tests.domain.specification import given

A, B, C = "order-a", "order-b", "order-c"
ORDER_OF = {"credit-of-a": A, "credit-of-b": B}


def with_own(own: int, **spent: int) -> OrderMoney:
    """So much of the customer's own with an order, and the credit spent on it, by the order that it is of."""
    return OrderMoney("USD", own=own, credit={f"credit-of-{of}": amount for of, amount in spent.items()})


@pytest.mark.parametrize(
    ("money", "left", "lacks"),
    [
        # A lacks 1.00: of its credit 0.10 are left, and 0.70 were spent on B, which lacks as much more.
        ({A: with_own(-100, b=60), B: with_own(-50, a=70)}, {A: 10}, {A: 10, B: 0}),
        # What comes round to A again finds nothing of its credit that was not taken yet.
        ({A: with_own(-100, b=60), B: with_own(0, a=70)}, {A: 1_000, B: 1_000}, {A: 100}),
        ({A: with_own(-100, b=60), B: with_own(0, a=70)}, {A: 1_000, B: 20}, {A: 100}),
        ({A: with_own(-100, b=60), B: with_own(0, a=70)}, {A: 0, B: 20}, {A: 0, B: 20}),
        ({A: with_own(-100, a=70)}, {A: 30}, {A: 30}),
        # Of A's credit so much was spent on B, and the rest of what A lacks is C's alone.
        (
            {A: with_own(-100), B: with_own(0, a=60), C: with_own(0, a=70)},
            {B: 1_000, C: 1_000},
            {A: 0, B: 60, C: 40},
        ),
    ],
)
def test_orders_whose_credit_paid_each_other_lack_what_they_do_and_it_ends(
    money: Mapping[str, OrderMoney], left: Mapping[str | None, int], lacks: Mapping[str, int]
) -> None:
    # Leave spent what was passed on → the two pass it on to each other for ever, and this never ends.
    assert lacking(money, left, ORDER_OF.__getitem__, if_lost=False) == lacks


def test_what_comes_again_may_be_taken_once_more_in_each_dispute_as_far_as_it_was_taken_there() -> None:
    # Give all of it again in each → a bank may take more than it asks for, and this fails.
    story = given(customer_registered(), *PERSONS, placed(), captured())
    for number in (1, 2):
        story.do(dispute(dispute=id_of("dsp", number), amount=3500))
    story.do(reverse(amount=6000))
    story.do(reinstate(5000))
    money = story.facts(CUSTOMER, story.at).money[ORDER]
    assert (money.own, money.if_lost) == (6595, 6595 - 3500 - 2500)
