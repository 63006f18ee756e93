"""What backs a customer's credit: money of their own that is here still, with the orders it came for.

    own        = received − reversed − paid back + credit used − credit set aside, of one order, without gifts
    unbacked   = what `own` is below 0, over all orders of one currency

What was set aside of a payment that a bank then took back, or that never came, stays credit to be spent; as
money it would leave without having come. While a bank asks about a payment, what it may take counts so too.
Source: R-G8, R-B9, I15
"""

from collections.abc import Mapping

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.corrections.correction_events import PaymentCorrected
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


class OrderMoney(msgspec.Struct, frozen=True):
    """A customer's own money with one order, in minor units."""

    currency: str
    own: int = 0
    """Below 0 where more was set aside or paid back than is left of what came."""
    asked_for: Mapping[str, tuple[str, int]] = {}
    """By open dispute: the payment, and what of it the bank may still take."""

    @property
    def unbacked(self) -> int:
        """What of it was set aside or paid back, and is not here any more."""
        return max(0, -self.own)

    @property
    def unbacked_if_lost(self) -> int:
        """The same, if every bank that asks takes what it asks for."""
        return max(0, sum([amount for _, amount in self.asked_for.values()]) - self.own)


MoneyByOrder = Mapping[str, OrderMoney]
"""What is here of the customer's own."""


def money_after(money: MoneyByOrder, entry: Entry) -> MoneyByOrder:
    """The customer's own money after one more of their entries, whatever stream it is in."""
    match entry.event:
        case PaymentCaptured() | BillPaymentReceived() | PaymentReinstated() as it:
            return _moved(money, it.order, it.currency, it.amount)
        case PaymentReversed() as it:
            return _taken(_moved(money, it.order, it.currency, -it.amount), it)
        case PaymentCorrected() as it if entry.stream == it.order:
            return _moved(money, it.order, it.currency, it.set_aside - it.amount)
        case RefundPaid(order=str() as order) as it:
            return _moved(money, order, it.currency, -it.amount)
        case RefundReturned(order=str() as order) as it:
            return _moved(money, order, it.currency, it.amount)
        case CreditUsed() as it if entry.stream == it.order:
            return _moved(money, it.order, it.currency, it.amount - it.gift)
        case CreditSetAside(order=str() as order) as it if entry.stream == order:
            return _moved(money, order, it.currency, it.gift - it.amount)
        case DisputeOpened() as it:
            known = money.get(it.order, OrderMoney(it.currency))
            asked_for = {**known.asked_for, it.dispute: (it.payment, it.amount)}
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
    """A bank that took it asks for so much less."""
    known = money[it.order]
    asked_for = {
        dispute: (payment, max(0, amount - it.amount) if payment == it.payment else amount)
        for dispute, (payment, amount) in known.asked_for.items()
    }
    return {**money, it.order: msgspec.structs.replace(known, asked_for=asked_for)}
