"""Settling a refund: what is due back is computed anew at every payout, and goes back the way it came.

    original method → another card of the customer → store credit, or a cheque where they prefer money

Money goes back first, up to what came as money; what was paid with credit comes back as credit, and what was
paid with a gift as a gift. A way is left only once it failed, or where it does not exist. While a bank asks
about a payment, payouts wait.
Source: R-B9, R-G8, R-G9, I13
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from domain.bills.bill_events import BillPaymentReceived
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_text
from domain.customers.registering import Customer
from domain.decision import Decision, Given
from domain.entry import Event
from domain.ids import expect_id
from domain.moments import day_of
from domain.orders.account import cash_of
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside, PaymentCaptured
from domain.refunds.refund import Refund, RefundUnknown, expect_not_taken_back
from domain.refunds.refund_events import PayoutMethod, RefundPaid
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise

Way = Literal["original_method", "other_card", "store_credit", "cheque"]
WAYS: tuple[Way, ...] = get_args(Way)


class SettleRefund(Command, frozen=True, kw_only=True):
    """Pay out what is due back of a refund, and keep as credit what came as credit. Raises: ValueError."""

    stream: str
    """The order, or the customer where it belongs to no order."""
    customer: str
    refund: str
    payouts: tuple[str, ...]
    """Ids for what leaves us, as many as payments it may go back against."""
    credit: str
    """Id for what is kept as credit."""
    method: Way | None = None
    """None: the first way that is open, short of a cheque."""
    payment_method: str | None = None
    """The other card; None: the one stored last."""
    reference: str | None = None
    """What the processor or bank calls the payout."""
    processor: str | None = None
    """The processor that is connected: money that came through it goes back by itself, and it says under
    which reference.
    """

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("crd", self.credit)
        for payout in self.payouts:
            expect_id("pot", payout)
        if not self.payouts or len(set(self.payouts)) < len(self.payouts):
            raise OutOfRange("payouts", "must be at least one, each different")
        expect_text("reference", self.reference)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,) if self.stream == self.customer else (self.stream, self.customer)


@dataclass(unsafe_hash=True)
class RefundNotGranted(Refusal):
    """This refund was asked for and nobody has granted it yet; money leaves us after the grant."""

    rule = "R-G9"
    way_out = "Approve the refund first."

    refund: str


@dataclass(unsafe_hash=True)
class NothingDueBack(Refusal):
    """Nothing of this refund is due back: it was paid out, cleared bills, or covers what is still to ship."""

    rule = "I13"
    way_out = "Look at the order's account: it says what is due back and what the money is for."

    refund: str


@dataclass(unsafe_hash=True)
class PayoutDuringDispute(Refusal):
    """A bank still asks about a payment of this order: the refund stands, and its payout waits."""

    rule = "R-B9"
    way_out = "Contest or accept the dispute. Once it is closed, what is due back is computed anew."

    refund: str


@dataclass(unsafe_hash=True)
class PayoutWayClosed(Refusal):
    """The money cannot go this way: it failed before, or there is no such way."""

    rule = "R-G8"
    way_out = "Use the next way: another card, store credit, or a cheque."

    refund: str
    method: Way


@dataclass(unsafe_hash=True)
class EarlierWayOpen(Refusal):
    """Money goes back the way it came; another way is taken once that one failed."""

    rule = "R-G8"
    way_out = "Pay it out the way shown, or record that it failed, and why."
    spoken = "Money goes back the way it came: {open} is still open, and {method} comes after it."

    refund: str
    method: Way
    open: Way


@dataclass(unsafe_hash=True)
class CreditLeavesNothing(Refusal):
    """A reference says that money left us, and on this way it is kept as the customer's credit."""

    rule = "R-G8"
    way_out = (
        "Name the method by which the money left, where one is shown; leave the reference out to keep it as"
        " credit."
    )

    refund: str
    method: Way | None
    """By which it may leave; None where none of it is money."""


@dataclass(unsafe_hash=True)
class PaidOutByProcessor(Refusal):
    """The processor this money came through is connected: nobody but it knows whether it left."""

    rule = "R-G8"
    way_out = (
        "Leave it to the processor, which is asked by itself. If the money left elsewhere, name the reference"
        " under which it did."
    )

    refund: str
    processor: str


class Owed(msgspec.Struct, frozen=True):
    """What of a refund is due back now: money, and what is kept as the customer's credit."""

    cash: int
    credit: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.cash + self.credit


def owed(state: Placed | Customer, refund: Refund) -> Owed:
    """What of a refund is due back now. Source: R-G8, R-G9, §2 Money

    What is due back of an order goes to the refunds that still have something left; beyond that, what cleared
    a bill and came in again by a reinstated payment.
    """
    if isinstance(state, Customer):
        return Owed(refund.left, 0)
    due_back = state.purse().due_back
    surplus = due_back - sum([each.left for each in state.refunds.values()])
    amount = min(due_back, refund.left + max(0, min(refund.claim - refund.left, surplus)))
    cash = cash_of(state.account, amount, state.gift)
    return Owed(cash, amount - cash)


def due_of_no_refund(state: Placed) -> int:
    """What is due back of an order and was never granted: a bank gave it back too late."""
    return max(0, state.purse().due_back - sum([refund.claim for refund in state.refunds.values()]))


def settle_refund(command: SettleRefund, given: Given) -> Decision:
    """Pays out what is due back of a refund.

    Checks, in this order: refund known; retry; granted (R-G9); not taken back (H-correct); no dispute
    open (R-B9); something due back (I13); the way open, and no earlier one (R-G8); no reference of money that
    left, where it is kept as credit; a reference, where a processor that is connected would send it back; not
    before the grant.
    """
    state, refund = refund_of(command.stream, command.refund, given)
    already = _already_settled(command, state, refund)
    if already:
        return Decision(customer=command.customer, already=already)
    expect_not_taken_back(refund)
    if isinstance(state, Placed) and state.is_disputed:
        raise PayoutDuringDispute(command.refund)
    due = owed(state, refund)
    if due.total == 0:
        raise NothingDueBack(command.refund)
    customer = given.state(command.customer, Customer)
    ways = Ways(state, customer, refund, given)
    way = ways.chosen(command.method) if due.cash else "store_credit"
    if way == "store_credit" and command.reference is not None:
        raise CreditLeavesNothing(command.refund, "cheque" if due.cash else None)
    if way == "original_method" and command.reference is None:
        _expect_not_sent_back_by_itself(command, ways)
    expect_cause(refund.at, given)
    if way == "store_credit":
        return _recorded(command, state, (), Owed(0, due.total))
    if way == "other_card":
        card = ways.card(command.payment_method)
        if card is None:
            raise PayoutWayClosed(command.refund, way)
        paid = (_paid(command, state, command.payouts[0], due.cash, "other_card", None, card),)
    elif way == "cheque":
        paid = (_paid(command, state, command.payouts[0], due.cash, "cheque", None, None),)
    else:
        paid = tuple(_back_to_payments(command, state, ways, due.cash))
    return _recorded(command, state, paid, due)


def refund_of(stream: str, refund: str, given: Given) -> tuple[Placed | Customer, Refund]:
    """A granted refund and what it belongs to. Raises: RefundUnknown, RefundNotGranted."""
    state = given.states[stream]
    if not isinstance(state, Placed | Customer):
        raise RefundUnknown(refund)
    known = state.refunds.get(refund)
    if known is None:
        if refund in state.refund_requests:
            raise RefundNotGranted(refund)
        raise RefundUnknown(refund)
    return state, known


def _already_settled(command: SettleRefund, state: Placed | Customer, refund: Refund) -> tuple[int, ...]:
    known = [refund.payouts[payout] for payout in command.payouts if payout in refund.payouts]
    for payout in known:
        it = payout.tried
        method = it.method if command.method is None else command.method
        if method == "cheque" and it.payment is not None and _came_by_cheque(state, it.payment):
            method = it.method
        said = (method, command.reference)
        if not isinstance(it, RefundPaid) or (it.method, it.reference) != said:
            raise AlreadyRecordedOtherwise(it.payout)
    kept = state.credits.get(command.credit)
    return (*[payout.position for payout in known], *(() if kept is None else (kept.position,)))


def _came_by_cheque(state: Placed | Customer, payment: str) -> bool:
    """Whether that money came by cheque: a cheque back is then the way it came."""
    it = state.payments[payment].received if isinstance(state, Placed) else None
    return isinstance(it, BillPaymentReceived) and it.method == "cheque"


class Ways:
    """The ways on which a refund's money may leave, at a moment."""

    def __init__(
        self, state: Placed | Customer, customer: Customer | None, refund: Refund, given: Given
    ) -> None:
        self._state, self._customer, self._refund = state, customer, refund
        self._month = day_of(given.at, given.book.zone)[:7]
        tried = [payout.tried for payout in refund.payouts.values() if payout.did_not_arrive]
        self._failed_payments = {it.payment for it in tried if it.payment is not None}
        self._failed_cards = {it.payment_method for it in tried if it.payment_method is not None}

    def payments(self) -> list[tuple[str, int, str | None]]:
        """Payments it may go back against, oldest first: id, how much, the card where that is known."""
        if isinstance(self._state, Customer):
            return []
        found: list[tuple[str, int, str | None]] = []
        for name, payment in self._state.payments.items():
            it = payment.received
            card = it.payment_method if isinstance(it, PaymentCaptured) else None
            if payment.may_go_back and name not in self._failed_payments and card not in self._failed_cards:
                found.append((name, payment.may_go_back, card))
        return found

    def processors(self) -> set[str]:
        """Through which those payments came."""
        if isinstance(self._state, Customer):
            return set()
        came = [self._state.payments[name].received for name, _, _ in self.payments()]
        return {it.processor for it in came if isinstance(it, PaymentCaptured)}

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
        first = self._first()
        if method is None:
            return first
        name = self._refund.granted.refund
        if method == first or (method == "cheque" and first == "store_credit"):
            return method
        by_cheque = [_came_by_cheque(self._state, payment) for payment, _, _ in self.payments()]
        if method == "cheque" and by_cheque and all(by_cheque):
            return first
        if WAYS.index(method) < WAYS.index(first):
            raise PayoutWayClosed(name, method)
        raise EarlierWayOpen(name, method, first)

    def _first(self) -> Way:
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
            if is_open and name not in used | self._failed_cards:
                yield name


def _expect_not_sent_back_by_itself(command: SettleRefund, ways: Ways) -> None:
    """That money left is said by whoever moves it. Raises: PaidOutByProcessor."""
    if command.processor is not None and command.processor in ways.processors():
        raise PaidOutByProcessor(command.refund, command.processor)


def _back_to_payments(
    command: SettleRefund, state: Placed | Customer, ways: Ways, cash: int
) -> Iterator[RefundPaid]:
    """Against the payments it came with, oldest first, as far as they reach; the rest stays owed."""
    for payout, (payment, most, card) in zip(command.payouts, ways.payments(), strict=False):
        amount = min(cash, most)
        if amount:
            yield _paid(command, state, payout, amount, "original_method", payment, card)
            cash -= amount


def _paid(
    command: SettleRefund,
    state: Placed | Customer,
    payout: str,
    amount: int,
    method: PayoutMethod,
    payment: str | None,
    card: str | None,
) -> RefundPaid:
    refund = state.refunds[command.refund].granted
    return RefundPaid(
        refund=command.refund,
        customer=refund.customer,
        order=refund.order,
        payout=payout,
        currency=refund.currency,
        amount=amount,
        method=method,
        payment=payment,
        payment_method=card,
        reference=command.reference,
    )


def _recorded(
    command: SettleRefund, state: Placed | Customer, paid: tuple[RefundPaid, ...], due: Owed
) -> Decision:
    refund = state.refunds[command.refund].granted
    events: list[tuple[str, Event]] = []
    left = due.total
    for it in paid:
        left -= it.amount
        events.append((command.stream, msgspec.structs.replace(it, left=left)))
    if due.credit:
        kept = CreditSetAside(
            customer=refund.customer,
            order=refund.order,
            credit=command.credit,
            currency=refund.currency,
            amount=due.credit,
            source="refund",
            subject=command.refund,
            gift=state.gift_in(due.credit, due.cash) if isinstance(state, Placed) else 0,
            left=left - due.credit,
        )
        events.extend([(stream, kept) for stream in command.writes()])
    return Decision(events=tuple(events), customer=refund.customer)
