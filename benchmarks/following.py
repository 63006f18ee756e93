"""Following beside the library's `ProjectionRunner`, which commits a transaction for every event."""

from time import perf_counter
from typing import Any

import psycopg
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from benchmarks import history
from benchmarks.ground import Ground
from benchmarks.report import Section
from domain.orders.order_events import OrderShipped
from domain.payments.payment_events import PaymentCaptured
from ledger.database import Database, prepared
from ledger.projecting.follow import Follower
from ledger.record.frame import BookApplication
from ledger.roles import OWNER
from projections.customer_balance import CustomerBalance

DATABASE, BOOK = "bench_following", "followed"
ENTRIES, RUNNER_ENTRIES = 200_000, 5_000
BALANCE = CustomerBalance()


def measure(ground: Ground) -> Section:
    """Both on the same view of the same book. Raises: psycopg.Error."""
    database, owner = prepared(ground.server, DATABASE), ground.server.conninfo(OWNER, DATABASE)
    history.store(database.app_conninfo, BOOK, ENTRIES)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE entries")
    return _following(database, owner)


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
            (BOOK, BALANCE.name, BALANCE.version),
        )
    follower = Follower(conninfo, BOOK, [BALANCE], "bench")
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
        application_class=BookApplication.of(conninfo, BOOK),
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
            (BOOK, RUNNER_ENTRIES, list(LibraryBalance.topics)),
        ).fetchone()
    assert row is not None
    return int(row[0])
