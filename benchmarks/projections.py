"""Projections: following beside the library's `ProjectionRunner`, rebuilding beside a bare text COPY.

The history is orders of three lines: placed, captured, later shipped, later delivered with its guarantee;
three orders a customer. 40 % of the entries move a balance. Each rebuild runs in a process of its own, so
that its peak memory is its own.
"""

import multiprocessing
import resource
from collections.abc import Iterator, Sequence
from hashlib import sha256
from time import perf_counter
from typing import Any

import msgspec
import psycopg
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from benchmarks.ground import Ground
from benchmarks.report import Section
from domain.entry import Event, Meta
from domain.ids import type_id
from domain.order_events import (
    GuaranteeGranted,
    GuaranteeTerms,
    OrderLine,
    OrderPlaced,
    OrderShipped,
    Part,
    ShipmentDelivered,
)
from domain.payment_events import PaymentCaptured
from domain.stored_types import TYPE_NAMES
from ledger import codec
from ledger.database import Database, prepared
from ledger.frame import BookApplication
from ledger.projecting.follow import Follower
from ledger.projecting.rebuild import rebuild
from ledger.projecting.tables import create_tables
from ledger.roles import OWNER
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from projections.projection import AnyProjection

DATABASE = "bench_projections"
REBUILT, FOLLOWED = "rebuilt", "followed"
FOLLOWED_ENTRIES, RUNNER_ENTRIES = 200_000, 5_000
SHIPPED_AFTER, DELIVERED_AFTER = 50, 200
"""Orders placed meanwhile."""
BALANCE = CustomerBalance()
PARTS = (Part(1, 2), Part(2, 1), Part(3, 1))
LINES = tuple(OrderLine(part.line, f"SKU-{part.line}", "A thing, blue", 2, 1299, 0, 208) for part in PARTS)
ENTRY_TYPES = [
    *("text", "int8", "text", "int8", "text", "int4", "text", "int8", "int8", "text", "text", "bytea")
]
TOTAL = 3 * (2 * 1299 + 208) + 495


class Rebuild(msgspec.Struct, frozen=True):
    """One rebuild: how long it took, and the most memory its process ever held."""

    seconds: float
    mebibytes: float


def measure(ground: Ground, entries: int = 1_000_000) -> list[Section]:
    """Both comparisons, over a book of that many entries. Raises: psycopg.Error."""
    database = prepared(ground.server, DATABASE)
    with psycopg.connect(ground.server.conninfo(OWNER, DATABASE)) as owner:
        create_tables(owner, PROJECTIONS)
    for book, count in ((REBUILT, entries), (FOLLOWED, FOLLOWED_ENTRIES)):
        _store(database.app_conninfo, book, count)
    with psycopg.connect(ground.server.conninfo(OWNER, DATABASE), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE entries")
    return [
        _following(database, ground.server.conninfo(OWNER, DATABASE)),
        _rebuilding(database.app_conninfo, entries),
    ]


def _following(database: Database, owner_conninfo: str) -> Section:
    library = _runner(database.app_conninfo, owner_conninfo)
    ours = _follower(database.app_conninfo)
    return Section(
        title="Following customer_balance, entries per second",
        headings=("", "entries/s", "beside"),
        rows=(
            ("the library's ProjectionRunner, a transaction per event", f"{library:,.0f}", "1 ×"),
            ("our follower", f"{ours:,.0f}", f"{ours / library:,.0f} ×"),
        ),
        remark="Both read the same book and write the same columns; entries of other types count as read.",
    )


def _follower(conninfo: str) -> float:
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO cursors (book, projection, version, position) VALUES (%s, %s, %s, 0)",
            (FOLLOWED, BALANCE.name, BALANCE.version),
        )
    follower = Follower(conninfo, FOLLOWED, [BALANCE], "bench")
    started = perf_counter()
    step = follower.catch_up()
    seconds = perf_counter() - started
    follower.close()
    return step.position / seconds


class BalanceView(PostgresTrackingRecorder):
    """The same rows as the library's users keep them: an upsert and the tracking record in a transaction."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        table = SQL("{}.{}").format(Identifier(self.datastore.schema), Identifier("library_balance"))
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {} (customer text, currency text, order_id text, charged bigint,"
                " received bigint, balance bigint, lifetime_value bigint, last_position bigint,"
                " PRIMARY KEY (customer, currency, order_id))"
            ).format(table)
        )
        self._upsert = SQL(
            "INSERT INTO {table} AS held VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (customer, currency, order_id) DO UPDATE SET"
            " charged = held.charged + excluded.charged, received = held.received + excluded.received,"
            " balance = held.balance + excluded.balance,"
            " lifetime_value = held.lifetime_value + excluded.lifetime_value,"
            " last_position = excluded.last_position"
        ).format(table=table)

    def add(
        self, it: PaymentCaptured | OrderShipped, charged: int, received: int, tracking: Tracking
    ) -> None:
        """Add one event's amounts to its order's row."""
        amounts = (charged, received, charged - received, received, tracking.notification_id)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._upsert, (it.customer, it.currency, it.order, *amounts), prepare=True)


class LibraryBalance(Projection[BalanceView]):
    """The same projection written for the library."""

    topics = ("payment.captured", "order.shipped")

    def process_event(  # pyright: ignore[reportIncompatibleVariableOverride]  (the library allows both)
        self, domain_event: Any, tracking: Tracking
    ) -> None:
        match domain_event.event:
            case PaymentCaptured() as it:
                self.view.add(it, 0, it.amount, tracking)
            case OrderShipped() as it:
                self.view.add(it, it.charge, 0, tracking)
            case _:
                self.view.insert_tracking(tracking)


def _runner(conninfo: str, owner_conninfo: str) -> float:
    where = conninfo_to_dict(owner_conninfo)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(where["dbname"]),
        "POSTGRES_HOST": str(where["host"]),
        "POSTGRES_PORT": str(where.get("port", 5432)),
        "POSTGRES_USER": str(where["user"]),
        "POSTGRES_PASSWORD": "",
    }
    last = _last_handled(conninfo)
    started = perf_counter()
    with ProjectionRunner(
        application_class=BookApplication.of(conninfo, FOLLOWED),
        projection_class=LibraryBalance,
        view_class=BalanceView,
        env=env,
    ) as runner:
        runner.wait(last, timeout=600)
        return last / (perf_counter() - started)


def _last_handled(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT max(position) FROM entries WHERE book = %s AND position <= %s AND type = ANY (%s)",
            (FOLLOWED, RUNNER_ENTRIES, list(LibraryBalance.topics)),
        ).fetchone()
    assert row is not None
    return int(row[0])


def _rebuilding(conninfo: str, entries: int) -> Section:
    bare = min(_bare_copy(conninfo) for _ in range(2))
    first = _alone(conninfo, [BALANCE])
    again = _alone(conninfo, [BALANCE])
    others = [each for each in PROJECTIONS if each.name != BALANCE.name]
    _alone(conninfo, others)
    everything = _alone(conninfo, PROJECTIONS)

    def row(what: str, it: Rebuild, beside: float) -> tuple[str, ...]:
        rate, memory = f"{entries / it.seconds:,.0f}", f"{it.mebibytes:,.0f} MiB" if it.mebibytes else ""
        return what, f"{it.seconds:.2f}", rate, f"{beside / it.seconds:.2f} ×", memory

    return Section(
        title=f"Rebuilding from {entries:,} entries",
        headings=("", "seconds", "entries/s", "beside COPY", "peak memory"),
        rows=(
            row("bare text COPY of all entries", Rebuild(bare, 0.0), bare),
            row("customer_balance, for the first time", first, bare),
            row("customer_balance, beside equal rows", again, bare),
            row(f"all {len(PROJECTIONS)} in one pass, beside equal rows", everything, bare),
        ),
        remark=f"All in one pass takes {everything.seconds / again.seconds:.1f} × customer_balance alone.",
    )


def _bare_copy(conninfo: str) -> float:
    started = perf_counter()
    with psycopg.connect(conninfo) as connection:
        query = SQL("COPY (SELECT * FROM entries WHERE book = {}) TO STDOUT").format(REBUILT)
        with connection.cursor().copy(query) as copy:
            for _ in copy:
                continue
    return perf_counter() - started


def _alone(conninfo: str, projections: Sequence[AnyProjection]) -> Rebuild:
    names = [projection.name for projection in projections]
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return Rebuild(*process.apply(_rebuilt, (conninfo, names)))


def _rebuilt(conninfo: str, names: list[str]) -> tuple[float, float]:
    started = perf_counter()
    rebuild(conninfo, REBUILT, [each for each in PROJECTIONS if each.name in names])
    seconds = perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _store(conninfo: str, book: str, count: int) -> None:
    meta = codec.encode_meta(
        Meta(person=type_id("per", 1), role="agent", origin="api", edition=1, key="k" * 30)
    )
    at, last = 1_700_000_000_000_000, bytes(32)
    versions: dict[str, int] = {}
    with psycopg.connect(conninfo) as connection:
        with connection.cursor().copy("COPY entries FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(ENTRY_TYPES)
            for position, event in zip(range(1, count + 1), _history(), strict=False):
                stream = event.order
                versions[stream] = versions.get(stream, 0) + 1
                last = sha256(last).digest()
                name, data, now = TYPE_NAMES[type(event)], codec.encode(event)[2], at + position * 1000
                header = (book, position, stream, versions[stream], name, 1, event.customer, now, now)
                copy.write_row((*header, meta, data, last))
        connection.execute("INSERT INTO heads VALUES (%s, %s, %s, %s)", (book, count, last, at))


def _history() -> Iterator[Any]:
    """Events without end: each order placed and captured, an earlier one shipped, a still earlier one
    delivered.
    """
    number = 0
    while True:
        number += 1
        yield from _placed(number)
        if number > SHIPPED_AFTER:
            yield _shipped(number - SHIPPED_AFTER)
        if number > DELIVERED_AFTER:
            yield from _delivered(number - DELIVERED_AFTER)


def _about(number: int) -> dict[str, Any]:
    return {"order": type_id("ord", number), "customer": type_id("cus", number // 3)}


def _placed(number: int) -> tuple[Event, Event]:
    placed = OrderPlaced(
        **_about(number),
        channel="web",
        external_ref=f"W-{number}",
        currency="USD",
        terms="card",
        ordered_on="2024-03-01",
        lines=LINES,
        shipping=495,
        shipping_tax=0,
        shipping_credit=0,
        total=TOTAL,
        standing="new",
        standing_rests_on=None,
        guarantee=GuaranteeTerms(6, "delivery", 30, "order", edition=1),
    )
    captured = PaymentCaptured(
        **_about(number),
        payment=type_id("pay", number),
        currency="USD",
        amount=TOTAL,
        payment_method=None,
        processor="acme",
        reference=f"ch_{number}",
        bills=(),
    )
    return placed, captured


def _shipped(number: int) -> Event:
    return OrderShipped(
        **_about(number),
        shipment=type_id("shp", number),
        parts=PARTS,
        method="parcel",
        tracking=f"1Z{number:016}",
        description="sealed." + "x" * 80,
        currency="USD",
        goods=3 * 2 * 1299,
        tax=3 * 208,
        shipping=495,
        shipping_tax=0,
        shipping_credit=0,
        charge=TOTAL,
        carries_fee=True,
    )


def _delivered(number: int) -> tuple[Event, Event]:
    about: dict[str, Any] = {
        **_about(number),
        "delivery": type_id("dlv", number),
        "shipment": type_id("shp", number),
        "delivered_on": "2024-03-05",
        "parts": PARTS,
    }
    windows: dict[str, Any] = {
        "ordered_on": "2024-03-01",
        "guarantee_until": "2024-09-05",
        "guarantee_edition": 1,
        "supplier_until": "2024-03-31",
        "supplier_edition": 1,
    }
    return ShipmentDelivered(**about, all_under_way=True), GuaranteeGranted(**about, **windows)
