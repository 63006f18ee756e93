"""The books: double-entry postings.

They sum to zero per currency at every position, and the customer accounts equal the balances. Positive
amounts are debits, negative ones credits. Source: §2 Money
"""

from collections.abc import Iterable
from typing import LiteralString, assert_never

from domain.bills.bill_events import (
    BillMarkedUncollectible,
    BillPaymentReceived,
    BillShare,
    BillWrittenOff,
    WriteOffReversed,
)
from domain.book.closing import FIRST_MONTH
from domain.corrections.correction_events import (
    PaymentCorrected,
    RefundCorrected,
    ReopenedShare,
    ShipmentCorrected,
)
from domain.entry import Entry, Minor
from domain.inbound.unmatched_events import (
    UnmatchedMoneyEvent,
    UnmatchedPayout,
    UnmatchedPayoutAssigned,
    UnmatchedPayoutReturned,
    UnmatchedReceipt,
    UnmatchedReceiptAssigned,
    UnmatchedReceiptCameAgain,
    UnmatchedReceiptReopened,
    UnmatchedReceiptReturned,
)
from domain.moments import Moment
from domain.orders.order_events import OrderShipped
from domain.payments.payment_events import (
    CreditUsed,
    PaymentCaptured,
    PaymentReinstated,
    PaymentReversed,
    StoreCreditGranted,
)
from domain.refunds.refund_events import RefundGranted, RefundPaid, RefundReturned
from domain.suppliers.supplier_events import SupplierClaimSettled
from projections.projection import LinesPerEntry, Place, Row, events_of

Posted = (
    OrderShipped
    | PaymentCaptured
    | BillPaymentReceived
    | CreditUsed
    | PaymentReversed
    | PaymentReinstated
    | BillWrittenOff
    | WriteOffReversed
    | BillMarkedUncollectible
    | StoreCreditGranted
    | RefundGranted
    | RefundPaid
    | RefundReturned
    | SupplierClaimSettled
    | PaymentCorrected
    | ShipmentCorrected
    | RefundCorrected
    | UnmatchedMoneyEvent
)

CUSTOMER = "assets:customers"
CASH = "assets:cash"
ALLOWANCE = "assets:allowance for bad debt"
SALES = "revenue:sales"
SHIPPING = "revenue:shipping"
SALES_RETURNS = "revenue:sales returns"
SUPPLIER_RECOVERIES = "revenue:supplier recoveries"
UNAPPLIED = "liabilities:unapplied money"
TAX_PAYABLE = "liabilities:tax payable"
MARKETING = "expenses:marketing"
GOODWILL = "expenses:goodwill"
BAD_DEBT = "expenses:bad debt"

ACCOUNTS = (
    CUSTOMER,
    CASH,
    ALLOWANCE,
    UNAPPLIED,
    TAX_PAYABLE,
    SALES,
    SALES_RETURNS,
    SUPPLIER_RECOVERIES,
    SHIPPING,
    MARKETING,
    GOODWILL,
    BAD_DEBT,
)
"""The chart of accounts."""


class Posting(Row):
    """One amount on one account."""

    position: Place
    line: int
    """1, 2, … within the entry."""
    account: str
    customer: str
    order: str
    """Empty for what belongs to no order."""
    currency: str
    amount: Minor
    """Debit positive, credit negative."""
    flow: str
    """Of cash: whether it counts as `collected` or as `paid_out`; empty on every other account."""
    effective_at: Moment
    recorded_at: Moment


class Journal(LinesPerEntry[Posting, Posted]):
    """Which account was debited and which credited, by which entry?"""

    name = "journal"
    version = 7
    row = Posting
    handles = events_of(Posted)
    key = ("position", "line")
    group_key = ("position",)
    indexes = (("customer", "position"), ("effective_at", "position"))

    def lines(self, it: Posted, entry: Entry) -> Iterable[Posting]:
        # What is unmatched is nobody's yet, whoever it seems to be for.
        nobodys = isinstance(it, StoreCreditGranted | UnmatchedMoneyEvent)
        customer = "" if isinstance(it, UnmatchedMoneyEvent) else it.customer
        order, currency = "" if nobodys else it.order or "", it.currency
        effective_at, recorded_at = entry.effective_at, entry.recorded_at
        if isinstance(it, CreditUsed | PaymentCorrected) and entry.stream != it.order:
            return []  # the same fact, told in the customer's stream too
        amounts = [(account, amount) for account, amount in postings(it) if amount]
        return [
            Posting(
                position=entry.position,
                line=line,
                account=account,
                customer=customer,
                order=order,
                currency=currency,
                amount=amount,
                flow=_flow(it, amount) if account == CASH else "",
                effective_at=effective_at,
                recorded_at=recorded_at,
            )
            for line, (account, amount) in enumerate(amounts, 1)
        ]


def _flow(it: Posted, cash: int) -> str:
    """What that cash counts as: what never came was not collected, what left and came back was not paid out,
    and matching moves no money again.
    """
    match it:
        case PaymentCorrected() | UnmatchedReceiptAssigned():
            return "collected"
        case RefundReturned() | UnmatchedReceiptCameAgain():
            return "paid_out"
        case UnmatchedPayoutAssigned() | UnmatchedPayoutReturned():
            return "paid_out"
        case _:
            return "collected" if cash > 0 else "paid_out"


def postings(it: Posted) -> tuple[tuple[str, int], ...]:
    """(account, amount) pairs of an event, debits positive; they sum to zero, and some may be 0.

    Source: §2
    """
    match it:
        case PaymentCaptured() | BillPaymentReceived():
            return (CASH, it.amount), (CUSTOMER, -it.amount), *_allowance(it.bills)
        case PaymentReinstated():
            return (CASH, it.amount), (CUSTOMER, -it.amount), *_allowance(it.bills)
        case PaymentReversed():
            return (CUSTOMER, it.amount), (CASH, -it.amount)
        case CreditUsed():
            return _allowance(it.bills)
        case OrderShipped():
            return (
                (CUSTOMER, it.charge),
                (MARKETING, it.shipping_credit),
                (SALES, -it.goods),
                (SHIPPING, -it.shipping),
                (TAX_PAYABLE, -it.tax - it.shipping_tax),
            )
        case RefundGranted():
            return (
                (SALES_RETURNS, it.goods),
                (SHIPPING, it.shipping),
                (TAX_PAYABLE, it.tax + it.shipping_tax),
                (MARKETING, -it.shipping_credit),
                (CUSTOMER, -it.credit_amount),
                *_allowance(it.cleared),
            )
        case RefundPaid():
            return (CUSTOMER, it.amount), (CASH, -it.amount)
        case RefundReturned():
            return (CASH, it.amount), (CUSTOMER, -it.amount), *_allowance(it.bills)
        case SupplierClaimSettled():
            return (CASH, it.amount), (SUPPLIER_RECOVERIES, -it.amount)
        case BillWrittenOff():
            return (BAD_DEBT, it.amount), (CUSTOMER, -it.amount), *_released(it.uncollectible)
        case WriteOffReversed():
            return (CUSTOMER, it.amount), (BAD_DEBT, -it.amount)
        case UnmatchedReceipt() | UnmatchedReceiptReopened() | UnmatchedReceiptCameAgain():
            return (CASH, it.amount), (UNAPPLIED, -it.amount)
        case UnmatchedPayoutAssigned() | UnmatchedPayoutReturned():
            return (CASH, it.amount), (UNAPPLIED, -it.amount)
        case UnmatchedPayout() | UnmatchedReceiptAssigned() | UnmatchedReceiptReturned():
            return (UNAPPLIED, it.amount), (CASH, -it.amount)
        case PaymentCorrected() | ShipmentCorrected() | RefundCorrected():
            return _inverse(it)
        case BillMarkedUncollectible():
            return (BAD_DEBT, it.amount), (ALLOWANCE, -it.amount)
        case StoreCreditGranted():
            return (GOODWILL, it.amount), (CUSTOMER, -it.amount)
        case _:
            assert_never(it)


def _inverse(
    it: PaymentCorrected | ShipmentCorrected | RefundCorrected,
) -> tuple[tuple[str, int], ...]:
    """What takes back the postings of an entry, and of what its append decided with it."""
    match it:
        case PaymentCorrected():
            return (
                (CUSTOMER, it.amount),
                (CASH, -it.amount),
                *_let_off(it.written_off),
                *_given_up(it.reopened),
                *_allowance(it.cleared),
            )
        case ShipmentCorrected():
            return (
                (SALES, it.goods),
                (SHIPPING, it.shipping),
                (TAX_PAYABLE, it.tax + it.shipping_tax),
                (MARKETING, -it.shipping_credit),
                (CUSTOMER, -it.charge),
                *_released(it.uncollectible),
                *_allowance(it.cleared),
            )
        case RefundCorrected():
            return (
                (CUSTOMER, it.credit_amount),
                (MARKETING, it.shipping_credit),
                (SALES_RETURNS, -it.goods),
                (SHIPPING, -it.shipping),
                (TAX_PAYABLE, -it.tax - it.shipping_tax),
                *_let_off(it.written_off),
                *_given_up(it.reopened),
            )
        case _:
            assert_never(it)


def _let_off(shares: Iterable[BillShare]) -> tuple[tuple[str, int], ...]:
    amount = sum([share.amount for share in shares])
    return (BAD_DEBT, amount), (CUSTOMER, -amount)


def _given_up(shares: Iterable[ReopenedShare]) -> tuple[tuple[str, int], ...]:
    amount = sum([share.uncollectible for share in shares])
    return (BAD_DEBT, amount), (ALLOWANCE, -amount)


def _allowance(shares: Iterable[BillShare]) -> tuple[tuple[str, int], ...]:
    """What paying or clearing those shares takes back of the allowance for them."""
    return _released(sum([share.uncollectible for share in shares]))


def _released(amount: int) -> tuple[tuple[str, int], ...]:
    return (ALLOWANCE, amount), (BAD_DEBT, -amount)


_REPORT: LiteralString = """
SELECT to_char(date '{first}-01' + make_interval(months => counted_in - 1), 'YYYY-MM') AS month, currency,
       coalesce(-sum(amount) FILTER (WHERE account = 'revenue:sales'), 0) AS sales,
       coalesce(-sum(amount) FILTER (WHERE account = 'revenue:shipping'), 0) AS shipping,
       coalesce(sum(amount) FILTER (WHERE account = 'revenue:sales returns'), 0) AS returned,
       coalesce(-sum(amount) FILTER (WHERE account IN
           ('revenue:sales', 'revenue:shipping', 'revenue:sales returns')), 0) AS net_sales,
       coalesce(-sum(amount) FILTER (WHERE account = 'liabilities:tax payable'), 0) AS tax,
       coalesce(sum(amount) FILTER (WHERE account = 'expenses:bad debt'), 0) AS written_off,
       coalesce(sum(amount) FILTER (WHERE account = 'expenses:goodwill'), 0) AS goodwill,
       coalesce(sum(amount) FILTER (WHERE account = 'expenses:marketing'), 0) AS marketing,
       coalesce(-sum(amount) FILTER (WHERE account = 'revenue:supplier recoveries'), 0) AS recovered,
       coalesce(sum(amount) FILTER (WHERE flow = 'collected'), 0) AS collected,
       coalesce(-sum(amount) FILTER (WHERE flow = 'paid_out'), 0) AS paid_out,
       count(DISTINCT position) FILTER (WHERE counted_in > took_effect_in) AS late_entries,
       max(position) AS last_position
FROM (SELECT {} AS counted_in, * FROM (
          SELECT width_bucket(effective_at, starts) AS took_effect_in,
                 width_bucket(recorded_at, starts) AS recorded_in,
                 first_open[width_bucket(position, closings)] AS open_then,
                 held.*
          FROM held CROSS JOIN (
              SELECT %s::bigint[] AS starts, %s::bigint[] AS closings, %s::integer[] AS first_open
          ) AS calendar
      ) AS dated) AS counted
GROUP BY counted_in, currency""".replace("{first}", FIRST_MONTH)
BY_BOOKS: LiteralString = _REPORT.replace("{}", "greatest(took_effect_in, open_then)")
"""The books by month, late entries in the first month that was still open, over the rows `held`; takes what
`domain.book.closing.Calendar` says. Source: H-period
"""
BY_EFFECT: LiteralString = _REPORT.replace("{}", "took_effect_in")
"""The same by month of what took effect, whatever is closed."""
BY_RECORDING: LiteralString = _REPORT.replace("{}", "recorded_in")
"""The same by month of recording."""

TRIAL_BALANCE = """
SELECT currency, account, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debit,
       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credit, sum(amount) AS balance
FROM held GROUP BY currency, account ORDER BY currency, account"""
"""Every account's debits, credits and balance, over the rows `held`; a currency's balances sum to zero."""


BY_ENTRY = """
SELECT position, currency, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debit,
       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credit, sum(amount) AS balance
FROM held GROUP BY position, currency"""
"""What each entry added to the debits, credits and balance of the rows `held`."""
