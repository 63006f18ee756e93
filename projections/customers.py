"""Finding customers: one row per customer. Names stay sealed; a person is found through the blind index."""

from typing import assert_never

from domain.customers.registering import (
    ContactPointAdded,
    ContactPointInvalidated,
    CustomerRegistered,
    PaymentMethodStored,
)
from domain.entry import Entry, Sealed
from domain.moments import Moment
from domain.orders.order_events import OrderPlaced
from projections.projection import Key, Place, Row, RowPerGroup, events_of

TellsOfACustomer = (
    CustomerRegistered | ContactPointAdded | ContactPointInvalidated | PaymentMethodStored | OrderPlaced
)


class CustomerRow(Row):
    """A customer as a list shows them."""

    customer: str
    name: Sealed | None = None
    channel: str = ""
    external_ref: str | None = None
    registered_at: Moment | None = None
    """None before it took effect: an order may be dated before the registration of who ordered."""
    contact_points: int = 0
    """That still reach them."""
    payment_methods: int = 0
    orders: int = 0
    last_order: str | None = None
    """By the time things took effect: an order entered late is not the last."""
    last_order_at: Moment | None = None
    last_position: Place = 0


class Customers(RowPerGroup[CustomerRow, TellsOfACustomer]):
    """Which customers are there, and what do we know of each?"""

    name = "customers"
    version = 3
    row = CustomerRow
    handles = events_of(TellsOfACustomer)
    key = ("customer",)
    group_key = key
    found_by = "customer"
    indexes = (("external_ref",), ("registered_at",))

    def group(self, it: TellsOfACustomer, entry: Entry) -> Key:
        return (it.customer,)

    def change(self, row: CustomerRow, it: TellsOfACustomer, entry: Entry) -> None:
        match it:
            case CustomerRegistered():
                row.name, row.channel, row.external_ref = it.name, it.channel, it.external_ref
                row.registered_at = entry.effective_at
                row.contact_points += len(it.contact_points)
            case ContactPointAdded():
                row.contact_points += 1
            case ContactPointInvalidated():
                row.contact_points -= 1
            case PaymentMethodStored():
                row.payment_methods += 1
            case OrderPlaced():
                row.orders += 1
                if row.last_order_at is None or row.last_order_at <= entry.effective_at:
                    row.last_order, row.last_order_at = it.order, entry.effective_at
            case _:
                assert_never(it)
        row.last_position = entry.position


LISTED = """
SELECT customer AS id, name, channel, external_ref, registered_at,
       coalesce(last_order_at, registered_at) AS active_at, contact_points, payment_methods, orders,
       last_order, last_position
FROM held WHERE registered_at IS NOT NULL"""
"""The customers who were registered, over the rows `held`."""
