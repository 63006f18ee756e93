"""Declined payments: what failed, what is done about it, and what may be done next."""

import msgspec
from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, Moment, Receipt
from api.call import Call, asked
from api.grammars import OrderInPath
from api.permissions import Permission
from api.problems import PAGES, NoProcessor
from api.render import rfc3339
from api.section import Section
from api.v1.decline_bodies import (
    CardSearchBody,
    ContactAttemptBody,
    NotDeliveredBody,
    PaymentFailureBody,
    ReleaseBody,
)
from api.v1.orders import PLACE, placed_in
from domain.customers.registering import Customer
from domain.declines.card_search import CompleteCardSearch
from domain.declines.not_delivering import CloseAsNotDelivered
from domain.declines.payment_failures import RecordPaymentFailure
from domain.declines.reaching import RecordContactAttempt
from domain.declines.releasing import ReleaseOrder, is_ready
from domain.orders.cancelling import may_credit_fee
from domain.orders.next_on_hold import NextOnHold, next_on_hold
from domain.orders.next_steps import NextStep, next_steps, steps_of
from domain.orders.next_steps import asked as asked_of
from domain.orders.order import Placed
from ledger.identity import mint
from ledger.kept_money import any_money_waits, kept_for, money_for, payouts_for
from ledger.record.submission import Submission

declines = Section(
    "declines",
    "A declined payment places an order on hold; nobody who orders goes without, but for one exception.",
)


class NextStepAnswer(Answer):
    """A step, and what its own decision says to it."""

    step: str = Field(examples=["charge_card"])
    rule: str = Field(description="The rule by which it is done.", examples=["R-D4"])
    subject: str | None = Field(
        description="What it is about: a charge, a card, a contact point, a bill, a dispute."
    )
    allowed: bool
    by: str | None = Field(description="The lowest role that may do it now.", examples=["agent"])
    needs_reason: bool
    done: bool = Field(description="Whether it would say nothing new.")
    cause: str | None = Field(description="Why it may not be done now.")
    way_out: str | None
    refused_by: str | None = Field(description="The rule that stands against it.", examples=["I4"])
    type: str | None = Field(description="The address of the page that explains it.")


class NextStepsAnswer(Answer):
    """What may be done for an order now, and why not the rest."""

    order: str
    as_of: Moment
    steps: list[NextStepAnswer]


@declines.decision(
    "/v1/orders/{order}/payment-failures", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def record_payment_failure(call: Call, order: OrderInPath, body: PaymentFailureBody) -> Response:
    """Record a declined payment

    The first one while money is missing places the order on hold. The same attempt, or the same reference of
    the processor, again records nothing new.
    """
    customer = await _customer(call, order)
    command = asked(
        RecordPaymentFailure,
        order=order,
        customer=customer,
        payment=body.payment or mint("pay"),
        amount=body.amount.amount,
        currency=body.amount.currency,
        processor=body.processor,
        reference=body.reference,
        decline_code=body.decline_code,
        advice=body.advice,
        payment_method=body.payment_method,
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@declines.decision(
    "/v1/orders/{order}/card-search", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def complete_card_search(call: Call, order: OrderInPath, body: CardSearchBody) -> Response:
    """Look through the cards on file

    All of them, in the order in which they are to be tried, each with whether it may be and if not why.
    """
    customer = await _customer(call, order)
    command = asked(CompleteCardSearch, order=order, customer=customer)
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@declines.decision(
    "/v1/orders/{order}/contact-attempts", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def record_contact_attempt(call: Call, order: OrderInPath, body: ContactAttemptBody) -> Response:
    """Record an attempt to reach the customer about a declined payment"""
    customer = await _customer(call, order)
    command = asked(
        RecordContactAttempt,
        order=order,
        customer=customer,
        channel=body.channel,
        contact_point=body.contact_point,
        reached=body.reached,
        by=body.by or call.caller.actor.who,
        note=None if body.note is None else await call.seal(customer, "note", body.note),
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@declines.decision(
    "/v1/orders/{order}/release", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def release_order(call: Call, order: OrderInPath, body: ReleaseBody) -> Response:
    """Let an order on hold ship without payment

    The owner decides so, with a reason. What ships unpaid is billed.
    """
    customer = await _customer(call, order)
    command = asked(ReleaseOrder, order=order, customer=customer)
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@declines.decision(
    "/v1/orders/{order}/not-delivered", Permission.SERVE_CUSTOMERS, answers=Receipt, conditional=True
)
async def close_as_not_delivered(call: Call, order: OrderInPath, body: NotDeliveredBody) -> Response:
    """Give up the order of a new customer who was never reached

    The only reason of ours not to deliver: everything was tried, for long enough, and no charge is under way
    and no money waits that came for it. What had not shipped is
    cancelled, and what was paid towards it is granted back.
    """
    state = await placed_in(call, order)
    customer = state.placed.customer
    command = asked(
        CloseAsNotDelivered,
        order=order,
        customer=customer,
        refund=mint("ref"),
        decided_on=await call.today() if may_credit_fee(state) else None,
        kept=await kept_for(call.book, order, customer),
    )
    return await call.decide(command, body, subject="ord", of=customer, stream=order, place=PLACE)


@declines.question("/v1/orders/{order}/next-steps", Permission.READ, answers=NextStepsAnswer)
async def show_next_steps(call: Call, order: OrderInPath) -> Response:
    """Show what may be done for an order now, by whom, and why not the rest

    Every step is put to its own decision, without recording anything; what may be done comes first. No card
    is charged from here where no processor is connected. Money that came for the order and waits is asked
    about as a payment of it, as far as it needs one; that it was for something else, or went back, is said
    there too (`/v1/unmatched/{id}`).
    """
    state = await placed_in(call, order)
    customer = await call.found(state.placed.customer, Customer)
    today, kept = await call.today(), await money_for(call.book, state)
    payouts = await payouts_for(call.book, order, state.placed.customer)
    submission = Submission(actor=call.caller.actor, origin="api", dry_run=True)
    answers = [
        asked_of(step, await call.book.given(step.command, submission))
        for step in steps_of(
            state, customer, call.caller.actor.who, today, mint, kept, call.book.connected, payouts
        )
    ]
    return call.answer(
        {
            "order": order,
            "as_of": rfc3339(call.book.clock()),
            "steps": [_shown(answer) for answer in next_steps([_from_here(call, it) for it in answers])],
        }
    )


async def next_step_of(call: Call, order: str) -> NextOnHold | None:
    """What is to be done next for an order that waits, as its decisions say; None where it waits for nothing.

    Raises: Unavailable.
    """
    state = await call.book.state(order)
    if not isinstance(state, Placed) or state.declines.hold is None:
        return None
    customer = await call.found(state.placed.customer, Customer)
    submission = Submission(actor=call.caller.actor, origin="api", dry_run=True)
    to_ask = {("close_as_not_delivered", None)}
    to_ask |= {("charge_card", card) for card in state.declines.hold.cards_left}
    answers = [
        asked_of(step, await call.book.given(step.command, submission))
        for step in steps_of(state, customer, call.caller.actor.who, await call.today(), mint)
        if (step.name, step.subject) in to_ask
    ]
    ready = is_ready(state)
    then = None if ready is None else await call.book.facts(state.placed.customer, ready)
    any_waits = await any_money_waits(call.book, state)
    return next_on_hold(state, answers, any_waits, then, (await call.book_register()).zone)


def _from_here(call: Call, it: NextStep) -> NextStep:
    """The step, as far as it can be taken here: charging a card takes a processor."""
    if it.name != "charge_card" or it.by is None or call.book.gateway is not None:
        return it
    return msgspec.structs.replace(it, by=None, needs_reason=False)


def _shown(it: NextStep) -> dict[str, object]:
    if it.by is None and it.refusal is None and not it.is_done:
        without = NoProcessor.title(), NoProcessor.way_out, it.rule, NoProcessor.slug()
        refused: tuple[str | None, ...] = without
    elif it.refusal is None:
        refused = (None, None, None, None)
    else:
        refused = (it.refusal.cause, it.refusal.advice, it.refusal.rule, it.refusal.slug())
    cause, way_out, rule, page = refused
    return {
        "step": it.name,
        "rule": it.rule,
        "subject": it.subject,
        "allowed": it.by is not None,
        "by": it.by,
        "needs_reason": it.needs_reason,
        "done": it.is_done,
        "cause": cause,
        "way_out": way_out,
        "refused_by": rule,
        "type": None if page is None else PAGES + page,
    }


async def _customer(call: Call, order: str) -> str:
    """The order's customer. Raises: NotFound, OrderNotPlaced."""
    return (await placed_in(call, order)).placed.customer
