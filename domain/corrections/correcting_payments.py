"""Correcting a payment: money recorded as received never came, or was for something else.

Everything the payment had brought about is taken back with it. What it had paid of what is owed without a
number takes the order's funds first. What then is missing in them is owed like a bill, without a number, as
after a chargeback; what refunds had kept of it as credit, and is left of that very credit, pays it.
What had been without a place before it was assigned, or was found to be this payment, did come, and waits
again.

Source: H-correct, R-B9, I12
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from domain.bills.bill import Bill, Bills, shares_less
from domain.bills.bill_events import BillPaymentReceived, BillShare
from domain.bills.promise import Promise
from domain.causes import expect_cause
from domain.corrections.correction_events import PaymentCorrected, ReopenedShare
from domain.corrections.evolve_corrections import without_payment
from domain.corrections.phantom_funds import cleared_of_phantoms, cleared_of_write_offs, without_number
from domain.customers.credit import Credit, CreditLeft, drawn
from domain.customers.registering import Customer, known_customer
from domain.deadlines import deadlines_of_unmatched, deadlines_of_what_is_owed
from domain.decision import Claim, Decision, Given
from domain.declines.resuming import hold_goes_on
from domain.entry import Event
from domain.ids import parse_type_id, type_id
from domain.inbound.unmatched import UnmatchedMoney, unmatched_stream
from domain.inbound.unmatched_events import CameFor, UnmatchedReceiptReopened
from domain.moments import day_of
from domain.money import Money
from domain.orders.order import Placed
from domain.payments.payment import Payment
from domain.payments.payment_events import CreditSetAside, CreditShare, CreditUsed, PaymentCaptured
from domain.refunds.cleared import late_of_none
from domain.refusal import Refusal, WhereNone


@dataclass(unsafe_hash=True)
class PaymentTakenBack(Refusal):
    """This payment was charged back or bounced: it did come, and what became of it is on record."""

    rule = "H-correct"
    way_out = "Leave the payment as it is. What is owed since it was taken back is paid, or reinstated."

    payment: str


@dataclass(unsafe_hash=True)
class PaymentPaidBack(Refusal):
    """Money of this payment went back to the customer the way it came: it did come."""

    rule = "H-correct"
    way_out = "Leave the payment as it is. If the payout was a mistake, record the money when it is returned."
    spoken = "Of this payment {paid_back} went back to the customer."

    payment: str
    paid_back: Money


@dataclass(unsafe_hash=True)
class CreditOfPaymentUsed(Refusal):
    """What exceeded the bill was set aside as the customer's credit, and some was used or paid out since."""

    rule = "I15"
    way_out = "Leave the payment as it is, and ask the customer for what is missing."
    spoken = "Of the {set_aside} set aside from this payment only {available} are still there."
    where_none = WhereNone(
        "available", "Nothing of the {set_aside} set aside from this payment is still there."
    )

    payment: str
    set_aside: Money
    available: Money


def correct_payment(
    payment: Payment, state: Placed, waited: UnmatchedMoney | None, owed: str, given: Given
) -> Decision:
    """Takes a payment back, with what it paid, reopened and set aside.

    `waited` is the money without a place that it may have been, `owed` names what may be owed without a
    number then. Checks, in this order: not reversed; not paid back; the credit still there (I15).
    Source: H-correct, R-B9
    """
    it = payment.received
    if any(reversal.it.payment == it.payment for reversal in state.reversals.values()):
        raise PaymentTakenBack(it.payment)
    if payment.paid_back:
        raise PaymentPaidBack(it.payment, state.money(payment.paid_back))
    excess = _excess_of(it.payment, state)
    if excess is not None:
        _expect_left(excess, it, known_customer(given, it.customer))
    corrected = _corrected(payment, excess, state, owed, given)
    after = without_payment(state, corrected)
    of_funds = _taken_of_funds(after, state)
    after = without_payment(state, msgspec.structs.replace(corrected, cleared=of_funds))
    # Last the bills: a refund since would have cleared of them what this payment seemed to have paid.
    numbered = [bill for bill in after.bills.values() if bill.is_numbered]
    cleared = (*of_funds, *cleared_of_phantoms(after, (*without_number(after), *numbered)))
    corrected = _with_cleared(corrected, cleared, state)
    corrected = msgspec.structs.replace(corrected, of_no_refund=_of_no_refund(corrected, state))
    events: list[tuple[str, Event]] = [(it.order, corrected)]
    if excess is not None:
        events.append((it.customer, corrected))
    if (used := _kept_credit_used(corrected, state, given)) is not None:
        events += [(it.order, used), (it.customer, used)]
    if waited is not None and waited.became(it.payment):
        events.append((unmatched_stream(waited.it.unmatched), _waits_again(corrected, waited, given)))
    events += hold_goes_on(without_payment(state, corrected), it.payment, payment.position, it.payment, given)
    claims = () if corrected.bill is None else (Claim("bill", corrected.bill, it.order),)
    return Decision(events=tuple(events), claims=claims, customer=it.customer)


def _taken_of_funds(after: Placed, state: Placed) -> tuple[BillShare, ...]:
    """What of that open again without a number takes the order's funds first, as what a bank takes (R-B9)."""
    funds, shares = after.funds(), list[BillShare]()
    for row in without_number(after):
        if (amount := min(funds, row.open - state.bills[row.bill].open)) > 0:
            shares.append(row.share(amount))
            funds -= amount
    return tuple(shares)


def _with_cleared(it: PaymentCorrected, cleared: tuple[BillShare, ...], state: Placed) -> PaymentCorrected:
    """With that cleared, and then what it would write off again. As at a grant, the write-offs come last."""
    it = msgspec.structs.replace(it, cleared=cleared)
    let_off = cleared_of_write_offs(without_payment(state, it), it.written_off)
    return msgspec.structs.replace(
        it, written_off=shares_less(it.written_off, let_off), cleared=(*cleared, *let_off), let_off=let_off
    )


def _of_no_refund(corrected: PaymentCorrected, state: Placed) -> tuple[BillShare, ...]:
    """What of that no refund clears, as of so much none is left."""
    left = late_of_none(without_payment(state, corrected)) - late_of_none(state)
    shares: list[BillShare] = []
    for share in corrected.cleared:
        if (amount := min(share.amount, left)) > 0:
            shares.append(BillShare(share.bill, amount))
            left -= amount
    return tuple(shares)


def _waits_again(it: PaymentCorrected, waited: UnmatchedMoney, given: Given) -> UnmatchedReceiptReopened:
    named, whose = waited.it.order, waited.it.customer
    return UnmatchedReceiptReopened(
        unmatched=waited.it.unmatched,
        customer=it.customer,
        order=it.order,
        subject=it.payment,
        currency=it.currency,
        amount=it.amount,
        came_for=None if named is None or whose is None else CameFor(named, whose),
        deadlines=deadlines_of_unmatched(given),
    )


def _expect_left(excess: CreditShare, it: PaymentCaptured | BillPaymentReceived, customer: Customer) -> None:
    """All of that very credit is there still. Raises: CreditOfPaymentUsed."""
    left = _own_credit(customer, it.currency).get(excess.credit, 0)
    if left < excess.amount:
        raise CreditOfPaymentUsed(it.payment, Money(excess.amount, it.currency), Money(left, it.currency))


def _own_credit(customer: Customer | None, currency: str) -> CreditLeft:
    return {} if customer is None else customer.credit.get(currency, Credit()).own


def _kept_credit_used(corrected: PaymentCorrected, state: Placed, given: Given) -> CreditUsed | None:
    """What refunds of this order kept as the customer's own credit, and was not spent or asked back since,
    pays of the money missing then.

    So nobody owes what never came and keeps it as credit; and money that came for something else stays what
    it is. Source: H-correct, I15, §2 Money
    """
    if corrected.bill is None:
        return None
    by_refunds = {
        name
        for name, change in state.credits.items()
        if isinstance(change.it, CreditSetAside) and change.it.source == "refund"
    }
    left = _own_credit(given.state(corrected.customer, Customer), corrected.currency)
    kept = drawn({name: there for name, there in left.items() if name in by_refunds}, corrected.opened)
    if not kept:
        return None
    amount = sum([share.amount for share in kept])
    return CreditUsed(
        customer=corrected.customer,
        order=corrected.order,
        use=type_id("use", parse_type_id(corrected.bill)[1]),
        currency=corrected.currency,
        amount=amount,
        own=kept,
        bills=(BillShare(corrected.bill, amount),),
    )


def _corrected(
    payment: Payment, excess: CreditShare | None, state: Placed, owed: str, given: Given
) -> PaymentCorrected:
    it = payment.received
    set_aside = 0 if excess is None else excess.amount
    written_off = state.write_offs_reversed.get(it.payment, ())
    # What paid no bill and became no credit is in the order's funds, or was used by what has shipped since.
    from_funds = it.amount - sum([share.amount for share in it.bills]) - set_aside
    opened = max(0, from_funds - state.funds())
    due_on = day_of(given.at, given.book.zone)
    return PaymentCorrected(
        order=it.order,
        customer=it.customer,
        payment=it.payment,
        corrects=payment.position,
        currency=it.currency,
        amount=it.amount,
        reopened=reopened_shares(it.payment, it.bills, written_off, state.bills, given),
        written_off=written_off,
        credit=None if excess is None else excess.credit,
        set_aside=set_aside,
        cleared=(),
        bill=owed if opened else None,
        opened=opened,
        due_on=due_on if opened else None,
        deadlines=deadlines_of_what_is_owed(due_on, given) if opened else (),
    )


def _excess_of(payment: str, state: Placed) -> CreditShare | None:
    """What exceeded the bill, and the credit it was set aside as."""
    for credit, change in state.credits.items():
        if isinstance(change.it, CreditSetAside) and change.it.subject == payment:
            return CreditShare(credit, change.it.amount)
    return None


def reopened_shares(
    by: str, shares: Sequence[BillShare], written_off: Sequence[BillShare], bills: Bills, given: Given
) -> tuple[ReopenedShare, ...]:
    """Those shares of bills as they are open again; what of them is let off again stays closed.

    `by` had settled them, and so perhaps kept a promise, which counts again from when it was made on.
    Raises: EffectiveBeforeCause.
    """
    net: Counter[str] = Counter()
    for share in shares:
        net[share.bill] += share.amount
    for share in written_off:
        net[share.bill] -= share.amount
    return tuple([_reopened(by, share, bills[share.bill], given, net[share.bill] > 0) for share in shares])


def _asks_again(promise: Promise, by: str, bill: Bill) -> bool:
    """Whether a promise counts again: `by` had kept it, or it rested while nothing was left to pay."""
    return promise.kept_by == by or (promise.outcome is None and bill.open == 0)


def _reopened(by: str, share: BillShare, bill: Bill, given: Given, opens: bool) -> ReopenedShare:
    promise = next((known for known in bill.promises.values() if _asks_again(known, by, bill)), None)
    overdue_at = bill.overdue_at if opens and bill.overdue_since is None else None
    broken_at = None if promise is None or not opens else promise.broken_at
    if opens and promise is not None:
        expect_cause(promise.at, given)
    return ReopenedShare(
        bill=share.bill,
        amount=share.amount,
        uncollectible=share.uncollectible,
        overdue_at=None if overdue_at is None else max(overdue_at, given.at),
        promise=None if promise is None or not opens else promise.made.promise,
        broken_at=None if broken_at is None else max(broken_at, given.at),
    )
