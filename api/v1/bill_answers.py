"""A bill as the API shows it, within its order and alone, with what was said about it."""

from pydantic import Field

from api.answers import Amount, Answer, Day, Moment
from api.render import Opened, money, rfc3339
from domain.bills.bill import Bill, Call, Reminder
from domain.bills.bill_events import BillIssued
from domain.bills.promise import Promise
from domain.entry import Entry
from domain.orders.order import Placed


class BillAnswer(Answer):
    """A bill of one shipment, or what a reversed or corrected payment left owed, which has no number."""

    id: str
    why: str = Field(examples=["shipment"], description="`shipment`, `chargeback` or `correction`.")
    year: int | None
    number: int | None
    shipment: str | None
    amount: Amount
    paid: Amount
    cleared: Amount = Field(description="Settled by refunds.")
    written_off: Amount
    open: Amount
    uncollectible: Amount = Field(description="What of the open amount is given up for the books.")
    issued_on: Day | None
    due_on: Day
    overdue_since: Moment | None = Field(description="As recorded; whether it is late today, `due_on` says.")
    position: int
    corrected: int | None = Field(description="Position of the entry that took it back.")


class ReminderAnswer(Answer):
    """A reminder that was sent."""

    sent_at: Moment
    channel: str
    by: str | None = Field(description="The person who sent it; null for a machine.")
    note: str | None
    position: int


class CallAnswer(Answer):
    """A call in which somebody asked how the customer is."""

    called_at: Moment
    by: str
    outcome: str = Field(examples=["reached"])
    good_reason: str | None
    will_pay: bool
    note: str | None
    position: int


class PromiseAnswer(Answer):
    """A promise to pay by a day."""

    id: str
    made_at: Moment
    due_on: Day
    amount: Amount = Field(description="What was open then.")
    outcome: str | None = Field(
        description="`kept`, `broken` or `replaced`; `lapsed` where nothing is left to pay that the customer "
        "had not paid; null while it is open."
    )


class BillStoryAnswer(BillAnswer):
    """A bill with its order, and everything that was said about it."""

    order: str
    customer: str
    version: int = Field(description="Of the order, as in its ETag.")
    reminders: list[ReminderAnswer]
    calls: list[CallAnswer]
    promises: list[PromiseAnswer]


def bill_answer(bill: Bill) -> dict[str, object]:
    """A bill as `BillAnswer` describes it."""
    it = bill.source if isinstance(bill.source, BillIssued) else None
    amounts: dict[str, object] = {
        name: money(getattr(bill, name), bill.currency)
        for name in ("amount", "paid", "cleared", "written_off", "open", "uncollectible")
    }
    return amounts | {
        "id": bill.bill,
        "why": bill.why,
        "year": None if it is None else it.year,
        "number": None if it is None else it.number,
        "shipment": None if it is None else it.shipment,
        "issued_on": None if it is None else it.issued_on,
        "due_on": bill.due_on,
        "overdue_since": None if bill.overdue_since is None else rfc3339(bill.overdue_since),
        "position": bill.position,
        "corrected": bill.corrected,
    }


def bill_story(state: Placed, bill: Bill, last: Entry, opened: Opened) -> dict[str, object]:
    """A bill after the entry `last` of its order, as `BillStoryAnswer` describes it."""
    return bill_answer(bill) | {
        "order": state.placed.order,
        "customer": state.placed.customer,
        "version": last.version,
        "reminders": [_reminder(reminder, opened) for reminder in bill.reminders],
        "calls": [_call(call, opened) for call in bill.calls],
        "promises": [_promise(promise, bill) for promise in bill.promises.values()],
    }


def notes_of(bill: Bill) -> list[str]:
    """The sealed texts of a bill's story."""
    return [said.it.note for said in (*bill.reminders, *bill.calls) if said.it.note is not None]


def _reminder(reminder: Reminder, opened: Opened) -> dict[str, object]:
    it = reminder.it
    return {
        "sent_at": rfc3339(reminder.at),
        "channel": it.channel,
        "by": it.by,
        "note": None if it.note is None else opened[it.note],
        "position": reminder.position,
    }


def _call(call: Call, opened: Opened) -> dict[str, object]:
    it = call.it
    return {
        "called_at": rfc3339(call.at),
        "by": it.by,
        "outcome": it.outcome,
        "good_reason": it.good_reason,
        "will_pay": it.will_pay,
        "note": None if it.note is None else opened[it.note],
        "position": call.position,
    }


def _promise(promise: Promise, bill: Bill) -> dict[str, object]:
    it, is_over = promise.made, promise.outcome is None and bill.promised is None
    return {
        "id": it.promise,
        "made_at": rfc3339(promise.at),
        "due_on": it.due_on,
        "amount": money(it.amount, it.currency),
        "outcome": "lapsed" if is_over else promise.outcome,
    }
