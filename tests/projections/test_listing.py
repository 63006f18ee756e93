"""Lists in pages: every item stands in one of them, whatever it is sorted by."""

from types import SimpleNamespace

import psycopg
import pytest

from api.v1.decline_lists import DECLINED
from api.v1.order_list import ORDERS
from ledger.projecting.listing import Asked, Last, last_of, over_rows
from projections.declined_payments import DeclinedPayment
from projections.folding import Parked

SINCE = (3, None, 1, None, 2, None, 2)
ROWS = [DeclinedPayment(order=f"ord_{n}", declined_at=since) for n, since in enumerate(SINCE)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_items_without_what_they_are_sorted_by_are_in_a_page_too(
    conninfo: str, limit: int, *, descending: bool
) -> None:
    # Compare them like any other → the pages end at the first of them, and this fails.
    seen: list[str] = []
    after: Last | None = None
    with psycopg.connect(conninfo) as connection:
        for _ in range(len(ROWS) + 1):
            asked = Asked(sort="declined_at", descending=descending, limit=limit, after=after)
            query = over_rows(DECLINED, ROWS, asked)
            page = [DECLINED.item(*row) for row in connection.execute(query.text, query.parameters)]
            if not page:
                break
            seen += [item.order for item in page]
            after = last_of(DECLINED, asked, page[-1])
    in_order = sorted(ROWS, key=lambda row: (row.declined_at is None, row.declined_at or 0, row.order))
    expected = [row.order for row in in_order]
    assert seen == (expected[::-1] if descending else expected)


def test_an_item_may_lack_an_entry_whose_group_could_not_be_told() -> None:
    # Take any key of the group's length for a group → the second marks nothing, and this fails.
    item, another = SimpleNamespace(id="ord_1", customer="ann"), SimpleNamespace(id="ord_2", customer="ben")
    of_a_group = Parked(("ord_1",), 7, "ord_1", "ann", "LookupError: x")
    of_no_group = Parked((7,), 7, "ord_1", "ann", "LookupError: x")
    for parked in (of_a_group, of_no_group):
        assert ORDERS.stands_still_at(item, [parked]) == 7
        assert ORDERS.stands_still_at(another, [parked]) is None
