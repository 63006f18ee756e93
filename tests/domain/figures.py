"""A customer's figures, as the read models fold them from a story's entries."""

from domain.entry import Entry
from projections.customer_balance import Balance, CustomerBalance
from projections.customer_statement import CustomerStatement
from projections.folding import folding_of
from projections.journal import CUSTOMER, Journal, postings
from projections.projection import AnyProjection, Row
from tests.domain.specification import Story

SUMMED = (
    "charged",
    "received",
    "reversed",
    "credited",
    "refunded",
    "written_off",
    "balance",
    "open_bills",
    "deposits_held",
    "refunds_due",
    "credit_available",
    "goodwill_cost",
    "lifetime_value",
)


def rows_of(projection: AnyProjection, entries: list[Entry]) -> list[Row]:
    """The rows of a read model over those entries."""
    folding = folding_of(projection)
    for entry in entries:
        if type(entry.event) in projection.handles:
            folding.feed(entry)
    assert not folding.parked
    return list(folding.rows())


def figures(story: Story, customer: str) -> dict[str, int]:
    """What is not 0 of the customer's balance; the statement and the books say the same."""
    rows = [row for row in rows_of(CustomerBalance(), story.entries) if isinstance(row, Balance)]
    summed = {name: sum(getattr(row, name) for row in rows if row.customer == customer) for name in SUMMED}
    lines = rows_of(CustomerStatement(), story.entries)
    stated = sum(getattr(line, "plus") - getattr(line, "minus") for line in lines)  # noqa: B009
    posted = [
        (account, amount)
        for entry in story.entries
        if type(entry.event) in Journal().handles
        and not (type(entry.event).__name__ == "CreditUsed" and entry.stream == customer)
        for account, amount in postings(entry.event)  # pyright: ignore[reportArgumentType]
    ]
    assert sum(amount for _, amount in posted) == 0
    assert stated == summed["balance"] == sum(amount for account, amount in posted if account == CUSTOMER)
    return {name: amount for name, amount in summed.items() if amount}
