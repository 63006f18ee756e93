"""What the owner is asked about orders of watched customers, and when what is paid first is to be shipped."""

from typing import Any

import pytest

from domain.command import Command
from projections.bill_tasks import Task
from projections.tasks import Tasks
from projections.watched_orders import WatchedOrder, WatchedOrders
from tests.domain.bill_examples import billed_story, pay_bill, review
from tests.domain.decline_examples import fail, release
from tests.domain.examples import BILL, OTHER_ORDER, OTHER_PAYMENT, cancel, capture, id_of, place
from tests.domain.figures import rows_of
from tests.domain.specification import OWNER, Story

SECOND: dict[str, Any] = {"order": OTHER_ORDER}
PART: dict[str, Any] = {"payment": OTHER_PAYMENT, "reference": "ch_9", "amount": 4195}


def asked_to_pay_first() -> Story:
    """A customer who owes 75.95 ordered again on bill, and the owner wants to see money first."""
    story = billed_story().on("2010-09-20").by(OWNER).because("sealed:Why")
    for command in (place(**SECOND, terms="bill_after"), review("payment_first", **SECOND)):
        story.do(command)
    return story


def asked(story: Story) -> set[str]:
    """What of shipping and reviewing is asked for about the second order."""
    found = [row for row in rows_of(Tasks(), story.entries) if isinstance(row, Task)]
    about = {row.kind for row in found if row.stream == OTHER_ORDER and row.due is not None}
    return about & {"watched_review", "ship_order"}


ENDS: dict[str, tuple[Command, ...]] = {
    "payment": (capture(**SECOND, payment=OTHER_PAYMENT, reference="ch_9"),),
    "cancellation": (capture(**SECOND, **PART), cancel((1, 1), **SECOND)),
    "release": (fail(**SECOND), release(**SECOND)),
    "the owner's word": (review(**SECOND),),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_is_to_be_paid_first_is_shipped_and_no_longer_reviewed_once_it_may_ship(how: str) -> None:
    # Let shipping be asked for all along → people try what is refused; leave the review once the money is
    # there → the owner is asked about nothing. Either way this fails.
    story = asked_to_pay_first()
    *first, last = ENDS[how]
    for command in first:
        story.do(command)
    assert asked(story) == {"watched_review"}
    story.do(last)
    assert asked(story) == {"ship_order"}


def test_what_was_asked_to_be_paid_first_stays_to_be_decided_when_the_old_debt_is_paid() -> None:
    story = asked_to_pay_first()
    story.do(pay_bill(bill=BILL, payment=id_of("pay", 9)))
    assert asked(story) == {"watched_review"}
    (review_of,) = [
        row for row in rows_of(Tasks(), story.entries) if getattr(row, "kind", "") == "watched_review"
    ]
    assert isinstance(review_of, Task)
    assert not review_of.while_watched


def test_what_a_customer_owes_stands_beside_the_orders_as_their_facts_have_it() -> None:
    story = asked_to_pay_first()
    story.do(pay_bill(amount=7000))
    rows = [
        row for row in rows_of(WatchedOrders(), story.entries) if isinstance(row, WatchedOrder) and row.bill
    ]
    facts = story.facts(rows[0].customer, story.at)
    known = {bill: owed for order in facts.orders.values() for bill, owed in order.bills.items()}
    assert {row.bill: (row.currency, row.due_on, row.open) for row in rows} == {
        bill: (owed.currency, owed.due_on, owed.open) for bill, owed in known.items()
    }
    assert [row.open for row in rows] == [595]
