"""What payers call their money is no name of one payment: a creditor reference printed on a bill is that of
every instalment, and a cheque that bounced is presented again under its number.

    same bill or order, same amount, same day   the same payment, recorded twice: two clerks, a double click
    anything else                               refused, since nothing tells the same money from other money

Source: I12
"""

from dataclasses import dataclass
from typing import Literal

from domain.bills.bill_events import BillPaymentReceived
from domain.decision import Given
from domain.moments import Day, day_of
from domain.money import Money
from domain.payments.payment import Payment
from domain.refusal import EntryOnRecord, OnRecord, Refusal

Differs = Literal["but were taken back since", "of another amount", "for another bill", "on another day"]
"""Why it is not plain that a payment is the one on record."""


@dataclass(unsafe_hash=True)
class PayersReferenceUsed(Refusal):
    """Another payment is recorded under what the payer called this one, or the same as of another day."""

    rule = "I12"
    way_out = (
        "Look at the payment shown. If other money came under the same name, give this one a name of its own,"
        " as in RF18-5390/2; if it is the same, nothing is to do."
    )
    spoken = "Under the payer's own name for these {amount} there are {recorded} on record, {differs}."

    payment: OnRecord
    position: EntryOnRecord
    day: Day
    """On which it came, in the book's zone."""
    recorded: Money
    amount: Money
    differs: Differs

    @property
    def advice(self) -> str:
        """What bounced and is paid after all comes again at its reversal."""
        if self.differs != "but were taken back since":
            return self.way_out
        return (
            "If the money of the payment shown came again, record that as a reinstatement of what was taken"
            " back (/reinstatements). If other money came under the same name, give this one a name of its"
            " own, as in RF18-5390/2."
        )


def expect_same_payment(known: Payment, amount: Money, bill: str | None, given: Given) -> None:
    """That what is said is plainly the payment on record. `bill`: that it pays; None for one of an order.

    Raises: PayersReferenceUsed.
    """
    it, day = known.received, day_of(known.at, given.book.zone)
    recorded = Money(it.amount, it.currency)
    is_same_day = day == day_of(given.at, given.book.zone)
    differs = _differs(known, bill, is_same_amount=amount == recorded, is_same_day=is_same_day)
    if differs is not None:
        raise PayersReferenceUsed(it.payment, known.position, day, recorded, amount, differs)


def _differs(known: Payment, bill: str | None, *, is_same_amount: bool, is_same_day: bool) -> Differs | None:
    it = known.received
    if known.reversed:
        return "but were taken back since"
    if not is_same_amount:
        return "of another amount"
    # A payment of the order under the same name is the same money, whatever it was used for.
    if isinstance(it, BillPaymentReceived) and bill is not None and it.bill != bill:
        return "for another bill"
    return None if is_same_day else "on another day"
