"""Following beside the library's `ProjectionRunner`, which commits a transaction for every event."""

from time import perf_counter

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks import history, library_balance
from benchmarks.ground import Ground
from benchmarks.report import Section
from ledger.collector import collect_rarely
from ledger.database import Database, prepared
from ledger.projecting.follow import Follower
from ledger.roles import OWNER
from projections.customer_balance import CustomerBalance

DATABASE, BOOK = "bench_following", "followed"
ENTRIES, RUNNER_ENTRIES = 200_000, 5_000
BALANCE = CustomerBalance()


def measure(ground: Ground) -> Section:
    """Both on the same view of the same history. Raises: psycopg.Error."""
    collect_rarely()  # as services do
    database, owner = prepared(ground.server, DATABASE), ground.server.conninfo(OWNER, DATABASE)
    history.store(database.app_conninfo, BOOK, ENTRIES)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE entries")
    return _following(database, owner)


def _following(database: Database, owner_conninfo: str) -> Section:
    library = _runner(owner_conninfo)
    ours = _follower(database.app_conninfo)
    return Section(
        title="Following customer_balance, entries per second",
        headings=("", "entries/s", "beside"),
        rows=(
            ("the library's ProjectionRunner, a transaction per event", f"{library:,.0f}", "1 ×"),
            ("our follower", f"{ours:,.0f}", f"{ours / library:,.0f} ×"),
        ),
        remark="Both read the same history, each as it stores it, and keep the same rows by the same fold."
        " Entries of other types count as read; what it takes to begin does not count.",
    )


def _follower(conninfo: str) -> float:
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "INSERT INTO cursors (book, projection, version, position) VALUES (%s, %s, %s, 0)",
            (BOOK, BALANCE.name, BALANCE.version),
        )
    follower = Follower(conninfo, BOOK, [BALANCE], "bench")
    begun = follower.step().position
    started = perf_counter()
    step = follower.catch_up()
    seconds = perf_counter() - started
    follower.close()
    return (step.position - begun) / seconds


def _runner(owner_conninfo: str) -> float:
    where = conninfo_to_dict(owner_conninfo)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(where["dbname"]),
        "POSTGRES_HOST": str(where["host"]),
        "POSTGRES_PORT": str(where.get("port", 5432)),
        "POSTGRES_USER": str(where["user"]),
        "POSTGRES_PASSWORD": "",
    }
    return library_balance.followed(env, library_balance.store(env, RUNNER_ENTRIES))
