"""Settling a refund: what is due back is computed anew at every payout, and goes back the way it came.

    original method → another card of the customer → store credit, or a cheque where they prefer money

Money goes back first, up to what came as money; what was paid with credit comes back as credit, and what was
paid with a gift as a gift. A way is left only once it failed, or where it does not exist. While a bank asks
about a payment, payouts wait. What had left before it asked, or took money back, has left all the same: it is
recorded as of then, and what of it is due no longer waits as unmatched.
Source: R-B9, R-G8, R-G9, I12, I13, H-time
"""

from dataclasses import dataclass

import msgspec

from domain.causes import expect_cause
from domain.customers.registering import Customer
from domain.decision import Claim, Decision, Given
from domain.entry import Event
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.inbound.waiting import RefundMayHaveLeft, left_for
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside, CreditShare
from domain.payments.references import way_of
from domain.refunds.beyond_due import BeyondDue, kept_beyond
from domain.refunds.contesting import contesting
from domain.refunds.credit_out import credit_again, credit_that_leaves
from domain.refunds.due_now import due_now, due_then, expect_undisputed, none_due
from domain.refunds.going_back import GoingBack, PaidOutByProcessor, Share, as_far_as
from domain.refunds.granted_refund import refund_of
from domain.refunds.owed import Owed
from domain.refunds.paying_out import PayoutExceedsDue
from domain.refunds.payout_events import PayoutAsked
from domain.refunds.payout_references import (
    CARD,
    ReferenceMissing,
    expect_unused,
    may_be_named_later,
    payout_claims,
)
from domain.refunds.refund import Refund, expect_not_taken_back
from domain.refunds.refund_events import PayoutMethod, RefundPaid
from domain.refunds.settlement import SettleRefund, already_settled
from domain.refunds.ways import PayoutWayClosed, Way, Ways
from domain.refusal import Refusal


@dataclass(unsafe_hash=True)
class PayoutToldAlready(Refusal):
    """The processor has told of what left under this reference, and it is kept as money without a place."""

    rule = "I12"
    way_out = "Say what that money was for: assign it to this refund, and it is paid out of it once."

    refund: str
    unmatched: str


@dataclass(unsafe_hash=True)
class CreditLeavesNothing(Refusal):
    """A reference or an amount says that money left us, and on this way it is kept as the customer's
    credit.
    """

    rule = "R-G8"
    way_out = (
        "Name the method by which the money left, where one is shown; leave the reference and the amount"
        " out to keep it as credit."
    )

    refund: str
    method: Way | None
    """By which it may leave; None where none of it is money."""


def settle_refund(command: SettleRefund, given: Given) -> Decision:
    """Pays out what is due back of a refund, and claims the reference of what left. That money left is a
    fact, whatever a bank did since: what of it is due no longer is kept as unmatched.

    Checks, in this order: refund known; retry, by payout, then by the reference; nothing told of that
    waits under it (I12); granted (R-G9); not taken back (H-correct); no dispute open by then, nor by now
    where nothing has left (R-B9); something due back then, where no amount says what left (I13); nothing
    waits that may be it, where neither an amount nor a reference says that other money left (I12); the way
    open, and no earlier one (R-G8); no reference or amount of money that left, where it is kept as
    credit; a reference, where what leaves so always bears one, or a processor that is connected has to
    say what left, unless it is asked (R-G8); not before the grant; no more than is due by now, where
    nothing names the rest; no other payout's reference (I12).
    """
    state, refund = refund_of(command.stream, command.refund, given)
    already = already_settled(command, state, refund, given)
    if already:
        return Decision(customer=command.customer, already=already)
    if command.told is not None and given.state(unmatched_stream(command.told), UnmatchedMoney) is not None:
        raise PayoutToldAlready(command.refund, command.told)
    expect_not_taken_back(refund)
    expect_undisputed(state, refund, given, by_now=False)
    due, then = due_now(state, refund, given), due_then(state, refund, given)
    if then.total == 0 and command.amount is None:
        raise none_due(state, refund)
    said_to_have_left = command.reference is not None or command.amount is not None
    if not said_to_have_left and then.cash:
        _expect_not_gone(command, state, then.cash, given)
    customer = given.state(command.customer, Customer)
    ways = Ways(state, customer, refund, given)
    is_money = then.cash > 0 or command.amount is not None
    way = ways.chosen(command.way) if is_money else "store_credit"
    if way == "store_credit" and said_to_have_left:
        raise CreditLeavesNothing(command.refund, "cheque" if is_money else None)
    if way == "store_credit":
        _expect_still_due(state, refund, due, given)
        return _recorded(command, state, (), Owed(0, due.total), due.total, given)
    cash = then.cash if command.amount is None else min(command.amount, then.cash)
    if way == "original_method":
        assert isinstance(state, Placed)
        back = GoingBack(state, refund, ways, cash, command.processor, given.book)
        shares = _back(command, back) if cash else []
        if not shares and command.amount is None:
            _expect_still_due(state, refund, due, given)
            return _asked(command, refund, min(back.sent, due.cash))
        if not shares and command.reference is None and command.processor is not None:
            raise PaidOutByProcessor(command.refund, command.processor)
    else:
        shares = [Share(None, cash, _other_card(command, ways) if way == "other_card" else None)]
        if command.reference is None and not may_be_named_later(state, way, None):
            raise ReferenceMissing(command.refund)
    expect_cause(refund.at, given)
    return _left(command, state, way, shares, Owed(due.cash, then.credit), given)


def _expect_not_gone(command: SettleRefund, state: Placed | Customer, due: int, given: Given) -> None:
    """What left and waits may be what is due: nothing leaves a second time. Raises: RefundMayHaveLeft."""
    left = left_for(state, command.payouts_waiting, given) if isinstance(state, Placed) else 0
    if isinstance(state, Placed) and left:
        raise RefundMayHaveLeft(command.refund, state.money(due), state.money(left))


def _back(command: SettleRefund, back: GoingBack) -> list[Share]:
    is_named = command.reference is not None
    return back.said_to_have_left(command.payment) if is_named else back.by_hand(command.payment)


def _expect_still_due(state: Placed | Customer, refund: Refund, due: Owed, given: Given) -> None:
    """Nothing has left: what bears on it by now counts.

    Raises: PayoutDuringDispute, NothingDueBack, NothingLeftOfRefund, EffectiveBeforeCause.
    """
    expect_undisputed(state, refund, given, by_now=True)
    if due.total == 0:
        raise none_due(state, refund)
    expect_cause(refund.at, given)


def _left(
    command: SettleRefund,
    state: Placed | Customer,
    way: PayoutMethod,
    shares: list[Share],
    due: Owed,
    given: Given,
) -> Decision:
    """What left us: as far as it is due still, payouts; and what goes beyond that, unmatched."""
    refund = state.refunds[command.refund]
    shares = shares[: len(command.payouts)]
    left = command.amount or sum([each.amount for each in shares])
    # Of credit given as money a bank's loss is owed by itself: the refund takes all that is left of it.
    most = due.cash if isinstance(state, Placed) else refund.claim
    still_due = as_far_as(most, _that_stand(shares, state))
    paid = _paid(command, refund, way, still_due)
    if isinstance(state, Placed):
        paid = tuple([contesting(it, state, given) for it in paid])
    else:
        paid = tuple([_of_credit(it, state, refund, given) for it in paid])
    total = due.total if isinstance(state, Placed) else refund.claim
    decided = _recorded(command, state, paid, due, total, given)
    beyond = left - sum([it.amount for it in paid])
    if not beyond:
        return decided
    if command.unmatched is None:
        currency = refund.granted.currency
        raise PayoutExceedsDue(command.refund, Money(left, currency), Money(left - beyond, currency))
    payments = [it.payment for it in paid] or [each.payment for each in shares] or [command.payment]
    kept = _beyond(command, refund, _sent_by(command, state, way, payments[0]), len(paid), beyond)
    more = kept_beyond(kept, state, given, reference_used=bool(paid and command.reference))
    return Decision(
        events=(*decided.events, *more.events),
        claims=(*decided.named_claims, *more.named_claims),
        customer=refund.customer,
    )


def _of_credit(it: RefundPaid, state: Customer, refund: Refund, given: Given) -> RefundPaid:
    """The same, with which credit has left, where it is credit given as money."""
    return msgspec.structs.replace(it, credits=credit_that_leaves(state, refund, it.amount, given))


def _beyond(command: SettleRefund, refund: Refund, processor: str, place: int, amount: int) -> BeyondDue:
    """Told under the first name that no payout took."""
    payout = command.payouts[min(place, len(command.payouts) - 1)]
    assert command.unmatched is not None
    return BeyondDue(
        refund=command.refund,
        customer=refund.customer,
        payout=payout,
        currency=refund.granted.currency,
        amount=amount,
        processor=processor,
        reference=command.reference or payout,
        unmatched=command.unmatched,
        why=PayoutExceedsDue.slug(),
    )


def _sent_by(command: SettleRefund, state: Placed | Customer, way: PayoutMethod, payment: str | None) -> str:
    """Whose names the reference is one of."""
    match way:
        case "cheque":
            return way
        case "other_card":
            return command.processor or CARD
        case "original_method":
            assert isinstance(state, Placed)
            return way_of(state.payments[payment or next(iter(state.payments))])


def _that_stand(shares: list[Share], state: Placed | Customer) -> list[Share]:
    """The same, each at most what is still there of its payment."""
    if isinstance(state, Customer):
        return shares
    return [
        each
        if each.payment is None
        else msgspec.structs.replace(each, amount=min(each.amount, state.payments[each.payment].may_go_back))
        for each in shares
    ]


def _other_card(command: SettleRefund, ways: Ways) -> str:
    card = ways.card(command.payment_method)
    if card is None:
        raise PayoutWayClosed(command.refund, "other_card", ways.first())
    return card


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
    command: SettleRefund,
    state: Placed | Customer,
    paid: tuple[RefundPaid, ...],
    due: Owed,
    left: int,
    given: Given,
) -> Decision:
    """`left`: what was due of it before."""
    refund = state.refunds[command.refund].granted
    events: list[tuple[str, Event]] = []
    claims: list[Claim] = []
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
            again=_again(command, state, due, given),
            left=left - due.credit,
        )
        events.extend([(stream, kept) for stream in command.held_in()])
    return Decision(events=tuple(events), claims=tuple(claims), customer=refund.customer)


def _again(
    command: SettleRefund, state: Placed | Customer, due: Owed, given: Given
) -> tuple[CreditShare, ...]:
    """What of the credit due is credit again that it had been."""
    match state:
        case Placed():
            return state.credit_in(due.credit, due.cash)
        case Customer():
            return credit_again(state, state.refunds[command.refund], due.credit, given)
