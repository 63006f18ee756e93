"""A bill's state: what of its amount was paid, cleared, written off, and what is still open.

What a reversed or corrected payment takes beyond its order's funds is owed like a bill, without a number.

Source: §2 Money, R-B1, R-B9
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from domain.bills.bill_events import BillIssued, BillShare, BillWrittenOff, CollectionCallMade, ReminderSent
from domain.bills.promise import Promise
from domain.corrections.correction_events import PaymentCorrected, ReopenedShare
from domain.entry import Entry
from domain.moments import Day, Moment
from domain.payments.payment_events import PaymentReversed

WhyOwed = Literal["shipment", "chargeback", "correction"]


class Reminder(msgspec.Struct, frozen=True):
    """A reminder sent, when, and the position that says so."""

    it: ReminderSent
    at: Moment
    position: int


class Call(msgspec.Struct, frozen=True):
    """A collection call made, when, and the position that says so."""

    it: CollectionCallMade
    at: Moment
    position: int


class WriteOff(msgspec.Struct, frozen=True):
    """What was written off last, when, and the position that says so."""

    it: BillWrittenOff
    at: Moment
    position: int


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill, or what is owed like one, and what became of its amount in minor units of `currency`."""

    bill: str
    why: WhyOwed
    source: BillIssued | PaymentReversed | PaymentCorrected
    """The event that began it."""
    position: int
    """Of the entry that says so."""
    amount: int
    currency: str
    at: Moment
    """When it was issued."""
    due_on: Day
    paid: int = 0
    cleared: int = 0
    cleared_late: int = 0
    """What of that a refund settles only since a payment that had settled it was corrected."""
    let_off_late: int = 0
    """What of that had been written off before that payment, and is again once no refund settles it."""
    written_off: int = 0
    """Less what was reversed of it."""
    uncollectible: int = 0
    """What of the open amount is given up for the books."""
    overdue_since: Moment | None = None
    """As BillBecameOverdue says. Whether it is late today is computed from `due_on`, never from this."""
    reminders: tuple[Reminder, ...] = ()
    calls: tuple[Call, ...] = ()
    """In the order in which they were recorded, as the reminders."""
    promises: Mapping[str, Promise] = {}
    """To pay it, by promise id; at most one is open."""
    write_off: WriteOff | None = None
    given_up: int | None = None
    """Position of the entry that says it is uncollectible, for the books."""
    falls_overdue: Moment | None = None
    """When it becomes overdue, where a correction opened it again; None: as `source` says."""
    corrected: int | None = None
    """Position of the entry that made it void."""

    @property
    def customer(self) -> str:
        """Who owes it."""
        return self.source.customer

    @property
    def is_numbered(self) -> bool:
        """Whether it is a bill; else it is owed without one."""
        return self.why == "shipment"

    @property
    def open(self) -> int:
        """What is still to be paid."""
        if self.corrected is not None:
            return 0
        return self.amount - self.paid - self.cleared - self.written_off

    @property
    def promised(self) -> Promise | None:
        """The promise to pay that is open; None once nothing is left to pay."""
        if self.open:
            for promise in self.promises.values():
                if promise.outcome is None:
                    return promise
        return None

    @property
    def overdue_at(self) -> Moment | None:
        """When it is overdue unless settled by then; None for one from before the book went live."""
        if self.falls_overdue is not None:
            return self.falls_overdue
        for deadline in self.source.deadlines:
            if deadline.kind == "bill_overdue":
                return deadline.due
        return None

    def takes(self, amount: int) -> tuple[int, int]:
        """Of money that comes for it: what of a write-off counts as open again, and what then is paid.

        Source: R-B6, R-B9
        """
        reopened = min(max(0, amount - self.open), self.written_off)
        return reopened, min(amount, self.open + reopened)

    def share(self, amount: int) -> BillShare:
        """What an amount, at most the open one, means for this bill."""
        return BillShare(self.bill, amount, min(amount, self.uncollectible))


Bills = Mapping[str, Bill]
"""By bill id, oldest first."""


def oldest_first(bills: Bills, amount: int) -> tuple[BillShare, ...]:
    """How an amount pays or clears open bills, oldest first; what exceeds them all is left out.

    Source: I12, R-G9
    """
    return in_turn(bills.values(), amount)


def in_turn(bills: Iterable[Bill], amount: int) -> tuple[BillShare, ...]:
    """The same, one bill after the other in the order given."""
    shares: list[BillShare] = []
    for bill in bills:
        share = min(amount, bill.open)
        if share:
            shares.append(bill.share(share))
            amount -= share
    return tuple(shares)


def shares_less(shares: Iterable[BillShare], less: Iterable[BillShare]) -> tuple[BillShare, ...]:
    """What of those shares is left without so much of the same bills; never below 0."""
    taken = Counter[str]()
    for share in less:
        taken[share.bill] += share.amount
    left: list[BillShare] = []
    for share in shares:
        gone = min(share.amount, taken[share.bill])
        taken[share.bill] -= gone
        if share.amount > gone:
            left.append(BillShare(share.bill, share.amount - gone))
    return tuple(left)


def with_owed(bills: Bills, it: PaymentReversed | PaymentCorrected, entry: Entry) -> Bills:
    """The bills with what it left owed without a number, where the funds did not suffice."""
    if it.bill is None or it.due_on is None:
        return bills
    owed = Bill(
        bill=it.bill,
        why="chargeback" if isinstance(it, PaymentReversed) else "correction",
        source=it,
        position=entry.position,
        amount=it.opened,
        currency=it.currency,
        at=entry.effective_at,
        due_on=it.due_on,
    )
    return {**bills, it.bill: owed}


def with_paid(bills: Bills, shares: Sequence[BillShare]) -> dict[str, Bill]:
    """The bills with those shares paid."""
    after = dict(bills)
    for share in shares:
        bill = _without_allowance(after[share.bill], share)
        after[share.bill] = msgspec.structs.replace(bill, paid=bill.paid + share.amount)
    return after


def with_cleared(bills: Bills, shares: Sequence[BillShare]) -> dict[str, Bill]:
    """The bills with those shares cleared by a refund."""
    after = dict(bills)
    for share in shares:
        bill = _without_allowance(after[share.bill], share)
        after[share.bill] = msgspec.structs.replace(bill, cleared=bill.cleared + share.amount)
    return after


def with_written_off(bills: Bills, name: str, amount: int, *, uncollectible: int = 0) -> dict[str, Bill]:
    """The bills with so much more written off on that one; less for a reversal."""
    bill = bills[name]
    changed = msgspec.structs.replace(
        bill, written_off=bill.written_off + amount, uncollectible=bill.uncollectible - uncollectible
    )
    return {**bills, name: changed}


def with_promise(bills: Bills, promise: Promise) -> dict[str, Bill]:
    """The bills with that promise about one of them; one that it takes the place of is no longer open."""
    made = promise.made
    bill = bills[made.subject]
    promises = {**bill.promises, made.promise: promise}
    if made.replaces is not None:
        promises[made.replaces] = msgspec.structs.replace(promises[made.replaces], outcome="replaced")
    return {**bills, made.subject: msgspec.structs.replace(bill, promises=promises)}


def with_reopened(
    bills: Bills, shares: Sequence[ReopenedShare], written_off: Sequence[BillShare], *, cleared: bool = False
) -> dict[str, Bill]:
    """The bills with shares once paid (or cleared) open again, and what of them is let off again closed."""
    after = dict(bills)
    for share in shares:
        bill = after[share.bill]
        after[share.bill] = msgspec.structs.replace(
            bill,
            paid=bill.paid if cleared else bill.paid - share.amount,
            cleared=bill.cleared - share.amount if cleared else bill.cleared,
            uncollectible=bill.uncollectible + share.uncollectible,
            falls_overdue=bill.falls_overdue if share.overdue_at is None else share.overdue_at,
            promises=_with_promise_open(bill.promises, share),
        )
    for share in written_off:
        after = with_written_off(after, share.bill, share.amount)
    return after


def _with_promise_open(promises: Mapping[str, Promise], share: ReopenedShare) -> Mapping[str, Promise]:
    if share.promise is None:
        return promises
    promise = msgspec.structs.replace(
        promises[share.promise], outcome=None, kept_by=None, falls_broken=share.broken_at
    )
    return {**promises, share.promise: promise}


def _without_allowance(bill: Bill, share: BillShare) -> Bill:
    return msgspec.structs.replace(bill, uncollectible=bill.uncollectible - share.uncollectible)
