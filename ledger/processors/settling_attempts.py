"""Settling an attempt to charge a card: the processor is asked, and what it says is recorded.

    attempt recorded ─ crash ─ asked again under the same name ─ outcome recorded
                              └ not wanted any more: only what became of it ─ outcome, or nothing: abandoned

Whoever dies in between leaves an attempt whose outcome nobody knows. Settling it again asks the processor for
the same charge, so that no card pays twice; what is not wanted any more is only asked about, so that no card
pays late. What was let through and the order needs no longer is kept as unmatched money, and the attempt is
over. The outcome is recorded under a key of its own, made of the payment's id: a second settling finds what
the first recorded. That it was never asked for has another: should it have paid after all, that is recorded.
"""

import msgspec

from domain.command import Command
from domain.customers.registering import Customer
from domain.declines.decline_events import PaymentAttempted
from domain.declines.order_declines import Attempt
from domain.declines.payment_failures import RecordPaymentFailure
from domain.inbound.charges_let_through import RecordCharge
from domain.inbound.unmatched import kept_in
from domain.payments.abandoning import AbandonCharge, is_still_wanted
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.processors.gateway import Charge, Charged, ChargeDeclined, Gateway
from ledger.record.references import kept_as, where_freed
from ledger.record.submission import Outcome, Submission


async def settle_attempt(
    book: Book, gateway: Gateway, attempt: Attempt, asked: Submission, kept: tuple[str, ...], *, wanted: bool
) -> Outcome:
    """What became of an attempt, which is made now where it is wanted still.

    `asked`: who asks, and why. `kept`: the money that came for the order without a place. Not `wanted`: it is
    only asked about. Raises: Refusal, LedgerError; OutOfReach where the processor does not answer.
    """
    it = attempt.attempted
    submission = Submission(
        actor=asked.actor,
        origin=asked.origin,
        reason=asked.reason,
        causation=str(attempt.position),
        key=f"outcome/{it.payment}",
        principal=it.payment,  # whoever settles it
        request_hash=b"",
    )
    if repeated := await book.repeats.of(submission):
        return repeated
    never_made = AbandonCharge(
        order=it.order, customer=it.customer, payment=it.payment, told_by="processor", kept=kept
    )
    wanted = wanted and is_still_wanted(never_made, await book.given(never_made, submission))
    said = await _said(book, gateway, it, wanted=wanted)
    if said is None:
        key = f"abandoned/{it.payment}"
        return await book.execute(never_made, msgspec.structs.replace(submission, key=key))
    command = outcome_of(it, said)
    if isinstance(said, Charged) and isinstance(command, RecordCharge):
        # The processor may have told of it before it answered, and its money is kept already.
        told = await kept_as(book, "receipt", it.processor, said.reference)
        if told is not None:
            command = msgspec.structs.replace(command, unmatched=told)
    try:
        return await book.execute(command, submission)
    except ClaimTaken as taken:
        free = await _placed_elsewhere(book, command, taken)
    return await book.execute(free, submission)


async def _said(
    book: Book, gateway: Gateway, it: PaymentAttempted, *, wanted: bool
) -> Charged | ChargeDeclined | None:
    charge = Charge(payment=it.payment, token=await _token(book, it), amount=it.amount, currency=it.currency)
    return await gateway.charge(charge) if wanted else await gateway.became_of_charge(charge)


async def _placed_elsewhere(book: Book, command: Command, taken: ClaimTaken) -> RecordCharge:
    """The same, where its reference is free after all: its money was kept meanwhile, or the payment that was
    recorded under it is corrected.

    Raises: ClaimTaken.
    """
    if isinstance(command, RecordCharge):
        unmatched = kept_in(taken.holder)
        if unmatched is not None:
            return msgspec.structs.replace(command, unmatched=unmatched)
        capture = await where_freed(book, command.capture)
        if capture is not None:
            return msgspec.structs.replace(command, capture=capture)
    raise taken


def outcome_of(it: PaymentAttempted, said: Charged | ChargeDeclined) -> Command:
    """The command that records what the processor said."""
    match said:
        case Charged():
            capture = CapturePayment(
                order=it.order,
                payment=it.payment,
                amount=it.amount,
                currency=it.currency,
                processor=it.processor,
                reference=said.reference,
                payment_method=it.payment_method,
                customer=it.customer,
                named_by_customer=it.named_by_customer,
            )
            return RecordCharge(capture=capture, unmatched=mint("unm"))
        case ChargeDeclined():
            return RecordPaymentFailure(
                order=it.order,
                customer=it.customer,
                payment=it.payment,
                amount=it.amount,
                currency=it.currency,
                processor=it.processor,
                reference=said.reference,
                decline_code=said.decline_code,
                advice=said.advice,
                payment_method=it.payment_method,
            )


async def _token(book: Book, it: PaymentAttempted) -> str:
    """The processor's token of the card. Raises: LookupError for a card that nobody stored."""
    customer = await book.state(it.customer)
    if not isinstance(customer, Customer) or it.payment_method is None:
        raise LookupError(f"{it.payment} was attempted with a card that is not on file")
    return customer.payment_methods[it.payment_method].stored.token
