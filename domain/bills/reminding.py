"""Reminders: a bill that is open is recalled to its customer, by any channel. No fee, no interest, no threat.

Source: R-B3, R-B8
"""

from domain.bills.bill_events import ReminderSent
from domain.bills.owing import bill_of, expect_open, expect_open_then
from domain.command import LONGEST_SEALED, Command, OutOfRange, expect_text
from domain.decision import Decision, Given
from domain.entry import Sealed
from domain.ids import expect_id
from domain.orders.contacting import CONTACT_CHANNELS, expect_person
from domain.orders.order import placed_order
from domain.orders.order_events import ContactChannel


class RecordReminder(Command, frozen=True, kw_only=True):
    """Record that a customer was reminded of a bill. Raises: ValueError."""

    order: str
    bill: str
    channel: ContactChannel
    by: str | None = None
    """The person who sent it; None for a message nobody wrote by hand."""
    note: Sealed | None = None

    def __post_init__(self) -> None:
        expect_id("bil", self.bill)
        if self.channel not in CONTACT_CHANNELS:
            raise OutOfRange("channel", f"must be one of {', '.join(CONTACT_CHANNELS)}")
        if self.by is not None:
            expect_id("per", self.by)
        expect_text("note", self.note, LONGEST_SEALED)

    def writes(self) -> tuple[str, ...]:
        return (self.order,)


def record_reminder(command: RecordReminder, given: Given) -> Decision:
    """Records a reminder; it answers every reminder of the bill that was due by then.

    Checks, in this order: order placed; bill known; retry, which is: the same reminder at the same moment;
    something open; person known; not before something was open.
    """
    state = placed_order(given, command.order)
    bill = bill_of(state, command.bill)
    sent = ReminderSent(
        order=command.order,
        customer=state.placed.customer,
        bill=command.bill,
        channel=command.channel,
        by=command.by,
        note=command.note,
    )
    for known in bill.reminders:
        if known.at == given.at and known.it == sent:
            return Decision(customer=sent.customer, already=(known.position,))
    expect_open(bill)
    if command.by is not None:
        expect_person(command.by, given)
    expect_open_then(bill, state, given)
    return Decision(events=((command.order, sent),), customer=sent.customer)
