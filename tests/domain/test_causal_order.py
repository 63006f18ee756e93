"""Nothing takes effect before what it builds on, and an order can be shown as it was at any moment.

Source: H-time, §3
"""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings, strategies

from domain.bills.bill_events import BillShare
from domain.bills.billing import NewBill
from domain.causes import EffectiveBeforeCause
from domain.command import Command
from domain.orders.evolve_order import evolve_order
from domain.refunds.refund_events import RefundedPart, RefundGranted
from domain.refusal import Refusal
from tests.domain.examples import (
    BILL,
    NEW_BILL,
    ORDER,
    billed,
    cancel,
    capture,
    captured,
    check_out,
    customer_registered,
    deliver,
    id_of,
    place,
    placed,
    prepare,
    prepared,
    refund_granted,
    ship,
    shipped,
)
from tests.domain.specification import NOON, OWNER, Story, given, moment

DAY = 24 * 3_600_000_000


def at(story: Story, when: int) -> Story:
    """The owner enters, today, what took effect then."""
    story.by(OWNER).with_now(NOON + 100 * DAY)
    story.at = when
    return story


PAID = (customer_registered(), placed(), captured())


@pytest.mark.parametrize(
    ("story", "command"),
    [
        (given(customer_registered(), prepared()), check_out()),
        (given(customer_registered(), placed()), capture()),
        (given(*PAID), ship()),
        (given(customer_registered(), placed(terms="bill_after")), ship(bill=NEW_BILL)),
        (given(*PAID), cancel()),
        (given(*PAID, shipped()), deliver()),
        (given(customer_registered(), placed(terms="bill_after"), shipped(), billed()), capture()),
    ],
    ids=["checkout", "capture", "ship", "ship on bill", "cancel", "deliver", "pay a bill"],
)
def test_nothing_takes_effect_before_its_cause(story: Story, command: Command) -> None:
    # Leave `expect_cause` out of the decision → this fails.
    at(story, NOON - 1).when(command).refused(EffectiveBeforeCause(NOON - 1, NOON))
    at(story, NOON - 1).from_("import").when(command).refused(EffectiveBeforeCause)
    story.from_("api")
    assert at(story, NOON).do(command)


def test_a_delivery_follows_its_own_shipment_not_only_the_order() -> None:
    story = given(*PAID)
    story.on("2010-08-20").record(shipped())
    at(story, moment("2010-08-19")).when(deliver()).refused(
        EffectiveBeforeCause(moment("2010-08-19"), moment("2010-08-20"))
    )


def test_money_that_came_before_a_bill_covers_units_but_pays_no_bill_yet() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    story.on("2010-08-20").record(shipped((1, 1), goods=3400, charge=4195), billed(amount=4195))
    earlier = at(story, moment("2010-08-15"))
    earlier.when(capture(amount=3401)).refused(
        EffectiveBeforeCause(moment("2010-08-15"), moment("2010-08-20"))
    )
    earlier.when(capture(amount=3400)).then(captured(amount=3400))
    other: dict[str, Any] = {"payment": id_of("pay", 2), "reference": "ch_2"}
    at(story, moment("2010-08-20")).when(capture(**other, amount=4195)).then(
        captured(**other, amount=4195, bills=(BillShare(BILL, 4195),))
    )


def test_a_fee_that_goes_back_clears_no_bill_before_it_was_issued() -> None:
    story = given(customer_registered(), placed(terms="bill_after"))
    part = RefundedPart(line=1, quantity=1, goods=3400, tax=0)
    story.on("2010-08-20").record(
        shipped((1, 1), goods=3400, charge=4195),
        billed(amount=4195),
        refund_granted(
            refund=id_of("ref", 2),
            basis="price_paid",
            granted=0,
            credit_amount=3400,
            goods=3400,
            parts=(part,),
            cleared=(BillShare(BILL, 3400),),
        ),
    )
    early, issued = moment("2010-08-15"), moment("2010-08-20")
    at(story, early).when(cancel()).refused(EffectiveBeforeCause(early, issued))
    assert at(story, issued).when(cancel()).decides(RefundGranted).cleared == (BillShare(BILL, 795),)


STEPS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["prepare", "check_out", "place", "pay", "ship", "deliver", "cancel"]),
        strategies.integers(1, 2),
        strategies.integers(-10, 10),
    ),
    max_size=14,
)
"""(what, how much, on which day it took effect), in the order in which it is entered."""


def _command(kind: str, amount: int, number: int) -> Command:
    match kind:
        case "prepare":
            return prepare()
        case "check_out":
            return check_out(terms="bill_after")
        case "place":
            return place(terms="bill_after")
        case "pay":
            paid = {"payment": id_of("pay", number), "reference": f"ch_{number}", "amount": amount * 2000}
            return capture(**paid)
        case "ship":
            bill = NewBill(id_of("bil", number), 2010)
            return ship((1, amount), shipment=id_of("shp", number), bill=bill)
        case "deliver":
            return deliver(delivery=id_of("dlv", number), shipment=id_of("shp", amount))
        case _:
            return cancel((1, 1), refund=id_of("ref", number))


@settings(deadline=None)
@for_all(STEPS)
def test_an_order_can_be_shown_as_it_was_at_any_moment(steps: list[tuple[str, int, int]]) -> None:
    # Leave any `expect_cause` of an order out → this fails: what it builds on is not there yet.
    story = given(customer_registered()).by(OWNER).with_now(NOON + 100 * DAY)
    for number, (kind, amount, day) in enumerate(steps, 1):
        story.at = NOON + day * DAY
        try:
            story.do(_command(kind, amount, number))
        except Refusal:
            continue
    entries = [entry for entry in story.entries if entry.stream == ORDER]
    for day in range(-10, 101):
        state = None
        for entry in entries:
            if entry.effective_at <= NOON + day * DAY:
                state = evolve_order(state, entry)
