"""Correct everything that was recorded, in any order, and the order stands as before, to the minor unit."""

from contextlib import suppress
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.bills.bill_events import BillPaymentReceived
from domain.bills.billing import NewBill
from domain.command import Command
from domain.corrections.correcting import CorrectEntry
from domain.customers.credit import Credit
from domain.decisions import decide
from domain.orders.order import Placed
from domain.orders.order_events import OrderShipped
from domain.orders.pricing import AskedLine
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund_events import RefundGranted
from domain.refusal import Refusal
from tests.domain.correction_examples import receive
from tests.domain.examples import CUSTOMER, ORDER, cancel, capture, id_of, place, register, ship
from tests.domain.specification import SUPERVISOR, Story

LINES = (
    AskedLine(sku="SOCK", description="A sock", quantity=3, unit_price=33, tax=1),
    AskedLine(sku="DRESS", description="A dress", quantity=2, unit_price=3400, discount=1),
)
CORRECTABLE = (PaymentCaptured, BillPaymentReceived, OrderShipped, RefundGranted)

Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(("capture", "ship", "receive", "cancel")), st.integers(1, 2), st.integers(1, 3)
    ),
    max_size=12,
)


def begun(*, on_bill: bool) -> Story:
    story = Story().by(SUPERVISOR).because("sealed:all a mistake")
    story.do(register())
    story.do(place(lines=LINES, shipping=795, terms="bill_after" if on_bill else "card"))
    return story


def do(story: Story, tried: list[Step]) -> Story:
    """These steps, as far as the book takes them."""
    for step in tried:
        with suppress(Refusal):
            command = command_of(story, step, len(story.entries))
            if command is not None:
                story.do(command)
    return story


def command_of(story: Story, step: Step, number: int) -> Command | None:
    kind, line, amount = step
    match kind:
        case "capture":
            paid = {"payment": id_of("pay", number), "reference": f"ch_{number}"}
            return capture(**paid, amount=amount * 1_900)
        case "ship":
            return ship(
                (line, amount), shipment=id_of("shp", number), bill=NewBill(id_of("bil", number), 2010)
            )
        case "receive":
            bills = [bill for bill in state(story).bills.values() if bill.corrected is None]
            paid = {"payment": id_of("pay", number), "credit": id_of("crd", number)}
            return receive(amount * 1_500, bill=bills[-1].bill, **paid) if bills else None
        case _:
            command = cancel((line, amount), refund=id_of("ref", number))
            # A cancellation by which nothing becomes due back is no refund to correct.
            decided = decide(command, story.given(command)).events
            return command if any(isinstance(event, RefundGranted) for _, event in decided) else None


def state(story: Story) -> Placed:
    found = story.state(ORDER)
    assert isinstance(found, Placed)
    return found


def what_stands(story: Story) -> tuple[object, ...]:
    """Everything about the order, and its customer's credit, that a later decision could ask about."""
    order = state(story)
    bills = {
        bill.bill: (bill.open, bill.paid)
        for bill in order.bills.values()
        if bill.corrected is None and (bill.open or bill.paid)
    }
    counted = (order.payments, order.shipments, order.refunds, order.cancellations)
    standing = [[name for name, it in them.items() if it.corrected is None] for them in counted]
    credit = story.state(CUSTOMER).credit.get("USD", Credit()).available
    fee = order.fee_charged, order.fee_returned
    return (
        order.account,
        order.lines,
        order.units_to_ship,
        order.price_to_ship(),
        fee,
        bills,
        standing,
        credit,
    )


def to_correct(story: Story, after: int) -> list[CorrectEntry]:
    """A correction of every entry after that position which can be corrected."""
    return [
        CorrectEntry(
            stream=ORDER,
            customer=CUSTOMER,
            position=entry.position,
            owed=id_of("bil", 1_000 + entry.position),
        )
        for entry in story.entries[after:]
        if isinstance(entry.event, CORRECTABLE)
    ]


@settings(max_examples=40)
@given(steps, steps, st.booleans())
def test_backwards_everything_is_taken_back_and_nothing_remains(
    before: list[Step], mistaken: list[Step], on_bill: bool
) -> None:
    # Forget any one part of a correction (reopened, cleared, the credit, the fee, the bill) → this fails.
    story = do(begun(on_bill=on_bill), before)
    stood, after = what_stands(story), len(story.entries)
    do(story, mistaken)
    for command in reversed(to_correct(story, after)):
        story.do(command)
    assert what_stands(story) == stood


@settings(max_examples=40)
@given(steps, st.booleans(), st.randoms(use_true_random=False))
def test_in_any_order_everything_is_taken_back_and_nothing_remains(
    mistaken: list[Step], on_bill: bool, chance: Random
) -> None:
    # Clear nothing of what is owed without a number → the debt outlives its charge, this fails.
    story = begun(on_bill=on_bill)
    stood = what_stands(story)
    left = to_correct(do(story, mistaken), 0)
    chance.shuffle(left)
    for _ in range(len(left)):
        for command in list(left):
            with suppress(Refusal):
                story.do(command)
                left.remove(command)
    assert left == []
    assert what_stands(story) == stood
