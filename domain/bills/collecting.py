"""Collection calls: somebody phones who owes, to ask how they are. A friendly call, without a threat.

Whoever could not be reached, or had no good reason, stays watched, and is called again. Source: R-B3, R-B5
"""

from typing import get_args

import msgspec

from domain.bills.bill_events import CallOutcome, CollectionCallMade, GoodReason
from domain.bills.owing import bill_of, expect_open, expect_open_then
from domain.command import LONGEST_SEALED, Command, OutOfRange, expect_text
from domain.deadlines import deadlines_of_call
from domain.decision import Decision, Given
from domain.entry import Sealed
from domain.ids import expect_id
from domain.orders.contacting import expect_person
from domain.orders.order import placed_order

CALL_OUTCOMES: tuple[CallOutcome, ...] = get_args(CallOutcome)
GOOD_REASONS: tuple[GoodReason, ...] = get_args(GoodReason)


class RecordCollectionCall(Command, frozen=True, kw_only=True):
    """Record that a customer who owes was phoned. Raises: ValueError."""

    order: str
    bill: str
    by: str
    """The person who phoned."""
    outcome: CallOutcome
    good_reason: GoodReason | None = None
    will_pay: bool = False
    note: Sealed | None = None
    """What the customer said; a good reason is a code and their own words."""

    def __post_init__(self) -> None:
        expect_id("bil", self.bill)
        expect_id("per", self.by)
        if self.outcome not in CALL_OUTCOMES:
            raise OutOfRange("outcome", f"must be one of {', '.join(CALL_OUTCOMES)}")
        if self.good_reason is not None and self.good_reason not in GOOD_REASONS:
            raise OutOfRange("good_reason", f"must be one of {', '.join(GOOD_REASONS)}")
        if self.outcome == "not_reached" and (self.good_reason is not None or self.will_pay):
            raise OutOfRange("outcome", "must be reached where the customer said something")
        if self.good_reason is not None and self.note is None:
            raise OutOfRange("note", "must say the reason in the customer's words")
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


def record_collection_call(command: RecordCollectionCall, given: Given) -> Decision:
    """Records a call; the next try comes a month later, not before the first was planned, and with a good
    reason the owner decides at once.

    Checks, in this order: order placed; bill known; retry, which is: the same call at the same moment;
    something open; person known; not before something was open.
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    made = CollectionCallMade(
        order=command.order,
        customer=state.placed.customer,
        bill=command.bill,
        by=command.by,
        outcome=command.outcome,
        good_reason=command.good_reason,
        will_pay=command.will_pay,
        note=command.note,
    )
    for known in bill.calls:
        if known.at == given.at and msgspec.structs.replace(known.it, deadlines=()) == made:
            return Decision(customer=made.customer, already=(known.position,))
    expect_open(bill)
    expect_person(command.by, given)
    expect_open_then(bill, state, given)
    deadlines = deadlines_of_call(
        bill.source.deadlines, given, has_good_reason=command.good_reason is not None
    )
    made = msgspec.structs.replace(made, deadlines=deadlines)
    return Decision(events=((command.order, made),), customer=made.customer)
