"""What backs a customer's credit: money of their own that came for the order it is of, and is here still.

    own    = received − reversed − paid back + credit used − credit set aside, of one order, without gifts
    lack   = what `own` is below 0: that much of it was set aside, or paid back, and never came or went again

A lack takes of the order's own credit that is left, and never of another's. What of that credit was spent is
owed on the order's bills already; it is money of the orders it was spent on that never was, and if these set
money aside themselves, may be lacking there:

    75.95 of A, spent on B, taken back by the bank   → A lacks 75.95, B has as much less; C's credit is whole
    and B's own 20.00 were set aside, and taken back → B lacks 20.00 too, whatever A's credit paid there

What lacks stays credit to be spent; as money it would leave without having come. While a bank asks about a
payment, what it may take counts so too.
Source: R-G8, R-B9, I15, §2 Money
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.corrections.correction_events import PaymentCorrected
from domain.customers.credit import CreditLeft, with_less, with_more
from domain.entry import Entry
from domain.payments.payment_events import (
    CreditSetAside,
    CreditUsed,
    DisputeClosed,
    DisputeOpened,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
)
from domain.refunds.refund_events import RefundPaid, RefundReturned


class AskedFor(msgspec.Struct, frozen=True):
    """What a bank asks about in a dispute that is open, in minor units."""

    payment: str
    amount: int
    taken: Mapping[str, int] = {}
    """What of it the bank took already and did not give again, by reversal."""

    @property
    def left(self) -> int:
        """What of it the bank may still take."""
        return self.amount - sum(self.taken.values())


class OrderMoney(msgspec.Struct, frozen=True):
    """A customer's own money with one order, in minor units."""

    currency: str
    own: int = 0
    """Below 0 where more was set aside or paid back than is left of what came."""
    credit: CreditLeft = {}
    """What of it came as credit, by credit, in the order in which it was used."""
    asked_for: Mapping[str, AskedFor] = {}
    """By open dispute."""

    @property
    def if_lost(self) -> int:
        """What is left of it, if every bank that asks takes what it asks for."""
        return self.own - sum([asked.left for asked in self.asked_for.values()])


Of = str | None
"""The order that credit was set aside of; None where it was of none, and nothing takes it back."""
MoneyByOrder = Mapping[str, OrderMoney]
"""What is here of the customer's own."""


def lacking(
    money: MoneyByOrder, left: Mapping[Of, int], order_of: Callable[[str], Of], *, if_lost: bool
) -> Mapping[Of, int]:
    """What money lacks of the credit that is left of each order; `if_lost`: whatever becomes of disputes.

    `money` is of one currency, `order_of` names the order of a credit. Where credit was spent on several
    orders, the first that it was spent on lacks first.

    It ends, also where two orders paid for each other: what is passed on is spent no longer, so that there
    is less of it each time.
    """
    own = {order: it.if_lost if if_lost else it.own for order, it in money.items()}
    spent: defaultdict[Of, Counter[str]] = defaultdict(Counter)
    for order, it in money.items():
        for credit, amount in it.credit.items():
            if (came_of := order_of(credit)) != order:
                spent[came_of][order] += amount
    lacks = Counter[Of]()
    falls = deque([(order, -amount) for order, amount in own.items() if amount < 0])
    while falls:
        order, short = falls.popleft()
        taken = min(short, left.get(order, 0) - lacks[order])
        lacks[order] += taken
        short -= taken
        for other, amount in spent[order].items():
            share = min(short, amount)
            short -= share
            spent[order][other] -= share
            before, own[other] = own[other], own[other] - share
            if own[other] < min(0, before):
                falls.append((other, min(0, before) - own[other]))
    return lacks


def money_after(money: MoneyByOrder, entry: Entry) -> MoneyByOrder:
    """The customer's own money after one more of their entries, whatever stream it is in."""
    match entry.event:
        case PaymentCaptured() | BillPaymentReceived() as it:
            return _moved(money, it.order, it.currency, it.amount)
        case PaymentReinstated() as it:
            return _given_again(_moved(money, it.order, it.currency, it.amount), it)
        case PaymentReversed() as it:
            return _taken(_moved(money, it.order, it.currency, -it.amount), it)
        case PaymentCorrected() as it if entry.stream == it.order:
            return _moved(money, it.order, it.currency, it.set_aside - it.amount)
        case RefundPaid(order=str() as order) as it:
            return _moved(money, order, it.currency, -it.amount)
        case RefundReturned(order=str() as order) as it:
            return _moved(money, order, it.currency, it.amount)
        case CreditUsed() as it if entry.stream == it.order:
            known = money.get(it.order, OrderMoney(it.currency))
            own, credit = known.own + it.amount - it.gift, with_more(known.credit, it.own)
            return {**money, it.order: msgspec.structs.replace(known, own=own, credit=credit)}
        case CreditSetAside(order=str() as order) as it if entry.stream == order:
            known = money.get(order, OrderMoney(it.currency))
            own, credit = known.own + it.gift - it.amount, with_less(known.credit, it.again)
            return {**money, order: msgspec.structs.replace(known, own=own, credit=credit)}
        case DisputeOpened() as it:
            known = money.get(it.order, OrderMoney(it.currency))
            asked_for = {**known.asked_for, it.dispute: AskedFor(it.payment, it.amount)}
            return {**money, it.order: msgspec.structs.replace(known, asked_for=asked_for)}
        case DisputeClosed() as it if it.order in money:
            known = money[it.order]
            asked_for = {name: asked for name, asked in known.asked_for.items() if name != it.dispute}
            return {**money, it.order: msgspec.structs.replace(known, asked_for=asked_for)}
        case _:
            return money


def _moved(money: MoneyByOrder, order: str, currency: str, by: int) -> MoneyByOrder:
    known = money.get(order, OrderMoney(currency))
    return {**money, order: msgspec.structs.replace(known, own=known.own + by)}


def _taken(money: MoneyByOrder, it: PaymentReversed) -> MoneyByOrder:
    """A bank that took it asks for so much less, in the dispute that it names, or in the first."""
    known, left = money[it.order], it.amount
    asked_for: dict[str, AskedFor] = {}
    for dispute, asked in known.asked_for.items():
        is_its = it.payment == asked.payment and it.dispute in (None, dispute)
        share = min(left, asked.left) if is_its else 0
        left -= share
        asked_for[dispute] = _with_taken(asked, it.reversal, share)
    return {**money, it.order: msgspec.structs.replace(known, asked_for=asked_for)}


def _given_again(money: MoneyByOrder, it: PaymentReinstated) -> MoneyByOrder:
    """While the bank still asks, it may take that once more."""
    known, left = money[it.order], it.amount
    asked_for: dict[str, AskedFor] = {}
    for dispute, asked in known.asked_for.items():
        share = min(left, asked.taken.get(it.reversal, 0))
        left -= share
        asked_for[dispute] = _with_taken(asked, it.reversal, -share)
    return {**money, it.order: msgspec.structs.replace(known, asked_for=asked_for)}


def _with_taken(asked: AskedFor, reversal: str, more: int) -> AskedFor:
    if not more:
        return asked
    taken = {**asked.taken, reversal: asked.taken.get(reversal, 0) + more}
    return msgspec.structs.replace(asked, taken=taken)
