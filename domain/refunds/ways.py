"""The ways on which a refund's money may leave, and what of it a connected processor sends back by itself.

    original method → another card of the customer → store credit, or a cheque where they prefer money

A way is left only once it failed, or where it does not exist. Each payment has its share of what is due,
oldest first: that of a bank transfer goes back by hand, and the rest does not wait for it. The share of one
which failed passes to the next, as far as that reaches.
Source: R-G8
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.book.register import Register
from domain.command import OutOfRange
from domain.customers.registering import Customer
from domain.deadlines import is_before_cut_over
from domain.decision import Given
from domain.moments import day_of
from domain.orders.order import Placed
from domain.payments.payment import Payment
from domain.payments.payment_events import PaymentCaptured
from domain.refunds.refund import Refund
from domain.refunds.taken_since import taken_since
from domain.refusal import Refusal

Way = Literal["original_method", "other_card", "store_credit", "cheque"]
WAYS: tuple[Way, ...] = get_args(Way)
WAYS_OUT: Final[Mapping[Way, str]] = {
    "original_method": "Send it back against a payment of the order from which some may still go back.",
    "other_card": "Send it to another card of the customer that is on file and valid.",
    "store_credit": "Keep it as the customer's credit, or send a cheque where they prefer money.",
    "cheque": "Send a cheque: credit that the customer wants as money is not kept as credit again.",
}
"""What to do where that way is the first that is open."""


@dataclass(unsafe_hash=True)
class PayoutWayClosed(Refusal):
    """The money cannot go this way: it failed before, or there is no such way."""

    rule = "R-G8"
    way_out = "Use the way that is open: it is shown."

    refund: str
    method: Way
    open: Way
    """The first way on which it may leave."""

    @property
    def advice(self) -> str:
        """The way out on the way that is open."""
        return WAYS_OUT[self.open]


@dataclass(unsafe_hash=True)
class EarlierWayOpen(Refusal):
    """Money goes back the way it came; another way is taken once that one failed."""

    rule = "R-G8"
    way_out = "Pay it out the way shown, or record that it failed, and why."
    spoken = "Money goes back the way it came: {open} is still open, and {method} comes after it."

    refund: str
    method: Way
    open: Way


def expect_way(method: Way | None, payment: str | None, payment_method: str | None) -> None:
    """A payment is named only of money that goes back the way it came, and a card only of what goes to
    another card. Raises: OutOfRange.
    """
    if payment is not None and (method not in (None, "original_method") or payment_method is not None):
        raise OutOfRange("payment", "must be left out unless the money goes back the way it came")
    if payment_method is not None and method not in (None, "other_card"):
        raise OutOfRange("payment_method", "must be left out unless the money goes to another card")


class _Failed(msgspec.Struct, frozen=True):
    """Payments and cards to which money of a refund could not go."""

    payments: frozenset[str | None]
    cards: frozenset[str]

    def has(self, payment: str, card: str | None) -> bool:
        """Whether it failed against that payment, or on its card."""
        return payment in self.payments or card in self.cards


def _failed(refund: Refund) -> _Failed:
    tried = [payout.tried for payout in refund.payouts.values() if payout.did_not_arrive]
    return _Failed(
        frozenset([it.payment for it in tried]),
        frozenset([it.payment_method for it in tried if it.payment_method is not None]),
    )


def card_of(payment: Payment) -> str | None:
    """The card it came from, where that is known."""
    it = payment.received
    return it.payment_method if isinstance(it, PaymentCaptured) else None


def sent_back_by(
    processor: str | None, state: Placed, refund: Refund, cash: int, book: Register
) -> list[tuple[PaymentCaptured, int]]:
    """What of so much money the connected processor sends back by itself, oldest payment first: against
    which, and how much.

    Nothing, once something left and found no place: a person finds the next way. Nor anything of history: it
    was paid out before the book went live, or a person does it. Source: R-G8, §3
    """
    if refund.unmatched or refund.corrected is not None:
        return []
    failed, its = _failed(refund), payments_of(processor, state, refund, book)
    found: list[tuple[PaymentCaptured, int]] = []
    for name, payment in state.payments.items():
        if failed.has(name, card_of(payment)):
            continue
        share = min(cash, payment.may_go_back)
        cash -= share
        if share and name in its and isinstance(payment.received, PaymentCaptured):
            found.append((payment.received, share))
    return found


def payments_of(processor: str | None, state: Placed, refund: Refund, book: Register) -> frozenset[str]:
    """The payments that came through that processor, and of which it alone knows what went back for a refund;
    of history a person knows.
    """
    if processor is None or is_before_cut_over(book, refund.origin, refund.at):
        return frozenset()
    received = [payment.received for payment in state.payments.values()]
    through = [it for it in received if isinstance(it, PaymentCaptured) and it.processor == processor]
    return frozenset([it.payment for it in through])


def came_by_cheque(state: Placed | Customer, payment: str) -> bool:
    """Whether that money came by cheque: a cheque back is then the way it came."""
    it = state.payments[payment].received if isinstance(state, Placed) else None
    return isinstance(it, BillPaymentReceived) and it.method == "cheque"


class Ways:
    """The ways on which a refund's money may leave, at a moment."""

    def __init__(
        self, state: Placed | Customer, customer: Customer | None, refund: Refund, given: Given
    ) -> None:
        self._state, self._customer, self._refund = state, customer, refund
        self._at = given.at
        self._month = day_of(given.at, given.book.zone)[:7]
        self._failed = _failed(refund)

    def payments(self) -> list[tuple[str, int, str | None]]:
        """Payments it may go back against, oldest first: id, how much, the card where that is known. What a
        bank took back later was still there.
        """
        if isinstance(self._state, Customer):
            return []
        since = taken_since(self._state, self._at)
        there = {name: it.may_go_back + since.get(name, 0) for name, it in self._state.payments.items()}
        return [
            (name, there[name], card_of(payment))
            for name, payment in self._state.payments.items()
            if there[name] and not self._failed.has(name, card_of(payment))
        ]

    def card(self, named: str | None) -> str | None:
        """The other card it may go to: the one named, if it is on file, valid, not declined for good, and did
        not fail before.
        """
        cards = list(self._cards())
        if named is None:
            return cards[-1] if cards else None
        return named if named in cards else None

    def chosen(self, method: Way | None) -> Way:
        """The way asked for, or the first that is open. Raises: PayoutWayClosed, EarlierWayOpen."""
        first = self.first()
        if method is None:
            return first
        name = self._refund.granted.refund
        if method == first or (method == "cheque" and first == "store_credit"):
            return method
        by_cheque = [came_by_cheque(self._state, payment) for payment, _, _ in self.payments()]
        if method == "cheque" and by_cheque and all(by_cheque):
            return first
        if WAYS.index(method) < WAYS.index(first):
            raise PayoutWayClosed(name, method, first)
        raise EarlierWayOpen(name, method, first)

    def first(self) -> Way:
        """The first way that is open."""
        if self.payments():
            return "original_method"
        if any(self._cards()):
            return "other_card"
        # Credit that the customer wants as money is not kept as credit again.
        return "cheque" if self._refund.granted.basis == "credit" else "store_credit"

    def _cards(self) -> Iterator[str]:
        if self._customer is None:
            return
        used: set[str | None] = set()
        if isinstance(self._state, Placed):
            received = [payment.received for payment in self._state.payments.values()]
            used = {it.payment_method for it in received if isinstance(it, PaymentCaptured)}
        for name, known in self._customer.payment_methods.items():
            is_open = known.stored.expiry >= self._month and not known.declined_for_good
            if is_open and name not in used | self._failed.cards:
                yield name
