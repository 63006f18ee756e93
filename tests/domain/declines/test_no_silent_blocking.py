"""Nothing that was ordered is ever blocked silently: whatever happens, somebody is asked. R-B2, R-D1"""

from contextlib import suppress
from typing import Any

from hypothesis import given as tried_with
from hypothesis import settings
from hypothesis import strategies as st

from domain.bills.billing import NewBill, may_be_billed
from domain.command import Command
from domain.corrections.correcting import CorrectEntry
from domain.moments import day_of
from domain.orders.order import Placed, price_not_covered
from domain.orders.order_events import OrderShipped
from domain.payments.attempting import open_attempt
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from domain.refusal import Refusal
from tests.domain.bill_examples import dispute, reverse, review
from tests.domain.decline_examples import (
    charge,
    fail,
    release,
)
from tests.domain.declines.test_losing_cover import store_card, tasks_of
from tests.domain.examples import (
    CARD,
    CUSTOMER,
    ORDER,
    OTHER_BILL,
    OTHER_ORDER,
    OTHER_SHIPMENT,
    cancel,
    capture,
    deliver,
    id_of,
    place,
    register,
    ship,
)
from tests.domain.refund_examples import come_back, deciding, grant, settle
from tests.domain.specification import OWNER, ZONE, Story

ASKED_OF_SOMEBODY = {
    *("ask_for_payment", "ship_order", "decide_release", "reach_customer", "search_cards", "charge_card"),
    "watched_review",
}
KINDS = (
    *("capture", "fail", "reverse", "correct", "ship", "cancel", "release", "deliver"),
    *("review", "grant", "settle", "come_back", "dispute", "attempt"),
)
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4)), max_size=14)


@settings(max_examples=60)
@tried_with(steps, st.sampled_from(("card", "bill_after")), st.booleans())
def test_nothing_that_was_ordered_is_ever_blocked_silently(
    tried: list[tuple[str, int]], terms: str, is_watched: bool
) -> None:
    # Let any one of the four (reversal, payment, shipment, refund) decide no hold, or let a hold end without
    # a deadline → nobody is asked to ship what is ordered, this fails.
    story = Story().by(OWNER).because("sealed:A mistake")
    for command in (register(), store_card()):
        story.do(command)
    if is_watched:
        story.do(place(order=OTHER_ORDER, terms="bill_after"))
        story.do(ship(order=OTHER_ORDER, shipment=OTHER_SHIPMENT, bill=NewBill(OTHER_BILL, 2010)))
        story.on("2010-09-20")
    story.do(place(terms=terms))
    was_looked_after = terms == "bill_after"
    for kind, much in tried:
        command = command_of(story, kind, much)
        with suppress(Refusal):
            if command is not None:
                story.do(command)
        state: Placed = story.state(ORDER)
        may_go_on = not price_not_covered(state) or may_be_billed(state) or state.declines.hold is not None
        was_looked_after = was_looked_after or (may_go_on and bool(state.payments or state.declines.holds))
        is_asked = bool(tasks_of(story) & ASKED_OF_SOMEBODY)
        assert is_asked or not state.units_to_ship
        assert may_go_on or state.asks_payment_first or not was_looked_after


def command_of(story: Story, kind: str, much: int) -> Command | None:
    number, state = len(story.entries), story.state(ORDER)
    match kind:
        case "capture":
            paid: dict[str, Any] = {"payment": id_of("pay", number), "reference": f"ch_{number}"}
            most = price_not_covered(state) + state.open_bills()
            return capture(**paid, amount=max(1, most * much // 4))
        case "fail":
            most = price_not_covered(state) + state.open_bills()
            return fail(payment=id_of("pay", number), reference=f"ch_{number}", amount=max(1, most))
        case "reverse":
            payments = [name for name, payment in state.payments.items() if payment.standing]
            if not payments:
                return None
            standing = state.payments[payments[-1]].standing
            ids: dict[str, Any] = {"reversal": id_of("rev", number), "bill": id_of("bil", number)}
            return reverse(**ids, payment=payments[-1], amount=max(1, standing * much // 4))
        case "correct":
            kinds = (PaymentCaptured, OrderShipped, RefundGranted)
            found = [entry for entry in story.entries if isinstance(entry.event, kinds)]
            if not found:
                return None
            position = found[-much % len(found)].position
            return CorrectEntry(stream=ORDER, customer=CUSTOMER, position=position, owed=id_of("bil", number))
        case "ship":
            bill = NewBill(id_of("bil", number), 2010)
            return ship((1, 1 + much % 2), shipment=id_of("shp", number), bill=bill)
        case "cancel":
            return cancel((1, 1), refund=id_of("ref", number))
        case "deliver":
            shipments = list(state.shipments)
            return deliver(shipment=shipments[-1], delivery=id_of("dlv", number)) if shipments else None
        case "review":
            return review("ship" if much % 2 else "payment_first")
        case "grant":
            asked = deciding(OWNER.person, day_of(story.at, ZONE))
            return grant((1, 1), refund=id_of("ref", number), deciding=asked)
        case "settle" | "come_back":
            return refund_of(state, kind, number)
        case "dispute":
            payments = list(state.payments)
            return dispute(dispute=id_of("dsp", number), payment=payments[-1]) if payments else None
        case "attempt":
            return attempt_of(state, much, number)
        case _:
            return release() if much == 1 else None


def refund_of(state: Placed, kind: str, number: int) -> Command | None:
    """Pay the last refund out, or let what was paid out come back."""
    for name, refund in reversed(list(state.refunds.items())):
        if kind == "settle":
            payouts = (id_of("pot", number), id_of("pot", number + 500))
            return settle(refund=name, payouts=payouts, credit=id_of("crd", number))
        for payout in refund.payouts:
            return come_back(refund=name, payout=payout)
    return None


def attempt_of(state: Placed, much: int, number: int) -> Command:
    """Charge the card; or, where a charge is under way, let it end, perhaps with less than was asked for."""
    under_way = open_attempt(state)
    if under_way is None:
        return charge(payment=id_of("pay", number))
    it = under_way.attempted
    paid_with: dict[str, Any] = {"payment_method": CARD, "customer": CUSTOMER, "processor": it.processor}
    amount = max(1, it.amount * much // 4)
    return capture(payment=it.payment, amount=amount, reference=f"ch_{number}", **paid_with)
