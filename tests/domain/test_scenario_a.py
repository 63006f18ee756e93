"""Scenario A, "wrong dresses": the order and the money, every figure after every step. Source: domain §5"""

import pytest

from domain.orders.order import OrderNotPlaced
from domain.orders.order_events import GuaranteeGranted, OrderPlaced
from domain.orders.pricing import AskedLine
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.granting import RefundExceedsUnits
from domain.refunds.refund_events import RefundGranted, RefundPaid
from domain.refunds.settling import NothingDueBack
from projections.order_timeline import timeline_of
from tests.domain.examples import (
    CUSTOMER,
    ORDER,
    OTHER_DELIVERY,
    OTHER_ORDER,
    OTHER_PAYMENT,
    OTHER_REFUND,
    OTHER_SHIPMENT,
    PAYMENT,
    capture,
    check_out,
    deliver,
    place,
    prepare,
    register,
    ship,
)
from tests.domain.figures import figures
from tests.domain.refunds import deciding, grant, settle
from tests.domain.specification import AGENT, Story, given, moment

RIGHT_DRESSES = AskedLine(sku="DRESS-38", description="The right dress", quantity=2, unit_price=3400)


@pytest.fixture
def delivered() -> Story:
    """Ordered and paid on Tuesday, shipped on Thursday, delivered on Monday."""
    story = given().on("2010-08-10")
    assert story.when(place(register=register())).decides(OrderPlaced).standing == "new"
    story.do(capture())
    assert figures(story, CUSTOMER) == {
        "received": 7595,
        "balance": -7595,
        "deposits_held": 7595,
        "lifetime_value": 7595,
    }
    story.on("2010-08-12").do(ship())
    assert figures(story, CUSTOMER) == {"charged": 7595, "received": 7595, "lifetime_value": 7595}
    windows = story.on("2010-08-16").when(deliver()).decides(GuaranteeGranted)
    assert (windows.guarantee_until, windows.supplier_until) == ("2011-02-16", "2010-09-09")
    return story


@pytest.fixture
def refunded(delivered: Story) -> Story:
    """Two t-shirts came; a minute after the call the money was granted, and then paid to the card."""
    story = delivered.on("2010-08-17", "10:04")
    granted = story.when(
        grant(
            (1, 2),
            observed_problem="wrong_item",
            proactive=True,
            first_contact_at=moment("2010-08-17", "10:00"),
            deciding=deciding(day="2010-08-17"),
        )
    ).decides(RefundGranted)
    assert (granted.basis, granted.granted, granted.credit_amount) == ("original_charges", 7595, 7595)
    assert (granted.decided_by, granted.decided_as, granted.limit) == (AGENT.person, "agent", 15000)
    (part,) = granted.parts
    assert (part.label, part.days_since_delivery, part.days_since_order) == ("supplier", 1, 7)
    assert figures(story, CUSTOMER) == {
        "charged": 7595,
        "received": 7595,
        "credited": 7595,
        "balance": -7595,
        "refunds_due": 7595,
        "lifetime_value": 7595,
    }
    paid = story.on("2010-08-17", "10:05").when(settle()).decides(RefundPaid)
    assert (paid.amount, paid.method, paid.payment) == (7595, "original_method", PAYMENT)
    assert figures(story, CUSTOMER) == {"charged": 7595, "received": 7595, "credited": 7595, "refunded": 7595}
    return story


def test_the_wrong_dresses_are_refunded_and_the_right_ones_come(refunded: Story) -> None:
    story = refunded.on("2010-08-17", "10:07")
    cart = {"order": OTHER_ORDER, "lines": (RIGHT_DRESSES,), "shipping": 795, "shipping_credit": 795}
    story.do(prepare(**cart))
    assert story.state(OTHER_ORDER).cart.total == 6800
    paid = capture(order=OTHER_ORDER, payment=OTHER_PAYMENT, amount=6800, reference="ch_2")
    story.when(paid).refused(OrderNotPlaced)
    story.on("2010-08-18").do(check_out(order=OTHER_ORDER))
    assert story.when(paid).decides(PaymentCaptured).amount == 6800
    assert figures(story, CUSTOMER)["balance"] == -6800
    story.on("2010-08-19").do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT))
    by_hand = {"order": OTHER_ORDER, "shipment": OTHER_SHIPMENT, "delivery": OTHER_DELIVERY}
    story.on("2010-08-20").do(deliver(**by_hand))
    assert figures(story, CUSTOMER) == {
        "charged": 14395,
        "received": 14395,
        "credited": 7595,
        "refunded": 7595,
        "goodwill_cost": 795,
        "lifetime_value": 6800,
    }


def test_the_same_units_are_never_refunded_twice(refunded: Story) -> None:
    again = grant((1, 2), refund=OTHER_REFUND, deciding=deciding(day="2010-08-17"))
    refunded.when(again).refused(RefundExceedsUnits)
    refunded.when(settle(reference="other", payouts=("pot_00000000000000000000000009",))).refused(
        NothingDueBack
    )


def test_the_story_is_told_as_it_happened(delivered: Story) -> None:
    milestones = timeline_of(delivered.entries)
    assert [(step.what, step.at) for step in milestones] == [
        ("placed", moment("2010-08-10")),
        ("captured", moment("2010-08-10")),
        ("shipped", moment("2010-08-12")),
        ("delivered", moment("2010-08-16")),
        ("guarantee_granted", moment("2010-08-16")),
    ]
    assert milestones[2].tracking == "1Z999AA10123456784"
    assert milestones[4].guarantee_until == "2011-02-16"
    assert milestones[4].supplier_until == "2010-09-09"
    assert delivered.facts(CUSTOMER, delivered.at).orders[ORDER].settled
