"""Promises to pay a bill: kept by what leaves nothing open in time, broken by time. R-B7, R-P1

A part of the shop, as `tests.model.shop` says.
"""

from datetime import date

from tests.model.debts import expect_valid
from tests.model.orders import Bill, Promise, Refused
from tests.model.shop import Shop


def promise(shop: Shop, name: str, bill: str, promise: str, due: date) -> None:
    """One at a time: another takes its place."""
    about = shop.orders[name].bills[bill]
    expect_valid(about)
    broken = set[str]()
    if not about.open:
        broken |= {"R-B7", "R-B3", "R-B4"}
    if due < shop.today:
        broken.add("R-P1")
    if broken:
        raise Refused(*broken)
    for known in about.promises.values():
        if known.outcome is None:
            known.outcome = "replaced"
    about.promises[promise] = Promise(due)


def time_decides(shop: Shop) -> None:
    """The day after its last has begun, and something is open."""
    for order in shop.orders.values():
        for bill in order.bills.values():
            for it in bill.promises.values():
                if it.outcome is None and bill.open and it.due < shop.today:
                    it.outcome, it.broken_at = "broken", shop.today


def kept(bill: Bill, by: str) -> None:
    """What came left nothing open."""
    for it in bill.promises.values():
        if it.outcome is None and not bill.open:
            it.outcome, it.kept_by = "kept", by


def asked_again(bill: Bill, by: str, *, rested: bool) -> None:
    """What had kept it never was, or it rested while nothing was open: it counts again."""
    for it in bill.promises.values():
        if (it.kept_by == by or (it.outcome is None and rested)) and bill.open:
            it.outcome, it.kept_by = None, None


def fall_broken(shop: Shop, bill: Bill) -> None:
    """One that counts again after its last day is broken at once."""
    for it in bill.promises.values():
        if it.outcome is None and bill.open and it.due < shop.today:
            it.outcome, it.broken_at = "broken", shop.now
