"""Payments: money received for an order covers the units still to ship, then pays its open bills.

Source: I11, I12, R-D4
"""

from dataclasses import dataclass

import msgspec

from domain.bills.bill import oldest_first
from domain.bills.owing import expect_currency
from domain.bills.promising import promises_kept
from domain.causes import expect_cause
from domain.command import Command, expect_amount, expect_space_of_names, expect_text
from domain.customers.cards_on_file import card_of
from domain.deadlines import deadlines_of_card_used
from domain.decision import Claim, Decision, Given
from domain.declines.decline_events import ChargeRecordedBefore
from domain.declines.holds import hold_begins, hold_ends, shipping_begins
from domain.declines.order_declines import RecordedBefore
from domain.entry import Event, Minor
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import NOTHING_TO_PAY, Placed, placed_order, price_not_covered, still_to_pay
from domain.payments.payers_references import expect_same_payment
from domain.payments.payment import Payment
from domain.payments.payment_events import PaymentCaptured
from domain.payments.references import NAMED_BY_PAYER, MoneyReference, recorded_under
from domain.refusal import EntryOnRecord, OnRecord, Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise


class CapturePayment(Command, frozen=True, kw_only=True):
    """Record that a payment processor captured money for an order. Raises: ValueError."""

    order: str
    payment: str
    amount: Minor
    currency: str
    processor: str
    reference: str
    """The processor's own name for this capture."""
    payment_method: str | None = None
    """The card on file that was charged, if it was one."""
    customer: str | None = None
    """The customer whose card on file it is; named with `payment_method`, so that their stream is read."""
    named_by_customer: bool = False
    """Whether the customer chose this card, rather than we from what is on file."""
    corrected_in: str | None = None
    """The order in which a payment under this reference was corrected, which lets the reference be used again
    here."""

    def __post_init__(self) -> None:
        expect_id("pay", self.payment)
        expect_amount("amount", self.amount, least=1)
        expect_space_of_names("processor", self.processor)
        expect_text("reference", self.reference)
        if (self.payment_method is None) != (self.customer is None):
            raise ValueError("payment_method and customer must be named together")

    def named_for(self, customer: str) -> MoneyReference:
        """The processor's reference; the customer's own, of what they sent themselves."""
        return MoneyReference(self.processor, self.reference, customer)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)

    def reads(self) -> tuple[str, ...]:
        return tuple([each for each in (self.customer, self.corrected_in) if each is not None])

    def facts_of(self) -> str | None:
        return self.customer


@dataclass(unsafe_hash=True)
class ReferenceCapturedOtherwise(Refusal):
    """The processor's reference is already recorded for this order with another amount."""

    rule = "I12"
    way_out = (
        "Compare the processor's record with the payment shown; the same capture never counts twice. Of money"
        " that waits under this reference, assign first as much as that payment: it is the same, and only"
        " matched; what came beyond it is a part of its own. If the payment is wrong, correct it first."
    )
    spoken = "Recorded under this reference are {recorded}, and these would be {amount}."

    payment: OnRecord
    position: EntryOnRecord
    recorded: Money
    amount: Money


@dataclass(unsafe_hash=True)
class CaptureExceedsPrice(Refusal):
    """The payment is more than the units still to ship need, plus what is open on the order's bills."""

    rule = "I12"
    way_out = "Capture at most the amount shown, and give back at the processor what it took beyond it."
    spoken = "A payment of {amount} is more than the {most} that this order still needs."
    where_none = WhereNone(
        "most", NOTHING_TO_PAY, "Give it back at the processor, or record it for the order that it was for."
    )

    order: str
    amount: Money
    most: Money


def capture_payment(command: CapturePayment, given: Given) -> Decision:
    """Records a capture and claims the processor's reference.

    Checks, in this order: order placed (I11); retry by payment id, then by reference (by its day too, where
    the payer named it), which ends a charge under way of that id whose money is recorded under another
    (R-D4); what was attempted under that id; currency; card on file; amount; not before the order. The card
    has paid: whether it may be charged is asked before an attempt, never of money that came (R-D4, R-D6). The
    amount covers the units still to ship first, then pays the open bills, oldest first; with what covers them
    all, a hold ends; with less than was attempted and is needed, one begins.
    Source: I12, R-D2
    """
    state = placed_order(given, command.order)
    captured = _captured(state, command, given)
    recorded = _already_captured(state, captured, given)
    if isinstance(recorded, Payment):
        return _recorded_before(state, captured, recorded)
    if recorded is not None:
        return Decision(customer=state.placed.customer, already=(recorded.position,))
    _expect_as_attempted(state, command)
    expect_currency(state, Money(command.amount, command.currency))
    if command.payment_method is not None and command.customer is not None:
        card_of(given, state, command.customer, command.payment_method)
    _check_amount(command, state)
    expect_cause(state.placed_at, given)
    is_covered = captured.amount >= price_not_covered(state)
    return Decision(
        events=(
            (command.order, captured),
            *promises_kept(state, captured.bills, captured.payment),
            *hold_ends(state, may_ship=is_covered, because="paid", by=captured.payment, given=given),
            *_waits_for_the_rest(state, captured, given),
        ),
        claims=(_claim(command, state, given),),
        customer=state.placed.customer,
    )


def _waits_for_the_rest(
    state: Placed, captured: PaymentCaptured, given: Given
) -> tuple[tuple[str, Event], ...]:
    """A bank that lets less through than it was asked for leaves the rest to be asked for. Source: R-D2"""
    attempt = state.declines.attempts.get(captured.payment)
    if attempt is None or captured.amount >= attempt.attempted.amount:
        return ()
    after = msgspec.structs.replace(state, account=state.account.moved(received=captured.amount))
    return hold_begins(after, captured.payment, "paid_short", given)


def _claim(command: CapturePayment, state: Placed, given: Given) -> Claim:
    """The reference is this capture's for good; once it is corrected, of the next one that names it."""
    there = state if command.corrected_in is None else given.state(command.corrected_in, Placed)
    return command.named_for(state.placed.customer).next_claim(there)


def _captured(state: Placed, command: CapturePayment, given: Given) -> PaymentCaptured:
    not_covered = price_not_covered(state)
    to_units = min(command.amount, not_covered)
    return PaymentCaptured(
        order=command.order,
        customer=state.placed.customer,
        payment=command.payment,
        currency=command.currency,
        amount=command.amount,
        payment_method=command.payment_method,
        processor=command.processor,
        reference=command.reference,
        bills=oldest_first(state.bills, command.amount - to_units),
        deadlines=(
            *(shipping_begins(state, given) if 0 < not_covered <= command.amount else ()),
            *(deadlines_of_card_used(given) if _is_our_choice(command, state) else ()),
        ),
    )


def _already_captured(
    state: Placed, captured: PaymentCaptured, given: Given
) -> Payment | RecordedBefore | None:
    ended = state.declines.recorded_before.get(captured.payment)
    if ended is not None and _money(ended.it) == _money(captured):
        return ended
    if state.declines.is_over(captured.payment):
        raise AlreadyRecordedOtherwise(captured.payment)
    known = state.payments.get(captured.payment)
    if known is not None:
        if not isinstance(known.received, PaymentCaptured) or _content(known.received) != _content(captured):
            raise AlreadyRecordedOtherwise(captured.payment)
        return known
    last = recorded_under(state, captured.processor, captured.reference)
    if last is None:
        return None
    it, amount = last.received, Money(captured.amount, captured.currency)
    recorded = Money(it.amount, it.currency)
    if captured.processor in NAMED_BY_PAYER:
        expect_same_payment(last, amount, None, given)
    # The card does not matter: a second notice of the same capture may not name it.
    elif recorded != amount:
        raise ReferenceCapturedOtherwise(it.payment, last.position, recorded, amount)
    return last


def _recorded_before(state: Placed, captured: PaymentCaptured, known: Payment) -> Decision:
    """What is recorded is recorded; a charge under way whose money it is, under another name, is over."""
    attempt, customer = state.declines.attempts.get(captured.payment), state.placed.customer
    is_its_own = known.received.payment == captured.payment
    if is_its_own or attempt is None or attempt.attempted.processor != captured.processor:
        return Decision(customer=customer, already=known.positions)
    ended = ChargeRecordedBefore(
        order=captured.order,
        customer=customer,
        payment=captured.payment,
        currency=captured.currency,
        amount=captured.amount,
        processor=captured.processor,
        reference=captured.reference,
        recorded_as=known.received.payment,
    )
    return Decision(events=((captured.order, ended),), customer=customer)


def _content(it: PaymentCaptured) -> tuple[object, ...]:
    # Not what the money was used for then.
    return *_money(it), it.payment_method


def _money(it: PaymentCaptured | ChargeRecordedBefore) -> tuple[object, ...]:
    return it.amount, it.currency, it.processor, it.reference


def _expect_as_attempted(state: Placed, command: CapturePayment) -> None:
    """A charge that was attempted ends on the card attempted. Raises: AlreadyRecordedOtherwise."""
    attempt = state.declines.attempts.get(command.payment)
    if attempt is None:
        return
    it = attempt.attempted
    # Not the amount: a bank may let less through than it was asked for.
    if (it.processor, it.payment_method) != (command.processor, command.payment_method):
        raise AlreadyRecordedOtherwise(command.payment)


def _is_our_choice(command: CapturePayment, state: Placed) -> bool:
    """Whether we chose the card from what is on file, so that the customer is told which. Source: R-D4"""
    attempt = state.declines.attempts.get(command.payment)
    if attempt is not None:
        return not attempt.attempted.named_by_customer
    is_on_hold = state.declines.hold is not None
    return is_on_hold and command.payment_method is not None and not command.named_by_customer


def _check_amount(command: CapturePayment, state: Placed) -> None:
    most = still_to_pay(state)
    if command.amount > most:
        raise CaptureExceedsPrice(command.order, state.money(command.amount), state.money(most))
