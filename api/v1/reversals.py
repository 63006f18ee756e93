"""What banks ask about payments, take back and bring again. Facts of a bank; nobody here decides them."""

from pydantic import Field
from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Money, Writing
from api.call import Call, asked
from api.grammars import DisputeId, DisputeInPath, Method, OrderInPath, PaymentId, Reference, ReversalInPath
from api.permissions import Permission
from api.problems import NotFound
from api.section import Section
from api.v1.orders import PLACE, customer_of
from domain.orders.order import Placed
from domain.payments.disputing import CloseDispute, OpenDispute
from domain.payments.payment_events import DisputeOutcome, ReversalKind
from domain.payments.reversing import ReinstatePayment, ReversePayment
from ledger.identity import mint

reversals = Section("reversals", "Disputes, chargebacks, bounced payments, and money that came again.")


class OpenDisputeBody(Writing):
    """What the bank asks about."""

    payment: PaymentId
    amount: Money
    why: Method = Field(description="The bank's own code.", examples=["fraudulent"])
    reference: Reference | None = None


class CloseDisputeBody(Writing):
    """How it ended."""

    outcome: DisputeOutcome


class ReversePaymentBody(Writing):
    """What was taken back from us."""

    payment: PaymentId
    kind: ReversalKind
    amount: Money
    dispute: DisputeId | None = Field(
        default=None, description="The dispute it belongs to, if there was one."
    )
    reference: Reference | None = None


class ReinstatePaymentBody(Writing):
    """What came to us again."""

    amount: Money
    reference: Reference = Field(
        description="What the processor or bank calls it: of a dispute of Stripe's, the dispute's own name.",
        examples=["dp_1MtJUT2eZvKYlo2C"],
    )


@reversals.decision(
    "/v1/orders/{order}/disputes", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def open_dispute(call: Call, order: OrderInPath, body: OpenDisputeBody) -> Response:
    """Record that a bank asks about a payment

    It moves no money; payouts of the order wait until it is closed.
    """
    customer = customer_of(await call.found_order(order))
    command = asked(
        OpenDispute,
        order=order,
        dispute=mint("dsp"),
        payment=body.payment,
        amount=body.amount.amount,
        currency=body.amount.currency,
        why=body.why,
        reference=body.reference,
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@reversals.decision(
    "/v1/orders/{order}/disputes/{dispute}/closing",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
)
async def close_dispute(
    call: Call, order: OrderInPath, dispute: DisputeInPath, body: CloseDisputeBody
) -> Response:
    """Record how a dispute ended

    What it moved is recorded as a reversal or a reinstatement of its own.
    """
    state = await call.found(order, Placed)
    if dispute not in state.disputes:
        raise NotFound
    command = asked(CloseDispute, order=order, dispute=dispute, outcome=body.outcome)
    return await call.decide(
        command, body, subject="ord", of=state.placed.customer, stream=order, place=PLACE
    )


@reversals.decision(
    "/v1/orders/{order}/payment-reversals", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def reverse_payment(call: Call, order: OrderInPath, body: ReversePaymentBody) -> Response:
    """Record that a payment was taken back from us

    It takes the order's funds first; what exceeds them is owed like a bill, without a number. An order that
    lacks money then, and may not be billed, is placed on hold.
    """
    customer = customer_of(await call.found_order(order))
    command = asked(
        ReversePayment,
        order=order,
        customer=customer,
        reversal=mint("rev"),
        payment=body.payment,
        kind=body.kind,
        amount=body.amount.amount,
        currency=body.amount.currency,
        bill=mint("bil"),
        dispute=body.dispute,
        reference=body.reference,
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@reversals.decision(
    "/v1/orders/{order}/payment-reversals/{reversal}/reinstatements",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
)
async def reinstate_payment(
    call: Call, order: OrderInPath, reversal: ReversalInPath, body: ReinstatePaymentBody
) -> Response:
    """Record that money taken back came again

    It pays what its reversal left open, then what was written off of that; the rest adds to the order's
    funds.
    """
    state = await call.found(order, Placed)
    if reversal not in state.reversals:
        raise NotFound
    command = asked(
        ReinstatePayment,
        order=order,
        reversal=reversal,
        reinstatement=mint("rev"),
        amount=body.amount.amount,
        currency=body.amount.currency,
        reference=body.reference,
    )
    return await call.decide(
        command, body, subject="ord", of=state.placed.customer, stream=order, place=PLACE
    )
