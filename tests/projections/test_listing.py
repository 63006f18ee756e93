"""Lists in pages: every item stands in one of them, whatever it is sorted by."""

import psycopg
import pytest

from api.v1.decline_lists import DECLINED
from ledger.projecting.listing import Asked, Last, last_of, over_rows
from projections.declined_payments import DeclinedPayment

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
