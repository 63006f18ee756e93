"""What becomes of a customer's credit, event by event. Source: I15"""

import pytest

from domain.customers.credit import Credit, credit_after, drawn, not_asked_back
from domain.payments.payment_events import CreditSetAside, CreditShare, CreditUsed
from tests.domain.bill_examples import credit_given
from tests.domain.correction_examples import payment_corrected
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    REFUND,
    captured,
    customer_registered,
    id_of,
    placed,
    refund_granted,
)
from tests.domain.specification import given

FIRST, SECOND, THIRD = id_of("crd"), id_of("crd", 2), id_of("crd", 3)
HAD = {"USD": Credit(gifts=10, own={FIRST: 20, SECOND: 30})}
OF_BOTH = (CreditShare(FIRST, 20), CreditShare(SECOND, 5))


def set_aside(amount: int, gift: int, *again: CreditShare) -> CreditSetAside:
    """So much kept of a refund, of which some was a gift, or credit, before."""
    return CreditSetAside(
        customer=CUSTOMER,
        order=ORDER,
        credit=THIRD,
        currency="USD",
        amount=amount,
        source="refund",
        subject=REFUND,
        gift=gift,
        again=again,
    )


def used(amount: int, gift: int, *own: CreditShare) -> CreditUsed:
    """So much used, of which some was a gift."""
    return CreditUsed(
        customer=CUSTOMER,
        order=ORDER,
        use=id_of("use"),
        currency="USD",
        amount=amount,
        gift=gift,
        own=own,
        bills=(),
    )


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (credit_given(7), Credit(17, {FIRST: 20, SECOND: 30})),
        (set_aside(7, 3), Credit(13, {FIRST: 20, SECOND: 30, THIRD: 4})),
        (set_aside(7, 3, CreditShare(SECOND, 4)), Credit(13, {FIRST: 20, SECOND: 34})),
        (set_aside(7, 3, CreditShare(SECOND, 1)), Credit(13, {FIRST: 20, SECOND: 31, THIRD: 3})),
        (used(28, 3, *OF_BOTH), Credit(7, {SECOND: 25})),
        (refund_granted(basis="credit", granted=25, credits=OF_BOTH), Credit(10, {SECOND: 25})),
        (refund_granted(basis="unverified", granted=7), HAD["USD"]),
        (payment_corrected(set_aside=30, credit=SECOND), Credit(10, {FIRST: 20})),
    ],
    ids=lambda it: type(it).__name__,
)
def test_an_event_moves_its_figures(event: object, after: Credit) -> None:
    assert credit_after(HAD, event) == {"USD": after}  # pyright: ignore[reportArgumentType]
    assert after.available == after.gifts + after.payable


def test_what_was_asked_back_by_mistake_is_the_credit_it_was() -> None:
    granted = refund_granted(basis="credit", granted=25, credits=OF_BOTH)
    # What was used up is credit again behind the rest.
    again = not_asked_back(credit_after(HAD, granted), granted)["USD"]
    assert again == Credit(10, {SECOND: 30, FIRST: 20})
    other = refund_granted(basis="stated", granted=25)
    assert not_asked_back(HAD, other) is HAD


@pytest.mark.parametrize(
    ("amount", "shares"),
    [
        (0, ()),
        (20, (CreditShare(FIRST, 20),)),
        (21, (CreditShare(FIRST, 20), CreditShare(SECOND, 1))),
        (51, (CreditShare(FIRST, 20), CreditShare(SECOND, 30))),
    ],
)
def test_it_is_drawn_in_the_order_in_which_it_became_credit(
    amount: int, shares: tuple[CreditShare, ...]
) -> None:
    assert drawn(HAD["USD"].own, amount) == shares


@pytest.mark.parametrize(
    ("set_aside", "cash", "again"),
    [(2000, 2000, 1000), (1200, 3500, 1000), (1000, 2000, 0), (1001, 2000, 1)],
)
def test_what_came_for_the_order_goes_back_before_credit_is_credit_again_and_a_gift_after_it(
    set_aside: int, cash: int, again: int
) -> None:
    """30.00 came for it, of which so much goes back as money, and 20.00 of credit, 5.00 of it a gift."""
    story = given(customer_registered(), placed(), captured(amount=3000))
    story.record_in((ORDER, used(2000, 500, CreditShare(FIRST, 1500))))
    assert sum(share.amount for share in story.state(ORDER).credit_in(set_aside, cash)) == again
