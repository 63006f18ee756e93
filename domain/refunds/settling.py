"""Settling a refund: what is due back is computed anew at every payout, and goes back the way it came.

    original method → another card of the customer → store credit, or a cheque where they prefer money

Money goes back first, up to what came as money; what was paid with credit comes back as credit, and what was
paid with a gift as a gift. A way is left only once it failed, or where it does not exist. While a bank asks
about a payment, payouts wait.
Source: R-B9, R-G8, R-G9, I13
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from domain.book.register import Register
from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_text
from domain.customers.registering import Customer
from domain.decision import Claim, Decision, Given
from domain.entry import Event
from domain.ids import expect_id
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside
from domain.refunds.due_now import NothingDueBack, due_now, expect_undisputed
from domain.refunds.owed import Owed
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.payout_references import expect_unused, payout_claims
from domain.refunds.refund import Payout, Refund, RefundUnknown, expect_not_taken_back
from domain.refunds.refund_events import PayoutMethod, RefundPaid
from domain.refunds.ways import (
    PayoutWayClosed,
    Way,
    Ways,
    came_by_cheque,
    expect_way,
    payments_of,
    sent_back_by,
)
from domain.refusal import Refusal
from domain.retry import AlreadyRecordedOtherwise


class SettleRefund(Command, frozen=True, kw_only=True):
    """Pay out what is due back of a refund, and keep as credit what came as credit; what came through a
    processor that is connected, it is asked for. Raises: ValueError.
    """

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
    """The processor that is connected: it is asked for money that came through it, and says under which
    reference that left.
    """
    payment: str | None = None
    """The payment it left against; None: the first that goes back by hand."""

    def __post_init__(self) -> None:
        expect_id("ref", self.refund)
        expect_id("crd", self.credit)
        for payout in self.payouts:
            expect_id("pot", payout)
        if not self.payouts or len(set(self.payouts)) < len(self.payouts):
            raise OutOfRange("payouts", "must be at least one, each different")
        expect_text("reference", self.reference)
        expect_way(self.method, self.payment, self.payment_method)

    def writes(self) -> tuple[str, ...]:
        return (self.stream,) if self.stream == self.customer else (self.stream, self.customer)

    def facts_of(self) -> str | None:
        return self.customer if self.stream == self.customer else None


@dataclass(unsafe_hash=True)
class RefundNotGranted(Refusal):
    """This refund was asked for and nobody has granted it yet; money leaves us after the grant."""

    rule = "R-G9"
    way_out = "Approve the refund first."

    refund: str


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
    """The processor this money came through is connected and sends it back: nobody but it knows whether it
    left.
    """

    rule = "R-G8"
    way_out = (
        "Settle the refund without a reference: the processor is asked, and says what became of it. If the"
        " money left elsewhere, name the reference under which it did."
    )

    refund: str
    processor: str


@dataclass(unsafe_hash=True)
class PayoutNotNamed(Refusal):
    """The processor this money came through is connected, and something it sent of this refund waits without
    a place: what it sent since is known by its reference alone.
    """

    rule = "R-G8"
    way_out = (
        "Say first what became of the money that waits. If more has left, name the reference under which it"
        " did; if it cannot leave this way, record that it failed, and why."
    )

    refund: str
    processor: str


def settle_refund(command: SettleRefund, given: Given) -> Decision:
    """Pays out what is due back of a refund, and claims the reference of what left.

    Checks, in this order: refund known; retry, by payout, then by the reference; granted (R-G9); not taken
    back (H-correct); no dispute open (R-B9); something due back (I13); the way open, and no earlier one
    (R-G8); no reference of money that left, where it is kept as credit; a reference, where a processor that
    is connected has to say what left, unless it is asked; not before the grant; no other payout's reference
    (I12).
    """
    state, refund = refund_of(command.stream, command.refund, given)
    already = _already_settled(command, state, refund)
    if already:
        return Decision(customer=command.customer, already=already)
    expect_not_taken_back(refund)
    expect_undisputed(state, refund, given)
    due = due_now(state, refund, given)
    if due.total == 0:
        raise NothingDueBack(command.refund)
    customer = given.state(command.customer, Customer)
    ways = Ways(state, customer, refund, given)
    way = ways.chosen(_way_named(command)) if due.cash else "store_credit"
    if way == "store_credit" and command.reference is not None:
        raise CreditLeavesNothing(command.refund, "cheque" if due.cash else None)
    back: list[RefundPaid] = []
    if way == "original_method":
        back = list(_back_to_payments(command, state, ways, due.cash, given.book))
    expect_cause(refund.at, given)
    if way == "original_method" and not back:
        return _asked(command, state, due.cash, given.book)
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
        paid = tuple(back)
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
    if asked := [refund.asked[payout] for payout in command.payouts if payout in refund.asked]:
        if command.reference is not None or _way_named(command) not in (None, "original_method"):
            raise AlreadyRecordedOtherwise(command.payouts[0])
        return tuple(asked)
    known = [refund.payouts[payout] for payout in command.payouts if payout in refund.payouts]
    for payout in known:
        if not _is_said(command, state, payout):
            raise AlreadyRecordedOtherwise(payout.tried.payout)
    if not known and command.reference is not None:
        there = refund.payouts.values()
        known = [each for each in there if not each.did_not_arrive and _is_said(command, state, each)]
    kept = state.credits.get(command.credit)
    return (*[payout.position for payout in known], *(() if kept is None else (kept.position,)))


def _way_named(command: SettleRefund) -> Way | None:
    """The way asked for; who names a payment or a card has chosen one."""
    if command.method is None and command.payment is not None:
        return "original_method"
    if command.method is None and command.payment_method is not None:
        return "other_card"
    return command.method


def _is_said(command: SettleRefund, state: Placed | Customer, known: Payout) -> bool:
    """Whether that payout is what the settlement says left us, as far as it says anything."""
    it = known.tried
    method = _way_named(command) or it.method
    if method == "cheque" and it.payment is not None and came_by_cheque(state, it.payment):
        method = it.method
    said = (method, command.reference, command.payment or it.payment)
    return isinstance(it, RefundPaid) and (it.method, it.reference, it.payment) == said


def _back_to_payments(
    command: SettleRefund, state: Placed | Customer, ways: Ways, cash: int, book: Register
) -> Iterator[RefundPaid]:
    """Against the payments it came with, oldest first, as far as they reach; the rest stays owed. Nothing,
    where the processor that is connected is to be asked.

    A reference is that of one payout, against one payment. Without one, what came through the processor is
    left to it: that money left is said by whoever moves it. Raises: PaidOutByProcessor, PayoutNotNamed,
    PayoutWayClosed.
    """
    assert isinstance(state, Placed)
    refund = state.refunds[command.refund]
    sent = sent_back_by(command.processor, state, refund, cash, book)
    its = {it.payment for it, _ in sent}
    open_ = ways.payments()
    by_hand = [each for each in open_ if each[0] not in its]
    rest = cash - sum([share for _, share in sent])
    if command.payment is not None:
        chosen = [each for each in open_ if each[0] == command.payment]
        if not chosen:
            raise PayoutWayClosed(command.refund, "original_method")
        cash = cash if command.reference is not None or command.payment in its else rest
    elif command.reference is not None:
        chosen, cash = (by_hand[:1], rest) if by_hand and rest else (open_[:1], cash)
    else:
        chosen, cash = by_hand, rest
    if command.reference is None:
        through = payments_of(command.processor, state, refund, book)
        chosen = [each for each in chosen if each[0] not in through]
        if not chosen or not cash:
            _expect_asked(command, its)
            return
    for payout, (payment, most, card) in zip(command.payouts, chosen, strict=False):
        amount = min(cash, most)
        if amount:
            yield _paid(command, state, payout, amount, "original_method", payment, card)
            cash -= amount


def _expect_asked(command: SettleRefund, its: set[str]) -> None:
    """The processor sends some of it back: of all, or of the payment named.

    Raises: PaidOutByProcessor, PayoutNotNamed.
    """
    assert command.processor is not None
    if not its:
        raise PayoutNotNamed(command.refund, command.processor)
    if command.payment is not None and command.payment not in its:
        raise PaidOutByProcessor(command.refund, command.processor)


def _asked(command: SettleRefund, state: Placed | Customer, cash: int, book: Register) -> Decision:
    """Nothing left: the processor is asked, as after whatever else makes something due, and says what did."""
    assert isinstance(state, Placed)
    assert command.processor is not None
    refund = state.refunds[command.refund]
    sent = sent_back_by(command.processor, state, refund, cash, book)
    asked = PayoutAsked(
        refund=command.refund,
        customer=refund.customer,
        order=command.stream,
        payout=command.payouts[0],
        processor=command.processor,
        currency=refund.granted.currency,
        amount=sum([share for _, share in sent]),
    )
    return Decision(events=((command.stream, asked),), customer=refund.customer)


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
    claims: list[Claim] = []
    left = due.total
    for it in paid:
        expect_unused(state, it, command.processor)
        claims.extend(payout_claims(state, it, command.processor))
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
    return Decision(events=tuple(events), claims=tuple(claims), customer=refund.customer)
