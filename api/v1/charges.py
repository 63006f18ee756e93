"""Charges of cards on file: attempted, made, and asked about where nobody knows what became of them."""

from starlette.responses import Response

from api.answers import Receipt
from api.call import Call, asked
from api.grammars import OrderInPath, PaymentInPath
from api.permissions import Permission
from api.problems import Invalid, NoProcessor, NotFound
from api.section import Section
from api.v1.decline_bodies import AbandonChargeBody, ChargeBody
from api.v1.orders import PLACE, placed_in
from domain.declines.decline_events import PaymentAttempted
from domain.declines.order_declines import Attempt
from domain.payments.abandoning import AbandonCharge
from domain.payments.attempting import AttemptPayment
from ledger.identity import mint
from ledger.kept_money import kept_for
from ledger.processors.gateway import Gateway
from ledger.processors.settling_attempts import settle_attempt
from ledger.record.submission import Outcome, Submission

charges = Section(
    "charges", "A card on file is charged once; what became of it is asked, never tried a second time."
)


@charges.decision("/v1/orders/{order}/charges", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def charge_card(call: Call, order: OrderInPath, body: ChargeBody) -> Response:
    """Charge a card on file

    The attempt is recorded, the processor is asked, and what it says is recorded: captured or declined. If
    anything fails in between, the same request again asks for the same charge, and the card never pays twice.
    What is not wanted any more by then, paid otherwise or cancelled, or on a card that may not be charged any
    more, is not charged: only what became of it is asked, and where that is nothing, the attempt is over.
    """
    state = await placed_in(call, order)
    gateway = call.book.gateway
    if gateway is None:
        raise NoProcessor
    if body.payment is not None:
        if call.dry_run:
            raise Invalid("What became of a charge cannot be asked without recording it.")
        attempt = state.declines.attempts.get(body.payment)
        if attempt is None or attempt.attempted.processor != gateway.processor:
            raise NotFound
        return await call.receipt(await _became(call, gateway, attempt, wanted=True), "ord", PLACE)
    command = asked(
        AttemptPayment,
        order=order,
        customer=state.placed.customer,
        payment=mint("pay"),
        payment_method=body.payment_method,
        amount=None if body.amount is None else body.amount.amount,
        currency=None if body.amount is None else body.amount.currency,
        named_by_customer=body.named_by_customer,
        processor=gateway.processor,
        kept=await kept_for(call.book, order, state.placed.customer),
    )
    attempted = await call.decided(command, body, of=state.placed.customer, stream=order)
    if attempted.dry_run:
        return await call.receipt(attempted, "ord", PLACE)
    return await call.receipt(await _settled(call, gateway, attempted), "ord", PLACE)


@charges.decision(
    "/v1/orders/{order}/charges/{payment}/abandonment",
    Permission.SERVE_CUSTOMERS,
    answers=Receipt,
    conditional=True,
)
async def abandon_charge(
    call: Call, order: OrderInPath, payment: PaymentInPath, body: AbandonChargeBody
) -> Response:
    """Give up a charge that was never made

    A processor that is connected is asked what became of it, and charges nothing: what it did is recorded,
    and what it was never asked for is over, as if it had not been attempted. Of another processor a
    supervisor says so, with a reason, once they have looked at its own record.
    """
    state = await placed_in(call, order)
    attempt = state.declines.attempts.get(payment)
    if attempt is None:
        raise NotFound
    customer, gateway = state.placed.customer, call.book.gateway
    if gateway is not None and gateway.processor == attempt.attempted.processor:
        if call.dry_run:
            raise Invalid("What became of a charge cannot be asked without recording it.")
        reason = None if body.reason is None else await call.seal_about(customer, "reason", body.reason)
        outcome = await _became(call, gateway, attempt, wanted=False, reason=reason)
        return await call.receipt(outcome, "ord", PLACE)
    command = asked(AbandonCharge, order=order, customer=customer, payment=payment, told_by="person")
    return await call.decide(
        command, body, subject="ord", of=customer, stream=order, place=PLACE, must_say_why=True
    )


async def _settled(call: Call, gateway: Gateway, attempt: Outcome) -> Outcome:
    """The attempt just recorded and what became of it, as one outcome: the same each time it is asked for."""
    (entry,) = [each for each in attempt.entries if isinstance(each.event, PaymentAttempted)]
    assert isinstance(entry.event, PaymentAttempted)
    made = Attempt(entry.event, entry.effective_at, entry.position)
    became = await _became(call, gateway, made, wanted=True)
    return Outcome(
        entries=(*attempt.entries, *became.entries), replayed=attempt.replayed, already=attempt.already
    )


async def _became(
    call: Call, gateway: Gateway, attempt: Attempt, *, wanted: bool, reason: str | None = None
) -> Outcome:
    it = attempt.attempted
    asks = Submission(actor=call.caller.actor, origin="api", reason=reason)
    kept = await kept_for(call.book, it.order, it.customer)
    return await settle_attempt(call.book, gateway, attempt, asks, kept, wanted=wanted)
