"""Using credit: it pays for an order as far as it reaches.

Credit used is told by the order and by the customer, in one append: the order's account and the credit
available each fold their own. Source: I12, I15
"""

from dataclasses import dataclass

from domain.bills.bill import oldest_first
from domain.bills.owing import expect_currency, expect_customer
from domain.bills.promising import promises_kept
from domain.causes import expect_cause
from domain.command import Command, expect_amount
from domain.customers.credit import Credit, drawn
from domain.customers.registering import Customer, known_customer
from domain.decision import Decision, Given
from domain.declines.holds import hold_ends, shipping_begins
from domain.entry import Minor
from domain.ids import expect_id
from domain.money import Money
from domain.orders.order import NOTHING_TO_PAY, Placed, placed_order, price_not_covered, still_to_pay
from domain.payments.payment_events import CreditUsed
from domain.refusal import Refusal, WhereNone
from domain.retry import AlreadyRecordedOtherwise


class UseCredit(Command, frozen=True, kw_only=True):
    """Use a customer's credit for an order. Raises: ValueError."""

    order: str
    customer: str
    use: str
    amount: Minor
    currency: str

    def __post_init__(self) -> None:
        expect_id("cus", self.customer)
        expect_id("use", self.use)
        expect_amount("amount", self.amount, least=1)

    def writes(self) -> tuple[str, ...]:
        return (self.order, self.customer)


@dataclass(unsafe_hash=True)
class CreditExceedsPrice(Refusal):
    """The credit is more than the units still to ship need, plus what is open on the order's bills."""

    rule = "I12"
    way_out = "Use at most the amount shown; the rest stays the customer's credit."
    spoken = "A credit of {amount} is more than the {most} that this order still needs."
    where_none = WhereNone(
        "most", NOTHING_TO_PAY, "Use no credit for it: all of it stays the customer's, for another order."
    )

    order: str
    amount: Money
    most: Money


@dataclass(unsafe_hash=True)
class CreditExceedsAvailable(Refusal):
    """The customer has less credit in this currency than would be used."""

    rule = "I15"
    way_out = "Use at most the amount shown, and let the customer pay the rest."
    spoken = "The customer has a credit of {available}, and {amount} would be used."
    where_none = WhereNone(
        "available", "The customer has no credit in this currency.", "Let the customer pay."
    )

    customer: str
    amount: Money
    available: Money


def use_credit(command: UseCredit, given: Given) -> Decision:
    """Uses credit, gifts first, then the customer's own in the order in which it became credit: it covers the
    units still to ship, then pays the open bills, oldest first; it never reverses a write-off.

    Checks, in this order: order placed; retry; the order's customer; currency; what the order still needs
    (I12); what the customer has (I15); not before the order.
    """
    state = placed_order(given, command.order)
    customer = given.state(command.customer, Customer)
    known = state.credits.get(command.use)
    if known is not None:
        if _content(known.it) != (command.customer, command.amount, command.currency):
            raise AlreadyRecordedOtherwise(command.use)
        twin = None if customer is None else customer.credits.get(command.use)
        already = (known.position,) if twin is None else (known.position, twin.position)
        return Decision(customer=state.placed.customer, already=already)
    expect_customer(state, command.customer)
    expect_currency(state, Money(command.amount, command.currency))
    most = still_to_pay(state)
    if command.amount > most:
        raise CreditExceedsPrice(command.order, state.money(command.amount), state.money(most))
    owner = known_customer(given, command.customer)
    credit = owner.credit.get(command.currency, Credit())
    if command.amount > credit.available:
        available = state.money(credit.available)
        raise CreditExceedsAvailable(command.customer, state.money(command.amount), available)
    used = _used(state, command, credit, given)
    expect_cause(state.placed_at, given)
    is_covered = command.amount >= price_not_covered(state)
    return Decision(
        events=(
            (command.order, used),
            *promises_kept(state, used.bills, command.use),
            (command.customer, used),
            *hold_ends(state, may_ship=is_covered, because="paid", by=command.use, given=given),
        ),
        customer=command.customer,
    )


def _content(it: object) -> tuple[str, int, str] | None:
    return (it.customer, it.amount, it.currency) if isinstance(it, CreditUsed) else None


def _used(state: Placed, command: UseCredit, credit: Credit, given: Given) -> CreditUsed:
    gift = min(command.amount, credit.gifts)
    not_covered = price_not_covered(state)
    to_units = min(command.amount, not_covered)
    return CreditUsed(
        customer=command.customer,
        order=command.order,
        use=command.use,
        currency=command.currency,
        amount=command.amount,
        gift=gift,
        own=drawn(credit.own, command.amount - gift),
        bills=oldest_first(state.bills, command.amount - to_units),
        deadlines=shipping_begins(state, given) if 0 < not_covered <= command.amount else (),
    )
