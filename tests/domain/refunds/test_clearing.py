"""What a refund clears: the bills of its units first, then the oldest; then what was written off on them."""

from typing import Any

import msgspec
import pytest

from domain.bills.bill import Bill, WhyOwed
from domain.bills.bill_events import BillShare, WriteOffReversed
from domain.refunds.clearing import clear, write_offs_reversed
from tests.domain.bill_examples import payment_reversed
from tests.domain.examples import BILL, CUSTOMER, ORDER, OTHER_BILL, OTHER_SHIPMENT, SHIPMENT, billed, id_of
from tests.domain.specification import NOON

ROW = id_of("bil", 3)


def bills(first: dict[str, int], second: dict[str, int], row: dict[str, int]) -> dict[str, Bill]:
    """The bill of one shipment, that of another, and what a reversed payment left owed; 100 each."""
    same: dict[str, Any] = {
        "position": 1,
        "amount": 100,
        "currency": "USD",
        "at": NOON,
        "due_on": "2010-09-09",
    }
    sources = {
        BILL: billed(),
        OTHER_BILL: billed(bill=OTHER_BILL, shipment=OTHER_SHIPMENT),
        ROW: payment_reversed(100, 100, bill=ROW),
    }
    known = {}
    for (name, source), said in zip(sources.items(), (first, second, row), strict=True):
        why = "chargeback" if name == ROW else "shipment"
        known[name] = Bill(bill=name, why=why, source=source, **same, **said)
    return known


OPEN: dict[str, int] = {}
LET_OFF = {"written_off": 100}


@pytest.mark.parametrize(
    ("amount", "known", "of", "cleared", "reopened"),
    [
        (0, (OPEN, OPEN, OPEN), SHIPMENT, [], []),
        (1, (OPEN, OPEN, OPEN), SHIPMENT, [(BILL, 1)], []),
        (150, (OPEN, OPEN, OPEN), SHIPMENT, [(BILL, 100), (OTHER_BILL, 50)], []),
        (150, (OPEN, OPEN, OPEN), OTHER_SHIPMENT, [(OTHER_BILL, 100), (BILL, 50)], []),
        (150, (LET_OFF, OPEN, OPEN), SHIPMENT, [(OTHER_BILL, 100), (ROW, 50)], []),
        (250, (LET_OFF, OPEN, OPEN), SHIPMENT, [(OTHER_BILL, 100), (ROW, 100)], [(BILL, 50)]),
        (250, (LET_OFF, OPEN, OPEN), OTHER_SHIPMENT, [(OTHER_BILL, 100), (ROW, 100)], []),
        (250, (LET_OFF, LET_OFF, LET_OFF), SHIPMENT, [], [(BILL, 100), (ROW, 100)]),
        (150, (LET_OFF, LET_OFF, LET_OFF), SHIPMENT, [], [(BILL, 100), (ROW, 50)]),
    ],
)
def test_open_bills_are_cleared_before_what_was_written_off(
    amount: int,
    known: tuple[dict[str, int], dict[str, int], dict[str, int]],
    of: str,
    cleared: list[tuple[str, int]],
    reopened: list[tuple[str, int]],
) -> None:
    before = bills(*known)
    found = clear(before, amount, (of,))
    assert [(share.bill, share.amount) for share in found.cleared] == cleared
    assert [(share.bill, share.amount) for share in found.write_offs_cleared] == reopened
    assert found.reopened() == sum(share for _, share in reopened)
    for name, bill in found.bills.items():
        settled = sum(share for each, share in (*cleared, *reopened) if each == name)
        lifted = sum(share for each, share in reopened if each == name)
        assert (bill.cleared, bill.written_off) == (settled, before[name].written_off - lifted)


@pytest.mark.parametrize("why", ["chargeback", "correction"])
def test_what_is_owed_without_a_number_is_about_every_unit(why: WhyOwed) -> None:
    before = bills(OPEN, OPEN, LET_OFF)
    before[ROW] = msgspec.structs.replace(before[ROW], why=why)
    found = clear(before, 300, (SHIPMENT,))
    # What a corrected payment left owed was left out here, and its write-off came back as money due.
    assert found.write_offs_cleared == (BillShare(ROW, 100),)


def test_what_was_written_off_and_cleared_is_told_as_reopened() -> None:
    found = clear(bills(LET_OFF, OPEN, OPEN), 250, (SHIPMENT,))
    (told,) = write_offs_reversed(found, ORDER, CUSTOMER, "USD", "ref_x")
    assert told == WriteOffReversed(
        order=ORDER,
        customer=CUSTOMER,
        bill=BILL,
        currency="USD",
        amount=50,
        because="refund",
        by="ref_x",
    )


def test_what_was_given_up_is_released_with_what_is_cleared() -> None:
    known = bills(OPEN, OPEN, OPEN)
    known[BILL] = msgspec.structs.replace(known[BILL], uncollectible=30)
    found = clear(known, 20, (SHIPMENT,))
    assert found.cleared == (BillShare(BILL, 20, 20),)
    assert found.bills[BILL].uncollectible == 10
