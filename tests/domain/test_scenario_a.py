"""Scenario A, "wrong dresses": the order, the money and the goods, every figure and row after every step.

Source: domain §5
"""

from typing import Any

import pytest

from domain.orders.order import OrderNotPlaced
from domain.orders.order_events import GuaranteeGranted, OrderPlaced
from domain.orders.pricing import AskedLine
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.due_now import NothingDueBack
from domain.refunds.granting import RefundExceedsUnits
from domain.refunds.refund_events import RefundGranted, RefundPaid
from domain.returns.held_goods import NamedGoods
from domain.returns.return_events import GoodsLeftWithCustomer
from domain.suppliers.recoverable import WrongItemIsOurs
from projections.folding import folding_of
from projections.goods_returns import GoodsReturns
from projections.projection import AnyProjection
from projections.refund_audit import RefundAudit
from projections.supplier_claims import SupplierClaims
from projections.tasks import Tasks
from projections.timeline.story import timeline_of
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
from tests.domain.refund_examples import deciding, grant, settle
from tests.domain.return_examples import SHIRT, ask_back, file_claim, listed
from tests.domain.specification import AGENT, Story, given, moment

RIGHT_DRESSES = AskedLine(sku="DRESS-38", description="The right dress", quantity=2, unit_price=3400)


BOTH_SIDES = {"charged": 7595, "received": 7595, "credited": 7595, "refunded": 7595}
SHIRTS = NamedGoods(sku="SHIRT", product=SHIRT, quantity=2)
"""The two t-shirts that came instead, at their list price of 9.00."""


def rows(story: Story, projection: AnyProjection) -> list[Any]:
    """The rows of a read model."""
    folding = folding_of(projection)
    for entry in story.entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    return list(folding.rows())


def audited(story: Story, *names: str) -> tuple[Any, ...]:
    """Those columns of the one refund."""
    (row,) = rows(story, RefundAudit())
    return tuple(getattr(row, name) for name in names)


@pytest.fixture
def delivered() -> Story:
    """Ordered and paid on Tuesday, shipped on Thursday, delivered on Monday."""
    story = given(listed(SHIRT, "SHIRT")).on("2010-08-10")
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
    money = ("stage", "granted", "credited", "cleared", "paid", "set_aside", "net_cost")
    assert audited(story, *money) == ("granted", 7595, 7595, 0, 0, 0, 7595)
    paid = story.on("2010-08-17", "10:05").when(settle()).decides(RefundPaid)
    assert (paid.amount, paid.method, paid.payment) == (7595, "original_method", PAYMENT)
    assert figures(story, CUSTOMER) == BOTH_SIDES
    assert audited(story, *money) == ("settled", 7595, 7595, 0, 7595, 0, 7595)
    why = ("proactive", "minutes_from_contact", "label", "days_since_delivery", "observed_problem", "basis")
    assert audited(story, *why) == (True, 5, "supplier", 1, "wrong_item", "original_charges")
    assert audited(story, "decided_by", "decided_as", "limit") == (AGENT.person, "agent", 15000)
    assert audited(story, "recoverable", "claims", "kept", "signals") == (0, 0, 0, 0)
    return story


@pytest.fixture
def left(refunded: Story) -> Story:
    """Another minute later: the two t-shirts are worth less than 25.00, so they stay with her."""
    story = refunded.on("2010-08-17", "10:06")
    story.when(file_claim()).refused(WrongItemIsOurs)
    kept = story.when(ask_back(SHIRTS)).decides(GoodsLeftWithCustomer)
    assert kept.weighed is not None
    assert (kept.weighed.value, kept.weighed.keep_under, kept.weighed.return_cost) == (1800, 2500, 1150)
    assert (kept.weighed.by_rule, kept.weighed.decided, kept.avoided) == ("keep", "keep", 1150)
    assert figures(story, CUSTOMER) == BOTH_SIDES, "goods move no money"
    goods = ("kept", "asked_back", "goods_value", "return_cost_avoided", "overridden", "net_cost")
    assert audited(story, *goods) == (2, 0, 1800, 1150, False, 7595)
    (row,) = rows(story, GoodsReturns())
    assert (row.sku, row.decided, row.units, row.left, row.avoided) == ("SHIRT", "keep", 2, 2, 1150)
    assert rows(story, SupplierClaims()) == []
    return story


def test_the_wrong_dresses_are_refunded_and_the_right_ones_come(left: Story) -> None:
    story = left.on("2010-08-17", "10:07")
    cart = {"order": OTHER_ORDER, "lines": (RIGHT_DRESSES,), "shipping": 795, "shipping_credit": 795}
    story.do(prepare(**cart))
    assert story.state(OTHER_ORDER).cart.total == 6800
    assert figures(story, CUSTOMER) == BOTH_SIDES
    paid = capture(order=OTHER_ORDER, payment=OTHER_PAYMENT, amount=6800, reference="ch_2")
    story.when(paid).refused(OrderNotPlaced)
    story.on("2010-08-18").do(check_out(order=OTHER_ORDER))
    assert story.when(paid).decides(PaymentCaptured).amount == 6800
    assert figures(story, CUSTOMER) == {
        **BOTH_SIDES,
        "received": 14395,
        "balance": -6800,
        "deposits_held": 6800,
        "lifetime_value": 6800,
    }
    story.on("2010-08-19").do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT))
    assert "balance" not in figures(story, CUSTOMER), "0.00"
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
    assert len(rows(story, RefundAudit())) == len(rows(story, GoodsReturns())) == 1
    about_refunds = {"refund_decision", "refund_payout", "return_label", "supplier_claim", "fraud_signal"}
    assert about_refunds.isdisjoint(row.kind for row in rows(story, Tasks()))


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
