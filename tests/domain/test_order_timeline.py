"""The order's story: one milestone for each thing that happened to it."""

from projections.order_timeline import timeline_of
from tests.domain.examples import (
    NEW_BILL,
    OTHER_REFUND,
    cancel,
    capture,
    check_out,
    customer_registered,
    deliver,
    prepare,
    ship,
)
from tests.domain.specification import Story, given


def bill_story() -> Story:
    """A cart checked out on bill; one dress shipped, the other paid for and cancelled."""
    story = given(customer_registered())
    for command in (
        prepare(),
        check_out(terms="bill_after"),
        ship((1, 1), bill=NEW_BILL),
        capture(amount=3400),
        deliver(),
        cancel(refund=OTHER_REFUND),
    ):
        story.do(command)
    return story


def test_every_step_of_an_order_is_a_milestone() -> None:
    steps = timeline_of(bill_story().entries)
    assert [(step.what, step.amount, step.units) for step in steps] == [
        ("cart_prepared", 7595, 2),
        ("placed", 7595, 2),
        ("shipped", 4195, 1),
        ("billed", 4195, None),
        ("captured", 3400, None),
        ("delivered", None, 1),
        ("guarantee_granted", None, 1),
        ("units_cancelled", None, 1),
        ("refund_granted", 3400, None),
    ]


def test_folding_twice_tells_the_same_story() -> None:
    entries = bill_story().entries
    assert timeline_of(entries) == timeline_of(entries)


def test_the_timeline_leaves_out_what_is_not_the_orders() -> None:
    assert timeline_of(given(customer_registered()).entries) == ()
