"""Unmatched money: what came or left without a place; and saying what it was for."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Money, Writing
from api.call import Call, asked
from api.grammars import (
    At,
    BillId,
    CustomerId,
    OrderId,
    PaymentId,
    Reference,
    RefundId,
    ReversalId,
    SettlementId,
    UnmatchedId,
    UnmatchedInPath,
)
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import Fault, Invalid, NotFound
from api.section import Section
from api.v1.holders import holder_of
from domain.bills.bill_payments import ReceiveBillPayment
from domain.customers.registering import Customer
from domain.entry import Minor
from domain.inbound.assigning import AssignMoney, is_beyond
from domain.inbound.returning import RecordFailedReturn, ReturnMoney
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.moments import Moment
from domain.orders.order import Placed
from domain.payments.capturing import CapturePayment
from domain.payments.money_facts import MoneyFact
from domain.payments.reversing import ReinstatePayment, ReversePayment
from domain.refunds.paying_out import RecordPayout
from domain.refunds.refund import REFUND
from ledger.identity import mint
from ledger.kept_money import kept_for
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from ledger.record.references import where_freed
from ledger.sealing.sealer import BOOK
from projections.unmatched import LISTED, Direction, Unmatched

ALL_LEFT = "In the currency of what came or left; left out, all that is left of it."
unmatched = Section("unmatched", "Money that came or left and that no rule could place.")


class UnmatchedItem(msgspec.Struct, frozen=True):
    """Money without a place, and what became of it."""

    id: str
    direction: Direction
    customer: str | None
    order: str | None
    currency: str
    amount: Minor
    assigned: Minor
    returned: Minor
    left: Minor
    processor: str
    reference: str
    why: str
    since: Moment
    settled_at: Moment | None
    last_position: int


UNMATCHED = Listing(projection=Unmatched(), item=UnmatchedItem, answer=LISTED, key=("id",), group=("id",))


class UnmatchedQuery(ListQuery):
    """Which of it; none named, all."""

    state: Literal["open", "settled"] | None = None
    direction: Direction | None = None
    customer: CustomerId | None = None
    order: OrderId | None = None
    since: At | None = None
    sort: Literal["since", "-since", "amount", "-amount"] = "since"


class AssignMoneyBody(Writing):
    """What the money was for. Of an order alone, what came is a payment of it."""

    order: OrderId | None = Field(
        default=None,
        description="Which it was for; a refund names its own, if it has one; none with a receipt.",
    )
    amount: Money | None = Field(default=None, description=ALL_LEFT)
    bill: BillId | None = Field(default=None, description="What came paid this bill.")
    reversal: ReversalId | None = Field(default=None, description="What came gives back this reversal.")
    refund: RefundId | None = Field(default=None, description="What left was a payout of this refund.")
    payment: PaymentId | None = Field(
        default=None, description="What left took back this payment; with a refund, went back against it."
    )

    receipt: UnmatchedId | None = Field(
        default=None, description="What left went back of this money, which waits as unmatched itself."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "AssignMoneyBody":
        named = [self.bill, self.reversal, self.refund or self.payment, self.receipt]
        if (self.order or self.refund) is None and self.receipt is None:
            raise PydanticCustomError(
                "order_or_receipt", "Should name an order or a refund, or else a receipt"
            )
        if self.order is not None and self.receipt is not None:
            raise PydanticCustomError("order_or_receipt", "Should name an order, or else a receipt, not both")
        if sum(each is not None for each in named) > 1:
            raise PydanticCustomError("one_thing", "Should name one thing the money was for")
        return self


class ReturnMoneyBody(Writing):
    """How the money went back."""

    amount: Money | None = Field(default=None, description=ALL_LEFT)
    reference: Reference | None = Field(
        default=None,
        description=(
            "What the bank or processor calls it. What left us has one, which no other money that left has."
        ),
    )


class FailedReturnBody(Writing):
    """Which return it is that did not arrive."""

    settlement: SettlementId = Field(description="The return, as its entry names it.")


@unmatched.question(
    "/v1/unmatched", Permission.READ, answers=RowsPage[item_of(UnmatchedItem)], lists_rows=True
)
async def list_unmatched(call: Call, query: Annotated[UnmatchedQuery, Query()]) -> Response:
    """List money that waits for somebody to say what it was for, and what became of the rest

    It waits on the account for unapplied money and is in no customer's balance.
    """
    where = named_by(query, "direction", "customer", "order")
    if query.state is not None:
        where += (Where("left", ">" if query.state == "open" else "=", 0),)
    if query.since is not None:
        where += (Where("since", ">=", query.since),)
    return await list_of(call, UNMATCHED, query, sort=query.sort, where=where)


@unmatched.decision("/v1/unmatched/{unmatched}/assignment", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def assign_money(call: Call, unmatched: UnmatchedInPath, body: AssignMoneyBody) -> Response:
    """Say what money was for

    It counts as what it is from then on: a payment of the order or of a bill, a payout of a refund, a payment
    taken back or given back again. The order's own rules hold: what they refuse stays unmatched.
    An order that it came for, and that lacks it after all, is placed on hold right after.
    A refund is named without an order where it belongs to none. What left may also have gone back of money
    that came and waits: then it is the return of that receipt.
    """
    money = await call.found(unmatched_stream(unmatched), UnmatchedMoney)
    if body.receipt is not None:
        return await _assign_return(call, money, body, body.receipt)
    amount = _amount(body, money)
    order = await _order_of(call, body)
    if not isinstance(order, Placed):
        customer, fact = order.registered.customer, _left_for_customer(body, amount, money, order)
        command = asked(AssignMoney, unmatched=unmatched, customer=customer, fact=fact)
        return await call.decide(command, body, subject="unmatched", of=customer)
    customer = order.placed.customer
    fact = _received(body, amount, money, order) if money.is_receipt else _left(body, amount, money, order)
    if isinstance(fact, CapturePayment | ReceiveBillPayment):
        fact = await where_freed(call.book, fact) or fact
    kept = await _kept_beside(call, money)
    command = asked(AssignMoney, unmatched=unmatched, customer=customer, fact=fact, kept=kept)
    return await call.decide(command, body, subject="unmatched", of=customer)


async def _order_of(call: Call, body: AssignMoneyBody) -> Placed | Customer:
    """The order it was for, or the customer of a refund that belongs to none.

    Raises: Invalid.
    """
    if body.order is not None:
        order = await call.book.state(body.order)
        if not isinstance(order, Placed):
            raise Invalid(faults=(Fault("/order", "Should be an order of this book"),))
        return order
    assert body.refund is not None
    try:
        _, state, _ = await holder_of(call, REFUND, body.refund)
    except NotFound:
        raise Invalid(faults=(Fault("/refund", "Should be a refund of this book"),)) from None
    return state


async def _assign_return(call: Call, money: UnmatchedMoney, body: AssignMoneyBody, receipt: str) -> Response:
    """What left went back of money that came and waits."""
    came = await call.book.state(unmatched_stream(receipt))
    if not isinstance(came, UnmatchedMoney):
        raise Invalid(faults=(Fault("/receipt", "Should be unmatched money of this book"),))
    amount = _amount(body, money, min(money.left, came.left))
    fact = await _returning(call, came, amount, money.next_reference)
    command = asked(AssignMoney, unmatched=money.it.unmatched, customer=came.it.customer, fact=fact)
    return await call.decide(command, body, subject="unmatched", of=came.it.customer or BOOK)


@unmatched.decision("/v1/unmatched/{unmatched}/return", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def return_money(call: Call, unmatched: UnmatchedInPath, body: ReturnMoneyBody) -> Response:
    """Record that money went back where it came from

    An order that it came for, and that nothing else covers or may cover, is placed on hold: it is among the
    declined payments from then on.
    """
    money = await call.found(unmatched_stream(unmatched), UnmatchedMoney)
    said = money.returned_under(body.reference)
    amount = _amount(body, money, None if said is None else said.it.amount)
    command = await _returning(call, money, amount, body.reference)
    return await call.decide(command, body, subject="unmatched", of=money.it.customer or BOOK)


@unmatched.decision("/v1/unmatched/{unmatched}/return-failure", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def record_failed_return(call: Call, unmatched: UnmatchedInPath, body: FailedReturnBody) -> Response:
    """Record that what went back did not arrive, or never left

    It is here, and waits again. A processor that sent it back says so itself.
    """
    money = await call.found(unmatched_stream(unmatched), UnmatchedMoney)
    command = asked(RecordFailedReturn, unmatched=unmatched, settlement=body.settlement)
    return await call.decide(command, body, subject="unmatched", of=money.it.customer or BOOK)


async def _returning(call: Call, money: UnmatchedMoney, amount: int, reference: str | None) -> ReturnMoney:
    named = {} if money.it.order is None else await _named_by(call, money.it.order)
    return asked(
        ReturnMoney,
        unmatched=money.it.unmatched,
        settlement=mint("stl"),
        amount=amount,
        currency=money.it.currency,
        reference=reference,
        kept=await _kept_beside(call, money),
        **named,
    )


async def _named_by(call: Call, order: str) -> dict[str, str]:
    """The order that money came for, and whose it is."""
    return {"order": order, "customer": (await call.found(order, Placed)).placed.customer}


async def _kept_beside(call: Call, money: UnmatchedMoney) -> tuple[str, ...]:
    """All money that came for the same order."""
    order, customer = money.it.order, money.it.customer
    if not money.is_receipt or order is None or customer is None:
        return ()
    return await kept_for(call.book, order, customer)


def _amount(body: AssignMoneyBody | ReturnMoneyBody, money: UnmatchedMoney, unsaid: int | None = None) -> int:
    """All that is left unless said; where nothing is, all of it, so that a retry finds what it said.

    Raises: Invalid for another currency.
    """
    if body.amount is None:
        return unsaid or money.left or money.it.amount
    if body.amount.currency != money.it.currency:
        raise Invalid(faults=(Fault("/amount/currency", "Should be the currency of what came or left"),))
    return body.amount.amount


def _received(body: AssignMoneyBody, amount: int, money: UnmatchedMoney, order: Placed) -> MoneyFact:
    """What came, as the command that records it."""
    it, reference = money.it, money.next_reference
    if body.bill is not None:
        return asked(
            ReceiveBillPayment,
            order=order.placed.order,
            customer=order.placed.customer,
            bill=body.bill,
            payment=mint("pay"),
            credit=mint("crd"),
            amount=amount,
            currency=it.currency,
            method=it.processor,
            reference=reference,
        )
    if body.reversal is not None:
        return asked(
            ReinstatePayment,
            order=order.placed.order,
            reversal=body.reversal,
            reinstatement=mint("rev"),
            amount=amount,
            currency=it.currency,
            reference=_named_again(amount, money, order),
        )
    if body.refund is not None or body.payment is not None:
        raise Invalid("This money came to us.", faults=(Fault("", "Should name what came, not what left"),))
    return asked(
        CapturePayment,
        order=order.placed.order,
        payment=mint("pay"),
        amount=amount,
        currency=it.currency,
        processor=it.processor,
        reference=reference,
    )


def _paid_as(money: UnmatchedMoney, state: Placed | Customer) -> str:
    """The reference of a payout; what left beyond one that has it already is the second part under it."""
    part = len(money.settlements) + 2
    return f"{money.it.reference}/{part}" if is_beyond(money, state) else money.next_reference


def _named_again(amount: int, money: UnmatchedMoney, order: Placed) -> str:
    """The name of what comes again: the money's own, also where as much was recorded under it by hand; any
    other part has one of its own.
    """
    name, part = money.it.reference, len(money.settlements) + 1
    reinstated = [it for known in order.reversals.values() for it, _ in known.reinstatements]
    named = {it.reference: it for it in reinstated}
    own = named.get(name)
    is_free = own is None and not money.standing
    if is_free or (own is not None and own.amount == amount and not money.became(own.reinstatement)):
        return name
    while f"{name}/{part}" in named:
        part += 1
    return f"{name}/{part}"


def _left(body: AssignMoneyBody, amount: int, money: UnmatchedMoney, order: Placed) -> MoneyFact:
    """What left, as the command that records it."""
    it = money.it
    if body.refund is not None:
        return asked(
            RecordPayout,
            stream=order.placed.order,
            refund=body.refund,
            payout=mint("pot"),
            payment=body.payment or _paid_most(order, body.refund, amount),
            amount=amount,
            currency=it.currency,
            reference=_paid_as(money, order),
        )
    if body.payment is None:
        raise Invalid("This money left us.", faults=(Fault("", "Should name a refund or a payment"),))
    return asked(
        ReversePayment,
        order=order.placed.order,
        customer=order.placed.customer,
        reversal=mint("rev"),
        payment=body.payment,
        kind="chargeback",
        amount=amount,
        currency=it.currency,
        bill=mint("bil"),
        reference=money.next_reference,
    )


def _left_for_customer(
    body: AssignMoneyBody, amount: int, money: UnmatchedMoney, customer: Customer
) -> RecordPayout:
    """What left for a refund that belongs to no order, as the command that records it."""
    if money.is_receipt:
        raise Invalid("This money came to us.", faults=(Fault("", "Should name what came, not what left"),))
    if body.payment is not None:
        raise Invalid(faults=(Fault("/payment", "Should be left out: this refund belongs to no order"),))
    return asked(
        RecordPayout,
        stream=customer.registered.customer,
        refund=body.refund,
        payout=mint("pot"),
        processor=money.it.processor,
        amount=amount,
        currency=money.it.currency,
        reference=_paid_as(money, customer),
    )


def _paid_most(order: Placed, refund: str, amount: int) -> str:
    """The payment it may have gone back against: the first that is large enough; else one against which so
    much was recorded by hand, under no reference; else the last one.

    Raises: Invalid where the order has none.
    """
    if not order.payments:
        raise Invalid(faults=(Fault("/order", "Should be an order that was paid"),))
    known = order.refunds.get(refund)
    by_hand = () if known is None else known.payouts.values()
    large = [name for name, payment in order.payments.items() if payment.may_go_back >= amount]
    said = [name for name in order.payments for it in by_hand if it.without_reference(name) >= amount]
    return next(iter((*large, *said, list(order.payments)[-1])))
