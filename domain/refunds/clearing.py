"""Clearing: what a refund takes back of the charges settles what is owed before anything is due back.

First what is open: on the bills of the units concerned, then on the others, oldest first; then what was
written off on the bills of the units concerned, and what a reversed or corrected payment left owed, which is
about every unit. Source: R-B9, R-G9
"""

from collections.abc import Iterable

import msgspec

from domain.bills.bill import Bill, Bills, in_turn, with_cleared, with_written_off
from domain.bills.bill_events import BillIssued, BillShare, WriteOffReversed


class Clearing(msgspec.Struct, frozen=True):
    """How a credit settles bills, and the bills afterwards."""

    cleared: tuple[BillShare, ...]
    write_offs_cleared: tuple[BillShare, ...]
    bills: Bills

    def reopened(self) -> int:
        """Minor units written off that count as open again."""
        return sum([share.amount for share in self.write_offs_cleared])


def clear(bills: Bills, amount: int, shipments: Iterable[str]) -> Clearing:
    """How that amount settles the bills of an order, the units concerned being of those shipments."""
    if amount == 0 or not bills:
        return Clearing((), (), bills)
    concerned = frozenset(shipments)
    own = [bill for bill in bills.values() if _shipment_of(bill) in concerned]
    others = [bill for bill in bills.values() if _shipment_of(bill) not in concerned]
    cleared = in_turn((*own, *others), amount)
    amount -= sum([share.amount for share in cleared])
    write_offs: list[BillShare] = []
    for bill in (*own, *[bill for bill in others if not bill.is_numbered]):
        share = min(amount, bill.written_off)
        if share:
            write_offs.append(BillShare(bill.bill, share))
            amount -= share
    after: Bills = bills
    for share in write_offs:
        after = with_written_off(after, share.bill, -share.amount)
    return Clearing(cleared, tuple(write_offs), with_cleared(after, (*cleared, *write_offs)))


def write_offs_reversed(
    clearing: Clearing, order: str, customer: str, currency: str, refund: str
) -> tuple[WriteOffReversed, ...]:
    """What was written off and counts as open again, because the refund clears it."""
    return tuple(
        [
            WriteOffReversed(
                order=order,
                customer=customer,
                bill=share.bill,
                currency=currency,
                amount=share.amount,
                because="refund",
                by=refund,
            )
            for share in clearing.write_offs_cleared
        ]
    )


def _shipment_of(bill: Bill) -> str | None:
    return bill.source.shipment if isinstance(bill.source, BillIssued) else None
