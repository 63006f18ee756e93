"""Stories of money that did not come, and of money that went back."""

from collections.abc import Awaitable, Callable

from cli.demo.telling import Story, line
from domain.bills.bill_events import BillIssued
from domain.bills.collecting import RecordCollectionCall
from domain.bills.reminding import RecordReminder
from domain.bills.writing_off import WriteOffBill
from domain.customers.registering import ContactPointKind, StorePaymentMethod
from domain.declines.card_search import CompleteCardSearch
from domain.declines.payment_failures import RecordPaymentFailure
from domain.declines.reaching import RecordContactAttempt
from domain.moments import day_of, plus_days
from domain.orders.order_events import OrderPlaced
from domain.payments.attempting import AttemptPayment
from domain.payments.capturing import CapturePayment
from domain.refunds.granting import GrantRefund
from domain.refunds.limits import Deciding
from domain.refunds.refund_events import AskedUnits, RefundAsk
from domain.refunds.settlement import SettleRefund
from ledger.identity import mint


async def an_older_card(story: Story) -> None:
    """Nora's new card was declined; the one she paid with before is on file, and works."""
    nora = story.newcomer("Nora Feld", ("email", "nora@example.com"), ("phone", "+1 312 555 0163"))
    mug = line("MUG-BLUE", "Stoneware mug, blue", 2, 1250)
    first = await story.ordered(story.at(45, 16), nora, "W-0921", mug, shipping=500)
    await story.paid(story.at(45, 16, 2), first, "first-paid")
    await story.shipped(story.at(44, 15), first, "Two mugs", "1Z999AA10000000007", sentence="first-shipped")
    old, new = mint("pm"), mint("pm")
    for card, brand, last4 in ((old, "visa", "1881"), (new, "mastercard", "4444")):
        stored = StorePaymentMethod(
            customer=first.customer,
            payment_method=card,
            token=f"tok_{brand}_{last4}",
            brand=brand,
            last4=last4,
            expiry=f"{plus_days(day_of(story.at(1, 12), story.zone), 400)[:7]}",
            reuse_consent=True,
        )
        await story.tell(story.at(44, 16), f"stores-{brand}", stored)
    second = await story.ordered(
        story.at(6, 16),
        first.customer,
        "W-1004",
        line("PILLOW-DOWN", "Down pillow, soft", 1, 3995),
        shipping=500,
    )
    await _declined(story, 6, second, "insufficient_funds", card=new)
    searched = CompleteCardSearch(order=second.order, customer=second.customer)
    await story.tell(story.at(6, 17), "cards-searched", searched)
    payment = mint("pay")
    tried = AttemptPayment(
        order=second.order, customer=second.customer, payment=payment, payment_method=old, processor="stripe"
    )
    await story.tell(story.at(6, 17, 1), "older-card-tried", tried)
    captured = CapturePayment(
        order=second.order,
        payment=payment,
        amount=second.total,
        currency=second.currency,
        processor="stripe",
        reference="demo-W-1004-older-card",
        payment_method=old,
        customer=second.customer,
    )
    await story.tell(story.at(6, 17, 2), "older-card-worked", captured)
    await story.shipped(story.at(5, 15), second, "One pillow", "1Z999AA10000000008")


async def nobody_answers(story: Story) -> None:
    """Milo is new, his card was declined, and nobody has reached him yet; the order waits for him."""
    milo = story.newcomer("Milo Brandt", ("email", "milo@example.com"), ("phone", "+1 312 555 0188"))
    dress = line("DRESS-ROSE-40", "Summer dress, rose, 40", 1, 3400)
    placed = await story.ordered(story.at(4, 16), milo, "W-1005", dress, shipping=795)
    await _declined(story, 4, placed, "do_not_honor")
    await _tried(story, 4, placed, "email")
    await _tried(story, 2, placed, "phone")


async def never_paid(story: Story) -> None:
    """Theo is an old customer, so his pillows left unpaid and were billed; the bill is overdue, and he
    orders again. The owner looks at it; nothing is blocked.
    """
    theo = story.newcomer("Theo Vance", ("email", "theo@example.com"), ("phone", "+1 312 555 0191"))
    shirt = line("TEE-WHITE-M", "T-shirt, white, M", 1, 900)
    first = await story.ordered(story.at(80, 16), theo, "W-0871", shirt, shipping=500)
    await story.paid(story.at(80, 16, 2), first, "first-paid")
    await story.shipped(story.at(79, 15), first, "A shirt", "1Z999AA10000000009", sentence="first-shipped")
    second = await story.ordered(
        story.at(60, 16),
        first.customer,
        "W-0899",
        line("PILLOW-DOWN", "Down pillow, soft", 2, 3995),
        shipping=500,
    )
    await _declined(story, 60, second, "insufficient_funds")
    searched = CompleteCardSearch(order=second.order, customer=second.customer)
    await story.tell(story.at(60, 17), "cards-searched", searched)
    await _tried(story, 59, second, "email")
    await _tried(story, 58, second, "phone")
    await story.shipped(
        story.at(55, 15), second, "Two pillows; the bill follows", "1Z999AA10000000010", billed=True
    )
    mug = line("MUG-BLUE", "Stoneware mug, blue", 1, 1250)
    third = await story.ordered(story.at(3, 16), first.customer, "W-1006", mug, shipping=500)
    await story.paid(story.at(3, 16, 1), third, "third-paid")


async def written_off(story: Story) -> None:
    """Greta lost her job and could not pay; the owner let her off, and now she buys again."""
    greta = story.newcomer("Greta Olsen", ("phone", "+1 312 555 0154"))
    pillow = line("PILLOW-DOWN", "Down pillow, soft", 1, 3995)
    first = await story.ordered(story.at(85, 16), greta, "W-0866", pillow, shipping=500, terms="bill_after")
    await story.shipped(
        story.at(84, 15), first, "A pillow; the bill follows", "1Z999AA10000000011", billed=True
    )
    bill = next(
        it.event.bill
        for it in await story.book.page(0, 1000, types=frozenset({"bill.issued"}), customer=first.customer)
        if isinstance(it.event, BillIssued)
    )
    reminded = RecordReminder(order=first.order, bill=bill, channel="phone", by=story.people["agent"])
    await story.tell(story.at(46, 15), "reminded", reminded)
    called = RecordCollectionCall(
        order=first.order,
        bill=bill,
        by=story.people["agent"],
        outcome="reached",
        good_reason="job_loss",
        note=await story.sealed(
            "note", "The plant closed in spring; she is looking for work", first.customer
        ),
    )
    await story.tell(story.at(20, 15), "called", called)
    await story.tell(story.at(19, 15), "written-off", WriteOffBill(order=first.order, bill=bill), by="owner")
    mugs = line("MUG-BLUE", "Stoneware mug, blue", 2, 1250)
    second = await story.ordered(story.at(5, 16), first.customer, "W-1000", mugs, shipping=500)
    await story.paid(story.at(5, 16, 3), second, "second-paid")
    await story.shipped(story.at(4, 15), second, "Two mugs", "1Z999AA10000000012", sentence="second-shipped")


async def damaged_shirts(story: Story) -> None:
    """Lena's shirts came torn. What she had paid went back while she was on the phone; she keeps them."""
    lena = story.newcomer("Lena Moss", ("phone", "+1 312 555 0172"))
    shirts = line("TEE-WHITE-M", "T-shirt, white, M", 2, 900)
    placed = await story.ordered(story.at(9, 16), lena, "W-0999", shirts, shipping=500)
    await story.paid(story.at(9, 16, 4), placed)
    shipment = await story.shipped(story.at(8, 15), placed, "Two shirts", "1Z999AA10000000013")
    await story.arrived(story.at(5, 17), placed, shipment)
    today = day_of(story.book.clock(), story.zone)
    refund = mint("ref")
    granted = GrantRefund(
        order=placed.order,
        customer=placed.customer,
        refund=refund,
        ask=RefundAsk(
            units=(AskedUnits(1, 2),),
            observed_problem="damaged",
            proactive=True,
            first_contact_at=story.at(4, 15),
        ),
        deciding=Deciding(story.people["agent"], today, plus_days(today, -29)),
    )
    await story.tell(story.at(4, 15, 3), "refunded", granted)
    paid = SettleRefund(
        stream=placed.order,
        customer=placed.customer,
        refund=refund,
        payouts=(mint("pot"),),
        credit=mint("crd"),
        reference="demo-W-0999-refund",
    )
    await story.tell(story.at(4, 15, 4), "paid-back", paid)


UNPAID: dict[str, Callable[[Story], Awaitable[None]]] = {
    "an-older-card": an_older_card,
    "nobody-answers": nobody_answers,
    "never-paid": never_paid,
    "written-off": written_off,
    "damaged-shirts": damaged_shirts,
}
"""By the name that is part of every key: permanent."""


async def _declined(
    story: Story, days_ago: int, placed: OrderPlaced, code: str, card: str | None = None
) -> None:
    """The payment for all of the order is declined, minutes after it was placed."""
    failed = RecordPaymentFailure(
        order=placed.order,
        customer=placed.customer,
        payment=mint("pay"),
        amount=placed.total,
        currency=placed.currency,
        processor="stripe",
        reference=f"demo-{placed.external_ref}-declined",
        decline_code=code,
        payment_method=card,
    )
    await story.tell(story.at(days_ago, 16, 5), f"declined-{placed.external_ref}", failed)


async def _tried(story: Story, days_ago: int, placed: OrderPlaced, channel: ContactPointKind) -> None:
    """The agent tried to reach the customer, who did not answer."""
    tried = RecordContactAttempt(
        order=placed.order,
        customer=placed.customer,
        channel=channel,
        contact_point=await story.contact_point(placed.customer, channel),
        reached=False,
        by=story.people["agent"],
    )
    await story.tell(story.at(days_ago, 18), f"tried-{channel}", tried)
