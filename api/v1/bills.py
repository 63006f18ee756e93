"""Bills: one and its story; paying it, reminding, calling, promising; writing it off, giving it up."""

from pydantic import Field
from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Money, Writing
from api.call import Call, asked
from api.grammars import BillInPath, Day, FreeText, Method, PersonId, Reference
from api.paging import AsOfQuery
from api.permissions import Permission
from api.problems import NotFound
from api.section import Section
from api.v1.bill_answers import BillStoryAnswer, bill_story, notes_of
from domain.bills.bill_events import CallOutcome, GoodReason
from domain.bills.bill_payments import ReceiveBillPayment
from domain.bills.collecting import RecordCollectionCall
from domain.bills.giving_up import MarkBillUncollectible
from domain.bills.promising import PromiseToPay
from domain.bills.reminding import RecordReminder
from domain.bills.writing_off import WriteOffBill
from domain.command import Command
from domain.orders.order import Placed
from domain.orders.order_events import ContactChannel
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.record.references import where_freed

bills = Section(
    "bills",
    "What shipped unpaid: each bill is part of its order's stream, and paid, promised or let off there.",
)

PLACE = "/v1/orders/"


class BillPaymentBody(Writing):
    """Money paid for a bill."""

    amount: Money
    method: Method = Field(
        description="How it came: `bank_transfer`, `cheque`, or the processor that took it, as in payments "
        "of orders; `card` only where no reference is known.",
        examples=["bank_transfer"],
    )
    reference: Reference | None = Field(
        default=None,
        description="What the bank calls it; needed where a processor took it: the name it has there.",
    )


class ReminderBody(Writing):
    """A reminder that was sent."""

    channel: ContactChannel
    by: PersonId | None = Field(default=None, description="Who sent it; left out, nobody by hand.")
    note: FreeText | None = Field(default=None, description="What it said. Kept sealed.")


class CollectionCallBody(Writing):
    """A call, to ask how the customer is."""

    outcome: CallOutcome
    by: PersonId | None = Field(default=None, description="Who phoned; left out, whoever records it.")
    good_reason: GoodReason | None = Field(
        default=None, description="Why they could not pay; with it a note in the customer's words."
    )
    will_pay: bool = Field(default=False, description="Whether they said they would; by when is a promise.")
    note: FreeText | None = Field(default=None, description="What they said. Kept sealed.")


class PromiseToPayBody(Writing):
    """What the customer promised."""

    due_on: Day = Field(description="Last day on which it is kept, in the book's zone.")


class WriteOffBody(Writing):
    """The whole open amount, after a call that gave a good reason."""


class UncollectibleBody(Writing):
    """The whole open amount, for the books alone."""


@bills.question("/v1/bills/{bill}", Permission.READ, answers=BillStoryAnswer)
async def show_bill(call: Call, bill: BillInPath, query: AsOfQuery) -> Response:
    """Show a bill, and everything that was said about it

    Its version is that of its order, which is also what `If-Match` is compared with.
    """
    state, last = await call.found_as_of(await _order_of(call, bill), Placed, query.at)
    found = state.bills.get(bill)
    if found is None:
        raise NotFound  # as of then it was not yet issued
    opened = await call.reading.texts(notes_of(found))
    return call.answer(bill_story(state, found, last, opened), {"ETag": f'"{last.version}"'})


@bills.decision("/v1/bills/{bill}/payments", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def receive_bill_payment(call: Call, bill: BillInPath, body: BillPaymentBody) -> Response:
    """Record a payment of a bill

    What exceeds the open amount becomes the customer's credit. After a write-off it reverses that by its own
    amount, and the customer stays clear. The same reference of a processor records nothing new; with another
    amount it is refused. What the payer names (a transfer, a cheque) is the same payment on the same day
    alone: give other money under it a name of its own.
    """
    order, customer = await _parties(call, bill)
    command = asked(
        ReceiveBillPayment,
        order=order,
        customer=customer,
        bill=bill,
        payment=mint("pay"),
        credit=mint("crd"),
        amount=body.amount.amount,
        currency=body.amount.currency,
        method=body.method,
        reference=body.reference,
    )
    try:
        return await _decided(call, command, body, order, customer)
    except ClaimTaken:
        freed = await where_freed(call.book, command)
        if freed is None:
            raise
    return await _decided(call, freed, body, order, customer)


@bills.decision("/v1/bills/{bill}/reminders", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def record_reminder(call: Call, bill: BillInPath, body: ReminderBody) -> Response:
    """Record a reminder

    It answers every reminder of the bill that was due by then. No interest, no fee.
    """
    order, customer = await _parties(call, bill)
    note = None if body.note is None else await call.seal(customer, "note", body.note)
    command = asked(RecordReminder, order=order, bill=bill, channel=body.channel, by=body.by, note=note)
    return await _decided(call, command, body, order, customer)


@bills.decision("/v1/bills/{bill}/calls", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def record_collection_call(call: Call, bill: BillInPath, body: CollectionCallBody) -> Response:
    """Record a call to somebody who owes

    A friendly call, to ask how they are. With a good reason the owner is asked to decide; the next try comes
    a month later.
    """
    order, customer = await _parties(call, bill)
    command = asked(
        RecordCollectionCall,
        order=order,
        bill=bill,
        by=body.by or call.caller.actor.who,
        outcome=body.outcome,
        good_reason=body.good_reason,
        will_pay=body.will_pay,
        note=None if body.note is None else await call.seal(customer, "note", body.note),
    )
    return await _decided(call, command, body, order, customer)


@bills.decision("/v1/bills/{bill}/promises", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True)
async def promise_to_pay(call: Call, bill: BillInPath, body: PromiseToPayBody) -> Response:
    """Record until when the customer will pay

    Nobody calls about the bill before that day is over. A new promise takes the place of the one before.
    """
    order, customer = await _parties(call, bill)
    command = asked(PromiseToPay, order=order, bill=bill, promise=mint("prm"), due_on=body.due_on)
    return await _decided(call, command, body, order, customer)


@bills.decision("/v1/bills/{bill}/uncollectible", Permission.KEEP_BOOKS, answers=Receipt, conditional=True)
async def mark_bill_uncollectible(call: Call, bill: BillInPath, body: UncollectibleBody) -> Response:
    """Give a bill up, for the books

    The customer still owes it and stays watched.
    """
    order, customer = await _parties(call, bill)
    return await _decided(call, asked(MarkBillUncollectible, order=order, bill=bill), body, order, customer)


@bills.decision("/v1/bills/{bill}/write-off", Permission.KEEP_BOOKS, answers=Receipt, conditional=True)
async def write_off_bill(call: Call, bill: BillInPath, body: WriteOffBody) -> Response:
    """Write a bill off

    The owner decides, once a call has reached the customer and they gave a good reason. They are clear again.
    """
    order, customer = await _parties(call, bill)
    return await _decided(call, asked(WriteOffBill, order=order, bill=bill), body, order, customer)


async def _order_of(call: Call, bill: str) -> str:
    """The order a bill belongs to. Raises: NotFound."""
    order = await call.book.claimed("bill", bill)
    if order is None:
        raise NotFound
    return order


async def _parties(call: Call, bill: str) -> tuple[str, str]:
    """The bill's order and its customer. Raises: NotFound."""
    order = await _order_of(call, bill)
    return order, (await call.found(order, Placed)).placed.customer


async def _decided(call: Call, command: Command, body: Writing, order: str, customer: str) -> Response:
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)
