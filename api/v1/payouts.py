"""Payouts of refunds: paying out what is due back, and what did not arrive."""

from starlette.responses import Response

from api.call import Call, asked
from api.grammars import RefundInPath
from api.permissions import Permission
from api.problems import Fault, Invalid
from api.section import Section
from api.stripe.told import STRIPE
from api.v1.holders import holder_of
from api.v1.refund_bodies import FailedPayoutBody, ReturnedPayoutBody, SettleRefundBody
from api.v1.refund_receipts import RefundReceipt, decided_refund
from domain.orders.order import Placed
from domain.refunds.payout_failures import RecordFailedPayout, RecordReturnedPayout
from domain.refunds.refund import REFUND, Refund
from domain.refunds.settlement import SettleRefund
from ledger.book import Book
from ledger.identity import mint
from ledger.kept_money import told_payouts_for
from ledger.record.references import kept_as

payouts = Section("payouts", "Money of refunds that leaves us: it goes back the way it came.")


@payouts.decision(
    "/v1/refunds/{refund}/settlement", Permission.SERVE_CUSTOMERS, answers=RefundReceipt, conditional=True
)
async def settle_refund(call: Call, refund: RefundInPath, body: SettleRefundBody) -> Response:
    """Pay out what is due back of a refund

    Computed anew now. Money goes back the way it came; what was paid with credit is kept as credit. What came
    through a processor that is connected is sent back by itself: without a `reference` it is asked once more,
    and what it says is recorded; with one, the money left elsewhere. A cheque or another card is as you say.
    What had left before a bank asked, or took money back, is recorded as of then: what of it is due no longer
    waits as unmatched, with a task.
    """
    stream, state, customer = await holder_of(call, REFUND, refund)
    payments = len(state.payments) if isinstance(state, Placed) else 0
    command = asked(
        SettleRefund,
        stream=stream,
        customer=customer,
        refund=refund,
        payouts=tuple([mint("pot") for _ in range(payments + 1)]),
        credit=mint("crd"),
        method=body.method,
        payment_method=body.payment_method,
        reference=body.reference,
        processor=call.book.connected,
        payment=body.payment,
        amount=_amount(body, state.refunds.get(refund)),
        unmatched=mint("unm"),
        told=await _told(call.book, body.reference),
        payouts_waiting=await told_payouts_for(call.book, stream, customer)
        if isinstance(state, Placed)
        else (),
    )
    return await decided_refund(call, command, body, stream, customer)


@payouts.decision(
    "/v1/refunds/{refund}/payment-failure",
    Permission.SERVE_CUSTOMERS,
    answers=RefundReceipt,
    conditional=True,
)
async def record_failed_payout(call: Call, refund: RefundInPath, body: FailedPayoutBody) -> Response:
    """Record that the money could not be paid out on a way

    Nothing left us, it stays owed, and the next way is open. What a processor that is connected sends back by
    itself fails when it says so.
    """
    stream, _, customer = await holder_of(call, REFUND, refund)
    command = asked(
        RecordFailedPayout,
        stream=stream,
        customer=customer,
        refund=refund,
        payout=mint("pot"),
        method=body.method,
        payment=body.payment,
        payment_method=body.payment_method,
        why=body.why,
        processor=call.book.connected,
    )
    return await decided_refund(call, command, body, stream, customer)


@payouts.decision(
    "/v1/refunds/{refund}/return", Permission.SERVE_CUSTOMERS, answers=RefundReceipt, conditional=True
)
async def record_returned_payout(call: Call, refund: RefundInPath, body: ReturnedPayoutBody) -> Response:
    """Record that the money of a payout came back: it is owed again"""
    stream, _, customer = await holder_of(call, REFUND, refund)
    command = asked(RecordReturnedPayout, stream=stream, refund=refund, payout=body.payout, why=body.why)
    return await decided_refund(call, command, body, stream, customer)


async def _told(book: Book, reference: str | None) -> str | None:
    """The money kept without a place that left under that reference at a processor."""
    if reference is None:
        return None
    for processor in dict.fromkeys((STRIPE, book.connected or STRIPE)):
        kept = await kept_as(book, "payout", processor, reference)
        if kept is not None:
            return kept
    return None


def _amount(body: SettleRefundBody, refund: Refund | None) -> int | None:
    """Raises: Invalid for another currency."""
    if body.amount is None:
        return None
    if refund is not None and body.amount.currency != refund.granted.currency:
        raise Invalid(faults=(Fault("/amount/currency", "Should be the currency of the refund"),))
    return body.amount.amount
