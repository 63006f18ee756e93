"""A step that is likely to matter: something that the order it is about is ripe for.

Steps at random seldom come to a refund of what was written off after a part payment; these do.
"""

from collections.abc import Iterator
from random import Random

from tests.model.choices import order_of
from tests.model.orders import Order
from tests.model.twins import Twins

SUBJECTS: tuple[tuple[str, ...], ...] = (
    ("correct_payment", "correct_shipment", "correct_bill", "correct_refund"),
    ("dispute", "close_dispute"),
    ("approve", "withdraw"),
    ("promise",),
    ("grant_credit",),
    ("told_payment", "told_reversal", "assign", "give_back", "came_again"),
    ("attempt", "let_through", "refuse"),
    ("send_back", "told_payout", "fail_payout"),
    ("unverified", "pay_own", "return_own", "correct_own", "ask_credit_back"),
)
"""Kinds that a run is about, or not."""
MAY_BE_LEFT_OUT = (
    "cancel",
    "refund",
    "capture",
    "decline",
    "deliver",
    "pay_bill",
    "give_up",
    "reverse",
    "reinstate",
    "return_payout",
    "use_credit",
    "release",
    "pay_out",
    "call",
    "write_off",
    "close_undelivered",
    "review",
    *[kind for kinds in SUBJECTS for kind in kinds],
)
"""Kinds that a run may do without."""


def likely(twins: Twins, which: int, much: int) -> tuple[str, int]:
    """The kind of step that this order is ripe for, and how much is left to choose by."""
    order = order_of(twins, which)
    if order is None:
        return "place", much
    kinds = [kind for kind in _ripe(twins, order) if kind not in twins.left_out]
    return kinds[much % len(kinds)], much // len(kinds)


def leave_out(twins: Twins, which: int, much: int) -> None:
    """From now on some kinds of steps are not likely: each run is about something, and goes deeper."""
    chance = Random(which * 256 + much)
    twins.left_out = {kind for kind in MAY_BE_LEFT_OUT if chance.random() < 0.5}
    for kinds in SUBJECTS:
        if chance.random() < 0.6:
            twins.left_out.update(kinds)


def _ripe(twins: Twins, order: Order) -> Iterator[str]:
    yield "wait"
    if order.gone:
        yield from ("place", "place", "place")
    if len(twins.shop.own_refunds) < 2:
        yield "unverified"
    if twins.shop.own_refunds:
        yield from ("pay_own", "return_own", "correct_own")
    if twins.shop.credit(order.customer, order.currency).set_aside:
        yield "ask_credit_back"
    if order.to_ship:
        yield from ("ship", "cancel", "refund")
        if order.deposit < order.to_ship:
            yield from ("capture", "capture", "decline", "told_payment")
            yield from ["attempt"] * (2 + 3 * len(twins.shop.card_declines))
        if order.was_watched:
            yield from ("review", "review", "review")
    if any(it.left for it in twins.shop.unmatched.values()):
        yield from ("assign", "assign", "assign", "give_back")
    if any(it.came and it.returns for it in twins.shop.unmatched.values()):
        yield from ("came_again", "give_back")
    if order.under_way is not None:
        yield from ["let_through"] * 6
        yield from ["refuse"] * (2 + 6 * len(twins.shop.card_declines))
        yield from ("capture", "cancel", "abandon")
    if order.hold is not None:
        yield from ("search", "contact", "contact", "contact", "release", "close_undelivered")
        yield from ("close_undelivered", "wait", "wait")
    units = [unit for line in order.lines for unit in line]
    if any(window.arrived is None for window in order.windows):
        yield "deliver"
    if any(unit.state == "shipped" for unit in units):
        yield from ("refund", "refund")
    if order.open:
        yield from ("pay_bill", "pay_bill", "call", "call", "write_off", "write_off", "give_up", "capture")
        yield from ("promise", "promise")
    if any(bill.written_off for bill in order.bills.values()):
        yield from ("pay_bill", "pay_bill", "refund", "refund")
    if order.payments:
        yield "reverse"
        yield from ("correct_payment", "dispute", "told_reversal")
    if order.shipments:
        yield "correct_shipment"
    if order.bills:
        yield "correct_bill"
    if order.refunds:
        yield from ("correct_refund", "correct_refund")
    if order.disputes:
        yield "close_dispute"
    if any(not it.granted and not it.withdrawn for it in twins.shop.requests.values()):
        yield from ("approve", "approve", "withdraw")
    if order.reversals:
        yield "reinstate"
    if order.due_back:
        yield from ("pay_out", "pay_out", "pay_all")
        yield from ("send_back", "send_back", "told_payout", "fail_payout")
    if any(refund.paid for refund in order.refunds.values()):
        yield "return_payout"
    if twins.shop.credit(order.customer, order.currency).available and (order.open or order.to_ship):
        yield from ("use_credit", "use_credit")
    yield from _ripe_for_gifts(twins, order)


def _ripe_for_gifts(twins: Twins, order: Order) -> Iterator[str]:
    """What a gift has paid is paid again as money, and goes back."""
    gifts = twins.shop.credit(order.customer, order.currency).gifts
    if not gifts and not order.gift:
        yield from ("grant_credit", "grant_credit")
    if gifts and order.open + order.to_ship > order.deposit:
        yield from ["use_credit"] * 8
    if order.gift and order.bills:
        yield from ["pay_bill"] * 6
    if order.gift and (order.bills or order.set_aside):
        yield from ("refund", "refund", "refund", "pay_out", "pay_all")
