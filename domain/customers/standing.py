"""What a customer's history says about them: every one of their entries, over all streams, folded per order.

Existing = at least one earlier order of which something shipped and was charged, and whose charges were paid
in full or written off. Goods for nothing are no proof that somebody pays. What a shipment charged is either
covered by the deposit or billed, so "paid in full" is: nothing on the order's bills waits for money. A charge
only cleared by a refund stays unpaid here; a refund after payment, or after a write-off, changes nothing; a
payment taken back from us does. Source: R-D5
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from domain.bills.bill_events import (
    BillIssued,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    WriteOffReversed,
)
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ShipmentCorrected,
)
from domain.customers.backing import MoneyByOrder, money_after
from domain.customers.card_facts import CardFacts, OfCards, cards_after
from domain.declines.decline_events import (
    ChargeAbandoned,
    ChargeRecordedBefore,
    ChargeUnmatched,
    PaymentAttempted,
    PaymentDeclined,
    PaymentMethodFailed,
)
from domain.entry import Entry
from domain.moments import Day, Moment
from domain.orders.order_events import OrderShipped, StandingKind
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted, RefundReturned


class OwedBill(msgspec.Struct, frozen=True):
    """A bill, or what is owed like one, as far as watching its customer goes. Source: R-B2"""

    currency: str
    due_on: Day
    """Last day it may be paid in time."""
    open: int
    """Minor units still to be paid; 0 once it is settled."""
    is_numbered: bool = False
    """Whether it is a bill; else it is owed without one."""


class OrderFacts(msgspec.Struct, frozen=True):
    """What one order says about its customer."""

    charged: int = 0
    """Minor units charged by its shipments."""
    unpaid: int = 0
    """Minor units billed or taken back from us, neither paid nor written off, whatever refunds cleared."""
    bills: Mapping[str, OwedBill] = {}
    """By bill id; of these, what refunds cleared is no longer open."""

    @property
    def settled(self) -> bool:
        """Whether this order makes its customer an existing one. Source: R-D5"""
        return self.charged > 0 and self.unpaid == 0


class RefundFact(msgspec.Struct, frozen=True):
    """A refund of goods that the customer was granted. Source: R-G12"""

    refund: str
    at: Moment
    unverified: bool


class CustomerFacts(msgspec.Struct, frozen=True):
    """A customer's orders, in the book's order, as far as the entries folded say. `CustomerFacts()` knows
    nothing.
    """

    orders: Mapping[str, OrderFacts] = {}
    cards: Mapping[str, CardFacts] = {}
    """By payment method: how the cards on file did."""
    refunds: tuple[RefundFact, ...] = ()
    """Of goods and not taken back, in the order of their grants."""
    money: MoneyByOrder = {}
    """Of their own, with each order: what backs their credit."""


class Standing(msgspec.Struct, frozen=True):
    """New or existing, and the earlier order an existing customer's standing rests on."""

    kind: StandingKind
    rests_on: str | None = None


def fold_customer(facts: CustomerFacts | None, entry: Entry) -> CustomerFacts:
    """The facts after one more entry of the customer, whatever stream it is in."""
    facts = _with_money(_with_refunds(facts or CustomerFacts(), entry), entry)
    match entry.event:
        case OrderShipped() as it:
            return _with_order(facts, it.order, charged=it.charge)
        case BillIssued() as it:
            return _owed(
                facts, it.order, it.bill, OwedBill(it.currency, it.due_on, it.amount, is_numbered=True)
            )
        case PaymentReversed() as it if it.bill is not None and it.due_on is not None:
            return _owed(facts, it.order, it.bill, OwedBill(it.currency, it.due_on, it.opened))
        case (
            PaymentAttempted()
            | PaymentDeclined()
            | PaymentMethodFailed()
            | ChargeUnmatched()
            | ChargeRecordedBefore()
            | ChargeAbandoned()
        ) as it:
            return _with_cards(facts, it, entry)
        case PaymentCaptured() as it:
            facts = _with_cards(facts, it, entry)
            return _settled(facts, it.order, it.bills) if it.bills else facts
        case BillPaymentReceived() | PaymentReinstated() as it if it.bills:
            return _settled(facts, it.order, it.bills)
        case RefundReturned(order=str() as order) as it if it.bills:
            return _settled(facts, order, it.bills)
        case CreditUsed() as it if it.bills and entry.stream == it.order:
            return _settled(facts, it.order, it.bills)
        case RefundGranted() as it if it.order is not None and (it.cleared or it.write_offs_cleared):
            return _settled(facts, it.order, (*it.cleared, *it.write_offs_cleared), unpaid=0)
        case BillWrittenOff() as it:
            return _settled(facts, it.order, (BillShare(it.bill, it.amount),))
        case WriteOffReversed() as it:
            # A refund clears what it reopens in the same append, and is no payment.
            unpaid = 0 if it.because == "refund" else it.amount
            return _settled(facts, it.order, (BillShare(it.bill, -it.amount),), unpaid=unpaid)
        case PaymentCorrected() as it if entry.stream == it.order:
            return _payment_corrected(facts, it)
        case ShipmentCorrected() as it:
            void = () if it.bill is None else (BillShare(it.bill, it.billed),)
            facts = _settled(facts, it.order, (*void, *it.cleared))
            return _with_order(facts, it.order, charged=-it.charge)
        case BillCorrected() as it:
            return _settled(facts, it.order, (BillShare(it.bill, it.amount),))
        case RefundCorrected() as it if it.order is not None and it.reopened:
            return _settled(facts, it.order, _open_again(it), unpaid=0)
        case _:
            return facts


def _with_money(facts: CustomerFacts, entry: Entry) -> CustomerFacts:
    money = money_after(facts.money, entry)
    return facts if money is facts.money else msgspec.structs.replace(facts, money=money)


def _with_refunds(facts: CustomerFacts, entry: Entry) -> CustomerFacts:
    match entry.event:
        case RefundGranted() as it if it.basis not in ("undelivered", "credit"):
            known = RefundFact(it.refund, entry.effective_at, unverified=it.order is None)
            return msgspec.structs.replace(facts, refunds=(*facts.refunds, known))
        case RefundCorrected() as it:
            left = tuple([fact for fact in facts.refunds if fact.refund != it.refund])
            return msgspec.structs.replace(facts, refunds=left)
        case _:
            return facts


def _with_cards(facts: CustomerFacts, it: OfCards, entry: Entry) -> CustomerFacts:
    return msgspec.structs.replace(facts, cards=cards_after(facts.cards, it, entry.effective_at))


def _payment_corrected(facts: CustomerFacts, it: PaymentCorrected) -> CustomerFacts:
    if it.bill is not None and it.due_on is not None:
        facts = _owed(facts, it.order, it.bill, OwedBill(it.currency, it.due_on, it.opened))
    facts = _settled(facts, it.order, _open_again(it))
    # What was owed without a number, for no charge any more, falls away; that a refund clears is no payment.
    # What had been written off stays let off, and is counted once.
    bills = facts.orders.get(it.order, OrderFacts()).bills
    cleared, gone = Counter[str](), Counter[str]()
    for share in it.cleared:
        cleared[share.bill] += share.amount
    fell_away = [
        share for share in it.of_no_refund if share.bill in bills and not bills[share.bill].is_numbered
    ]
    for share in (*it.let_off, *fell_away):
        if share.bill in bills:
            gone[share.bill] = min(cleared[share.bill], gone[share.bill] + share.amount)
    return _settled(facts, it.order, it.cleared, unpaid=-gone.total())


def _open_again(it: PaymentCorrected | RefundCorrected) -> tuple[BillShare, ...]:
    """What a correction opens again of bills, as shares below 0; what it lets off again above."""
    return (*[BillShare(share.bill, -share.amount) for share in it.reopened], *it.written_off)


def _owed(facts: CustomerFacts, order: str, bill: str, owed: OwedBill) -> CustomerFacts:
    return _with_order(facts, order, unpaid=owed.open, bills={bill: owed})


def _settled(
    facts: CustomerFacts, order: str, shares: Sequence[BillShare], *, unpaid: int | None = None
) -> CustomerFacts:
    """The facts after those shares of bills are no longer open; `unpaid` changes as much, unless said.

    A bill not known as of the moment of these facts began later, and says nothing yet.
    """
    bills = dict(facts.orders.get(order, OrderFacts()).bills)
    shares = [share for share in shares if share.bill in bills]
    if not shares:
        return facts
    for share in shares:
        bills[share.bill] = msgspec.structs.replace(
            bills[share.bill], open=bills[share.bill].open - share.amount
        )
    if unpaid is None:
        unpaid = -sum([share.amount for share in shares])
    return _with_order(facts, order, unpaid=unpaid, bills=bills)


def _with_order(
    facts: CustomerFacts,
    order: str,
    *,
    charged: int = 0,
    unpaid: int = 0,
    bills: Mapping[str, OwedBill] | None = None,
) -> CustomerFacts:
    known = facts.orders.get(order, OrderFacts())
    after = OrderFacts(
        known.charged + charged, known.unpaid + unpaid, {**known.bills, **bills} if bills else known.bills
    )
    if after == known:
        return facts
    return msgspec.structs.replace(facts, orders={**facts.orders, order: after})


def standing(facts: CustomerFacts | None) -> Standing:
    """The customer's standing by these facts, which hold the entries up to the deciding moment.

    Source: R-D5
    """
    if facts is not None:
        for order, known in facts.orders.items():
            if known.settled:
                return Standing("existing", order)
    return Standing("new")
