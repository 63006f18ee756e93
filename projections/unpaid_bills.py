"""The watchlist: every bill from its issue on, what became of it, whom to call; how old what is open is; and
what customers bought after they were let off.

Beside the rows of bills stands one for each order, so that SQL can tell what a customer ordered since, and
what that brought. What depends on today (stage, days overdue, ages) is SQL over rows too.

Source: R-B2 … R-B7, R-B9, §4
"""

from collections.abc import Iterable
from typing import assert_never

from domain.bills.bill_events import (
    BillIssued,
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    CollectionCallMade,
    ReminderSent,
    WriteOffReversed,
)
from domain.bills.promise_events import PromiseBroken, PromiseKept, PromiseMade
from domain.corrections.correction_events import (
    BillCorrected,
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.entry import Entry, Minor
from domain.moments import Day, Moment
from domain.orders.order_events import Deadline, DeadlineKind, OrderPlaced, OrderShipped
from domain.payments.payment_events import CreditUsed, PaymentCaptured, PaymentReinstated, PaymentReversed
from domain.refunds.refund_events import RefundGranted, RefundReturned
from projections.projection import Key, Place, Projection, Row, events_of, is_last

Pays = PaymentCaptured | BillPaymentReceived | PaymentReinstated | CreditUsed | RefundReturned
OfOneBill = (
    BillIssued
    | BillWrittenOff
    | WriteOffReversed
    | BillMarkedUncollectible
    | ReminderSent
    | CollectionCallMade
    | PromiseMade
    | PromiseKept
    | PromiseBroken
)
Corrects = PaymentCorrected | ShipmentCorrected | BillCorrected | RefundCorrected
BearsOnDebt = OrderPlaced | OrderShipped | PaymentReversed | RefundGranted | Pays | OfOneBill | Corrects


class DebtRow(Row):
    """A bill, what is owed like one, or the order itself; amounts in minor units of `currency`."""

    order: str
    bill: str
    """Empty for the order itself."""
    customer: str = ""
    why: str = ""
    """`shipment`, `chargeback` or `correction`."""
    year: int | None = None
    number: int | None = None
    currency: str = ""
    placed_at: Moment | None = None
    """Of an order."""
    charged: Minor = 0
    """Of an order."""
    credited: Minor = 0
    """Of an order: refunds granted."""
    issued_at: Moment | None = None
    issued_on: Day = ""
    due_on: Day = ""
    amount: Minor = 0
    paid: Minor = 0
    cleared: Minor = 0
    """Settled by refunds."""
    written_off: Minor = 0
    """Less what was reversed of it."""
    open: Minor = 0
    uncollectible: Minor = 0
    let_off: Minor = 0
    """What was ever written off, whatever was paid since."""
    let_off_at: Moment | None = None
    """The first time."""
    first_reminder_at: Moment | None = None
    """Due, as long as no reminder has answered it; as the others below."""
    second_reminder_at: Moment | None = None
    call_at: Moment | None = None
    decide_at: Moment | None = None
    """The owner, whether to write off."""
    promised_until: Moment | None = None
    """When a promise to pay that is open is broken."""
    reminders: int = 0
    calls: int = 0
    last_call_at: Moment | None = None
    last_result: str | None = None
    """Of the last call: the good reason, `will_pay`, `reached` or `not_reached`."""
    reached_at: Moment | None = None
    """The last time that a call reached them."""
    settled_at: Moment = 0
    """The last moment at which some of it was settled."""
    closed_as: str | None = None
    closed_at: Moment | None = None
    last_position: Place = 0


class UnpaidBills(Projection[DebtRow, BearsOnDebt]):
    """Who owes what, since when; whom to remind, whom to call, and what became of it?"""

    name = "unpaid_bills"
    version = 5
    row = DebtRow
    handles = events_of(BearsOnDebt)
    key = ("order", "bill")
    group_key = ("order",)
    own_id = "bill"
    found_by = "stream"
    indexes = (("customer",), ("open", "due_on"))

    def group(self, it: BearsOnDebt, entry: Entry) -> Key | None:
        if entry.stream != it.order:
            return None
        # Most payments are for what is still to ship, and most orders owe nothing.
        if isinstance(it, Pays) and not it.bills:
            return None
        return (entry.stream,)

    def fold(self, rows: dict[Key, DebtRow], group: Key, it: BearsOnDebt, entry: Entry) -> None:
        order = entry.stream
        match it:
            case OrderPlaced():
                row = rows.setdefault((order, ""), DebtRow(order, ""))
                row.customer, row.currency, row.placed_at = it.customer, it.currency, entry.effective_at
                row.last_position = entry.position
            case OrderShipped():
                _of_order(rows, order, entry).charged += it.charge
            case PaymentReversed():
                if it.bill is not None and it.due_on is not None:
                    _owe(rows, it.bill, it, it.opened, it.due_on, entry).why = "chargeback"
            case PaymentCorrected() | ShipmentCorrected() | BillCorrected() | RefundCorrected():
                _correct(rows, order, it, entry)
            case (
                PaymentCaptured()
                | BillPaymentReceived()
                | PaymentReinstated()
                | CreditUsed()
                | RefundReturned()
            ):
                _pay(rows, order, it.bills, entry)
            case RefundGranted():
                _of_order(rows, order, entry).credited += it.credit_amount
                _clear(rows, order, (*it.cleared, *it.write_offs_cleared), entry)
            case BillIssued():
                row = _owe(rows, it.bill, it, it.amount, it.due_on, entry)
                row.why, row.year, row.number, row.issued_on = "shipment", it.year, it.number, it.issued_on
                if it.replaces is not None:
                    _go_on(row, rows[order, it.replaces])
            case _:
                bill = it.subject if isinstance(it, PromiseMade | PromiseKept | PromiseBroken) else it.bill
                row = rows[order, bill]
                _change(row, it, entry)
                _close(row, entry)


def _of_order(rows: dict[Key, DebtRow], order: str, entry: Entry) -> DebtRow:
    row = rows[order, ""]
    row.last_position = entry.position
    return row


def _owe(
    rows: dict[Key, DebtRow],
    bill: str,
    it: BillIssued | PaymentReversed | PaymentCorrected,
    amount: int,
    due_on: Day,
    entry: Entry,
) -> DebtRow:
    row = rows[it.order, bill] = DebtRow(it.order, bill, it.customer, currency=it.currency)
    row.amount = row.open = amount
    row.issued_at, row.issued_on, row.due_on = entry.effective_at, due_on, due_on
    row.first_reminder_at = _due(it.deadlines, "first_reminder")
    row.second_reminder_at = _due(it.deadlines, "second_reminder")
    row.call_at = _due(it.deadlines, "collection_call")
    row.last_position = entry.position
    return row


def _go_on(row: DebtRow, void: DebtRow) -> None:
    """What was done to collect a bill was done for the one that takes its place."""
    row.issued_at = void.issued_at
    row.first_reminder_at, row.second_reminder_at = void.first_reminder_at, void.second_reminder_at
    row.call_at, row.decide_at, row.promised_until = void.call_at, void.decide_at, void.promised_until
    row.reminders, row.calls = void.reminders, void.calls
    row.last_call_at, row.last_result = void.last_call_at, void.last_result
    row.reached_at = void.reached_at
    row.uncollectible, void.uncollectible = void.uncollectible, 0


def _due(deadlines: Iterable[Deadline], kind: DeadlineKind) -> Moment | None:
    return next((deadline.due for deadline in deadlines if deadline.kind == kind), None)


def _pay(rows: dict[Key, DebtRow], order: str, shares: Iterable[BillShare], entry: Entry) -> None:
    for share in shares:
        row = rows[order, share.bill]
        row.paid += share.amount
        _settle(row, share, entry)


def _clear(rows: dict[Key, DebtRow], order: str, shares: Iterable[BillShare], entry: Entry) -> None:
    for share in shares:
        row = rows[order, share.bill]
        row.cleared += share.amount
        _settle(row, share, entry)


def _settle(row: DebtRow, share: BillShare, entry: Entry) -> None:
    row.open -= share.amount
    row.uncollectible -= share.uncollectible
    row.settled_at = max(row.settled_at, entry.effective_at)
    _close(row, entry)


def _change(
    row: DebtRow,
    it: BillWrittenOff
    | WriteOffReversed
    | BillMarkedUncollectible
    | ReminderSent
    | CollectionCallMade
    | PromiseMade
    | PromiseKept
    | PromiseBroken,
    entry: Entry,
) -> None:
    """What an entry about one bill makes of its row."""
    match it:
        case BillWrittenOff():
            row.written_off += it.amount
            row.open -= it.amount
            row.uncollectible -= it.uncollectible
            row.let_off += it.amount
            row.settled_at = max(row.settled_at, entry.effective_at)
            if row.let_off_at is None:
                row.let_off_at = entry.effective_at
        case WriteOffReversed():
            row.written_off -= it.amount
            row.open += it.amount
        case BillMarkedUncollectible():
            row.uncollectible += it.amount
        case ReminderSent():
            row.reminders += 1
            row.first_reminder_at = _unless_answered(row.first_reminder_at, entry)
            row.second_reminder_at = _unless_answered(row.second_reminder_at, entry)
        case CollectionCallMade():
            row.calls += 1
            _call(row, it, entry)
        case PromiseMade():
            row.promised_until = _due(it.deadlines, "promise_broken")
        case PromiseKept() | PromiseBroken():
            row.promised_until = None
        case _:
            assert_never(it)


def _call(row: DebtRow, it: CollectionCallMade, entry: Entry) -> None:
    """What the last call says, and of the owner's decision the last that reached them. Source: R-B4"""
    if is_last(row.last_call_at, entry):
        row.last_call_at = entry.effective_at
        row.last_result = it.good_reason or ("will_pay" if it.will_pay else it.outcome)
        row.call_at = _due(it.deadlines, "collection_call")
    if it.outcome == "reached" and is_last(row.reached_at, entry):
        row.reached_at = entry.effective_at
        row.decide_at = _due(it.deadlines, "write_off_decision")


def _correct(rows: dict[Key, DebtRow], order: str, it: Corrects, entry: Entry) -> None:
    """Take back what an entry recorded by mistake had said."""
    match it:
        case PaymentCorrected():
            for share in it.reopened:
                row = rows[order, share.bill]
                row.paid -= share.amount
                _reopen(row, share, entry)
            _let_off_again(rows, order, it.written_off, entry)
            _clear(rows, order, it.cleared, entry)
            if it.bill is not None and it.due_on is not None:
                _owe(rows, it.bill, it, it.opened, it.due_on, entry).why = "correction"
        case ShipmentCorrected():
            _of_order(rows, order, entry).charged -= it.charge
            if it.bill is not None:
                _void(rows[order, it.bill], entry)
            _clear(rows, order, it.cleared, entry)
        case BillCorrected():
            row = rows[order, it.bill]
            given_up = row.uncollectible
            _void(row, entry)
            row.uncollectible = given_up  # goes over to the bill that takes its place, in the same append
        case RefundCorrected():
            _of_order(rows, order, entry).credited -= it.credit_amount
            for share in it.reopened:
                row = rows[order, share.bill]
                row.cleared -= share.amount
                _reopen(row, share, entry)
            _let_off_again(rows, order, it.written_off, entry)


def _reopen(row: DebtRow, share: ReopenedShare, entry: Entry) -> None:
    row.open += share.amount
    row.uncollectible += share.uncollectible
    if share.promise is not None:
        row.promised_until = share.broken_at
    _close(row, entry)


def _let_off_again(rows: dict[Key, DebtRow], order: str, shares: Iterable[BillShare], entry: Entry) -> None:
    for share in shares:
        row = rows[order, share.bill]
        row.written_off += share.amount
        row.open -= share.amount
        row.settled_at = max(row.settled_at, entry.effective_at)
        _close(row, entry)


def _void(row: DebtRow, entry: Entry) -> None:
    """A bill that asks for nothing: it was issued by mistake."""
    row.open = row.uncollectible = 0
    row.closed_as, row.closed_at, row.last_position = "corrected", entry.effective_at, entry.position


def _unless_answered(due: Moment | None, entry: Entry) -> Moment | None:
    """A reminder answers those whose time had come."""
    return None if due is not None and due <= entry.effective_at else due


def _close(row: DebtRow, entry: Entry) -> None:
    row.last_position = entry.position
    if row.open:
        row.closed_as = row.closed_at = None
        return
    if row.closed_at is None:
        row.closed_at = row.settled_at
    if row.written_off:
        row.closed_as = "written_off"
    else:
        row.closed_as = "paid" if row.paid else "cleared"


WATCHLIST = """
SELECT debt.bill, debt."order", debt.customer, debt.why, debt.year, debt.number, debt.currency,
       debt.issued_on, debt.issued_at, debt.due_on, debt.amount, debt.paid, debt.cleared, debt.written_off,
       debt.open, debt.uncollectible,
       CASE WHEN debt.open = 0 THEN 'closed'
            WHEN debt.promised_until > said.now THEN 'will_pay'
            WHEN debt.call_at <= said.now THEN 'call_due'
            WHEN debt.calls > 0 THEN 'called'
            WHEN debt.due_on < said.today THEN 'watched'
            ELSE 'open' END AS stage,
       CASE WHEN debt.open = 0 THEN 0
            ELSE greatest(0, said.today::date - debt.due_on::date) END::bigint AS days_overdue,
       debt.reminders, debt.calls, debt.last_call_at, debt.last_result, next.action AS next_action,
       next.due AS next_due,
       (SELECT count(*) FROM held AS other WHERE other.customer = debt.customer AND other.bill = ''
        AND other.placed_at > debt.issued_at)::bigint AS orders_since,
       (SELECT count(*) FROM held AS other WHERE other.customer = debt.customer
        AND other.let_off_at < debt.issued_at)::bigint AS earlier_write_offs,
       debt.closed_as, debt.closed_at, debt.last_position
FROM held AS debt
CROSS JOIN (SELECT %s::bigint AS now, %s::text AS today) AS said
LEFT JOIN LATERAL (
    SELECT action, due FROM (VALUES
        ('promised_payment', debt.promised_until),
        ('write_off_decision', debt.decide_at),
        ('first_reminder', debt.first_reminder_at),
        ('second_reminder', debt.second_reminder_at),
        ('collection_call', greatest(debt.call_at, debt.promised_until))
    ) AS planned (action, due)
    WHERE debt.open > 0 AND due IS NOT NULL
      AND (action <> 'collection_call' OR debt.call_at IS NOT NULL)
    ORDER BY due, action DESC LIMIT 1
) AS next ON true
WHERE debt.bill <> ''"""
"""Every bill and its stage, over the rows `held`; said: the moment, and its day in the book's zone."""

AGING = """
SELECT currency, count(*)::bigint AS bills, sum(open) AS open,
       coalesce(sum(open) FILTER (WHERE age <= 30), 0) AS up_to_30,
       coalesce(sum(open) FILTER (WHERE age BETWEEN 31 AND 60), 0) AS from_31_to_60,
       coalesce(sum(open) FILTER (WHERE age BETWEEN 61 AND 90), 0) AS from_61_to_90,
       coalesce(sum(open) FILTER (WHERE age > 90), 0) AS over_90,
       coalesce(sum(open) FILTER (WHERE due_on < today), 0) AS overdue,
       sum(uncollectible) AS uncollectible, max(last_position) AS last_position
FROM (SELECT held.*, said.today, said.today::date - held.issued_on::date AS age
      FROM held CROSS JOIN (SELECT %s::text AS today) AS said WHERE bill <> '' AND open > 0) AS owed
GROUP BY currency"""
"""What is open by currency and by days since issue, over the rows `held`; said: the day."""

AFTER_WRITE_OFF = """
SELECT let.customer, let.currency, let.bills, let.let_off, let.written_off, let.since,
       count(later."order")::bigint AS orders,
       coalesce(sum(later.charged - later.credited), 0) AS revenue,
       greatest(let.last_position, max(later.last_position)) AS last_position
FROM (SELECT customer, currency, count(*)::bigint AS bills, sum(let_off) AS let_off,
             sum(written_off) AS written_off, min(let_off_at) AS since,
             max(last_position) AS last_position
      FROM held WHERE let_off_at IS NOT NULL GROUP BY customer, currency) AS let
LEFT JOIN held AS later ON later.bill = '' AND later.customer = let.customer
     AND later.currency = let.currency AND later.placed_at > let.since
GROUP BY let.customer, let.currency, let.bills, let.let_off, let.written_off, let.since, let.last_position"""
"""Who was let off, and what they bought since: charged less refunded, of orders placed after the first
write-off, over the rows `held`. What was paid after all lowers `written_off` and nothing else. Source: R-B6
"""
