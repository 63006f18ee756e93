"""customer_balance as a plain user of the `eventsourcing` library would keep it: the same rows, by its means.

The same history is stored by the library's own application, recorder and mapper. Its `ProjectionRunner`
subscribes to the types that move a balance; for each event, in one transaction, the view notes how far it has
read, loads the order's row, lets our fold change it, and writes it back.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from time import perf_counter
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import get_topic
from psycopg.sql import SQL, Identifier, Placeholder

from benchmarks import history
from domain.entry import Entry, Meta
from domain.ids import type_id
from domain.orders.order_events import GuaranteeGranted, OrderPlaced, OrderShipped, ShipmentDelivered
from domain.payments.payment_events import PaymentCaptured
from ledger.projecting.tables import columns_of, names_of
from projections.customer_balance import Balance, CustomerBalance

BALANCE = CustomerBalance()
AT = datetime(2024, 3, 1, tzinfo=UTC)
STREAMS = UUID(int=0)
META = Meta(person=type_id("per", 1), role="agent", origin="api", edition=1)


class Told(DomainEvent):
    """One entry of the history, as the library stores it."""

    data: dict[str, Any]


class Placed(Told): ...


class Captured(Told): ...


class Shipped(Told): ...


class Delivered(Told): ...


class Granted(Told): ...


KINDS: Mapping[type[Told], type[Any]] = {
    Placed: OrderPlaced,
    Captured: PaymentCaptured,
    Shipped: OrderShipped,
    Delivered: ShipmentDelivered,
    Granted: GuaranteeGranted,
}


class Orders(Application[UUID]):
    """The history, recorded by the library."""


class Read(NamedTuple):
    """Which entry was read, and when."""

    position: int
    at: float


class BalanceView(PostgresTrackingRecorder):
    """The rows, and how far they are read."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.read: list[Read] = []
        """The first entry and the last one."""
        table = SQL("{}.{}").format(Identifier(self.datastore.schema), Identifier("library_balance"))
        columns = columns_of(BALANCE)
        key = names_of(BALANCE.key)
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(
                table, SQL(", ").join(column.ddl for column in columns), key
            )
        )
        names = names_of(columns)
        self._load = SQL("SELECT {} FROM {} WHERE ({}) = (%s, %s, %s)").format(names, table, key)
        self._keep = SQL(
            "INSERT INTO {} ({names}) VALUES ({values}) ON CONFLICT ({key})"
            " DO UPDATE SET ({names}) = ROW (excluded.*)"
        ).format(table, names=names, values=SQL(", ").join(Placeholder() for _ in columns), key=key)

    def change(self, entry: Entry, tracking: Tracking) -> None:
        """Fold an entry into the row it touches."""
        group = BALANCE.group(entry.event, entry)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            found = cursor.execute(self._load, group, prepare=True).fetchone()
            row = Balance(*group) if found is None else Balance(**found)
            BALANCE.change(row, entry.event, entry)
            cursor.execute(self._keep, msgspec.structs.astuple(row), prepare=True)
        self.read[1:] = [Read(entry.position, perf_counter())]


class LibraryBalance(Projection[BalanceView]):
    """The projection."""

    topics = tuple(get_topic(told) for told, kind in KINDS.items() if kind in BALANCE.handles)

    def process_event(  # pyright: ignore[reportIncompatibleVariableOverride]  (the library allows both)
        self, domain_event: Told, tracking: Tracking
    ) -> None:
        event = msgspec.convert(domain_event.data, KINDS[type(domain_event)])
        entry = Entry(
            position=tracking.notification_id,
            stream=event.order,
            version=domain_event.originator_version,
            event=event,
            customer=event.customer,
            effective_at=0,
            recorded_at=0,
            meta=META,
        )
        self.view.change(entry, tracking)


def store(env: Mapping[str, str], count: int) -> int:
    """Record so many entries of the history; the position of the last one that moves a balance."""
    told = {kind: told for told, kind in KINDS.items()}
    with Orders(env) as orders:
        found = list(_told(orders, told, count))
        for start in range(0, count, 500):
            orders.recorder.insert_events(found[start : start + 500])
    handled = {told[kind] for kind in BALANCE.handles if kind in told}
    topics = {get_topic(each) for each in handled}
    return max(number for number, each in enumerate(found, 1) if each.topic in topics)


def _told(orders: Orders, told: Mapping[type[Any], type[Told]], count: int) -> Iterator[StoredEvent]:
    versions: dict[str, int] = {}
    for event in islice(history.events(), count):
        version = versions[event.order] = versions.get(event.order, 0) + 1
        yield orders.mapper.to_stored_event(
            told[type(event)](
                originator_id=uuid5(STREAMS, event.order),
                originator_version=version,
                timestamp=AT,
                data=msgspec.to_builtins(event),
            )
        )


def followed(env: Mapping[str, str], last: int) -> float:
    """Entries per second, from the first entry read to the last: what it takes to begin does not count."""
    with ProjectionRunner(
        application_class=Orders, projection_class=LibraryBalance, view_class=BalanceView, env=env
    ) as runner:
        runner.wait(last, timeout=600)
        first, until = runner.view.read
    return (until.position - first.position) / (until.at - first.at)
