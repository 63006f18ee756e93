"""Settling a refund: what is due back is computed anew at every payout, and goes back the way it came.

    original method → another card of the customer → store credit, or a cheque where they prefer money

Money goes back first, up to what came as money; what was paid with credit comes back as credit, and what was
paid with a gift as a gift. A way is left only once it failed, or where it does not exist. While a bank asks
about a payment, payouts wait.
Source: R-B9, R-G8, R-G9, I13
"""

from dataclasses import dataclass

import msgspec

from domain.causes import expect_cause
from domain.command import Command, OutOfRange, expect_text
from domain.customers.registering import Customer
from domain.decision import Claim, Decision, Given
from domain.entry import Event
from domain.ids import expect_id
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside
from domain.refunds.due_now import NothingDueBack, due_now, expect_undisputed
from domain.refunds.going_back import GoingBack, Share
from domain.refunds.granted_refund import refund_of
from domain.refunds.owed import Owed
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.payout_references import expect_unused, payout_claims
from domain.refunds.refund import Payout, Refund, expect_not_taken_back
from domain.refunds.refund_events import PayoutMethod, RefundPaid
from domain.refunds.ways import PayoutWayClosed, Way, Ways, came_by_cheque, expect_way
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
    if way == "store_credit":
        expect_cause(refund.at, given)
        return _recorded(command, state, (), Owed(0, due.total))
    if way == "original_method":
        assert isinstance(state, Placed)
        back = GoingBack(state, refund, ways, due.cash, command.processor, given.book)
        left = command.reference is not None
        shares = back.said_to_have_left(command.payment) if left else back.by_hand(command.payment)
        expect_cause(refund.at, given)
        if not shares:
            return _asked(command, refund, back.sent)
    else:
        expect_cause(refund.at, given)
        shares = [Share(None, due.cash, _other_card(command, ways) if way == "other_card" else None)]
    return _recorded(command, state, _paid(command, refund, way, shares), due)


def _other_card(command: SettleRefund, ways: Ways) -> str:
    card = ways.card(command.payment_method)
    if card is None:
        raise PayoutWayClosed(command.refund, "other_card")
    return card


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


def _asked(command: SettleRefund, refund: Refund, amount: int) -> Decision:
    """Nothing left: the processor is asked, as after whatever else makes something due, and says what did."""
    assert command.processor is not None
    asked = PayoutAsked(
        refund=command.refund,
        customer=refund.customer,
        order=command.stream,
        payout=command.payouts[0],
        processor=command.processor,
        currency=refund.granted.currency,
        amount=amount,
    )
    return Decision(events=((command.stream, asked),), customer=refund.customer)


def _paid(
    command: SettleRefund, refund: Refund, method: PayoutMethod, shares: list[Share]
) -> tuple[RefundPaid, ...]:
    """What leaves, as many payouts as there are names for."""
    granted = refund.granted
    return tuple(
        [
            RefundPaid(
                refund=command.refund,
                customer=granted.customer,
                order=granted.order,
                payout=payout,
                currency=granted.currency,
                amount=share.amount,
                method=method,
                payment=share.payment,
                payment_method=share.card,
                reference=command.reference,
            )
            for payout, share in zip(command.payouts, shares, strict=False)
        ]
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
