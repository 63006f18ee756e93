"""What an import has read and what the book holds of it afterwards."""

from collections import Counter

import msgspec

from domain.customers.registering import CustomerRegistered
from domain.entry import Entry
from domain.orders.order_events import OrderPlaced, OrderShipped
from domain.payments.payment_events import PaymentCaptured, StoreCreditGranted
from domain.refunds.refund_events import RefundGranted


class Receipt(msgspec.Struct, kw_only=True):
    """Counts that grow while the import runs. All but `entries` are the same when it is run again."""

    rows: int = 0
    dropped: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Rows left out, by the reason of the drop rule."""
    bad_rows: int = 0
    refused: int = 0
    """Documents that the book would not record, or that break a rule of the file."""
    credit_notes: int = 0
    credit_lines: int = 0
    refunds: int = 0
    """Of units that an order shows: one per credit note and order."""
    refund_parts: int = 0
    """Pairs of a line of a credit note and one of an order."""
    refunded_units: int = 0
    refunded: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Minor units by currency, at the prices paid."""
    unverified: int = 0
    """Lines of credit notes that no order shows, or not in full."""
    unverified_units: int = 0
    unverified_refunded: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Minor units by currency, as the credit notes state them."""
    adjustments: int = 0
    """Lines of credit notes that are no goods."""
    adjusted: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Minor units by currency."""
    orders: int = 0
    order_lines: int = 0
    units: int = 0
    customers: int = 0
    """Registered by an order of this file."""
    new: int = 0
    """Orders whose customer had none before that was paid and shipped."""
    existing: int = 0
    captured: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Minor units by currency."""
    charged: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Minor units by currency."""
    entries: int = 0
    """Recorded by this run."""
    entries_before: int = 0
    """Of the same orders, recorded by an earlier run."""
    seconds: float = 0.0
    peak_megabytes: int = 0
    """The most memory this process held."""

    @property
    def found_something(self) -> bool:
        """Whether part of the file was not taken."""
        return bool(self.bad_rows or self.refused)

    def count(self, entries: tuple[Entry, ...], *, before: bool) -> None:
        """Adds what one command recorded, now or in an earlier run."""
        if before:
            self.entries_before += len(entries)
        else:
            self.entries += len(entries)
        for entry in entries:
            match entry.event:
                case OrderPlaced() as placed:
                    self.orders += 1
                    self.order_lines += len(placed.lines)
                    self.units += sum(line.quantity for line in placed.lines)
                    self.new += placed.standing == "new"
                    self.existing += placed.standing == "existing"
                case CustomerRegistered():
                    self.customers += 1
                case PaymentCaptured() as captured:
                    self.captured[captured.currency] += captured.amount
                case OrderShipped() as shipped:
                    self.charged[shipped.currency] += shipped.charge
                case RefundGranted() as granted:
                    self._count_refund(granted)
                case StoreCreditGranted() as credited:
                    self.adjustments += 1
                    self.adjusted[credited.currency] += credited.amount
                case _:
                    pass

    def _count_refund(self, granted: RefundGranted) -> None:
        units = sum([part.quantity for part in granted.parts])
        if granted.order is None:
            self.unverified += len(granted.parts)
            self.unverified_units += units
            self.unverified_refunded[granted.currency] += granted.granted
        else:
            self.refunds += 1
            self.refund_parts += len(granted.parts)
            self.refunded_units += units
            self.refunded[granted.currency] += granted.granted
