"""Rebuilding beside a bare text COPY of the same entries, and a long book beside a longer one.

Each rebuild runs in a process of its own, so that its peak memory is its own.
"""

import multiprocessing
import resource
from collections.abc import Sequence
from time import perf_counter

import msgspec
import psycopg
from psycopg.sql import SQL

from benchmarks import history
from benchmarks.ground import Ground
from benchmarks.report import Section
from ledger.database import prepared
from ledger.projecting.rebuild import rebuild
from ledger.roles import OWNER
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from projections.projection import AnyProjection

BOOK = "rebuilt"
MILLION, TEN_MILLION = 1_000_000, 10_000_000
BALANCE = CustomerBalance()


class Rebuild(msgspec.Struct, frozen=True):
    """One rebuild: how long it took, and the most memory its process ever held."""

    seconds: float
    mebibytes: float


class Rebuilds(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured over one book."""

    entries: int
    copy: float
    """Seconds of a bare text COPY."""
    first: Rebuild
    """customer_balance, no rows being there."""
    again: Rebuild
    """customer_balance beside equal rows."""
    everything: Rebuild | None
    """Every read model in one pass beside equal rows."""


def measure(ground: Ground) -> Section:
    """A book of a million entries. Raises: psycopg.Error."""
    return _section(_rebuilds(ground, MILLION, everything=True))


def measure_long(ground: Ground) -> list[Section]:
    """The same, then a book ten times as long, and what an entry costs there. Raises: psycopg.Error."""
    million = _rebuilds(ground, MILLION, everything=True)
    ten = _rebuilds(ground, TEN_MILLION, everything=False)
    return [_section(million), _section(ten), _beside(million, ten)]


def _rebuilds(ground: Ground, entries: int, *, everything: bool) -> Rebuilds:
    name = f"bench_rebuilding_{entries}"
    conninfo = prepared(ground.server, name).app_conninfo
    history.store(conninfo, BOOK, entries)
    with psycopg.connect(ground.server.conninfo(OWNER, name), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE entries")
    copy = min(_bare_copy(conninfo) for _ in range(2))
    first, again = _alone(conninfo, [BALANCE]), _alone(conninfo, [BALANCE])
    whole = None
    if everything:
        _alone(conninfo, [each for each in PROJECTIONS if each.name != BALANCE.name])
        whole = _alone(conninfo, PROJECTIONS)
    return Rebuilds(entries=entries, copy=copy, first=first, again=again, everything=whole)


def _section(it: Rebuilds) -> Section:
    def row(what: str, rebuild: Rebuild) -> tuple[str, ...]:
        rate, memory = f"{it.entries / rebuild.seconds:,.0f}", f"{rebuild.mebibytes:,.0f} MiB"
        beside = f"{it.copy / rebuild.seconds:.2f} ×"
        return what, f"{rebuild.seconds:.2f}", rate, beside, memory if rebuild.mebibytes else ""

    rows = [
        row("bare text COPY of all entries", Rebuild(it.copy, 0)),
        row("customer_balance, for the first time", it.first),
        row("customer_balance, beside equal rows", it.again),
    ]
    remark = ""
    if it.everything is not None:
        rows.append(row(f"all {len(PROJECTIONS)} in one pass, beside equal rows", it.everything))
        times = it.everything.seconds / it.again.seconds
        remark = f"All in one pass takes {times:.1f} × customer_balance alone; allowed are 8 ×."
    return Section(
        title=f"Rebuilding from {it.entries:,} entries",
        headings=("", "seconds", "entries/s", "beside COPY", "peak memory"),
        rows=tuple(rows),
        remark=remark,
    )


def _beside(short: Rebuilds, long: Rebuilds) -> Section:
    def row(what: str, one: float, other: float) -> tuple[str, ...]:
        one, other = one / short.entries * 1e6, other / long.entries * 1e6
        return what, f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f} ×"

    return Section(
        title="Microseconds per entry",
        headings=("", f"of {short.entries:,}", f"of {long.entries:,}", "grows by"),
        rows=(
            row("bare text COPY of all entries", short.copy, long.copy),
            row("customer_balance, for the first time", short.first.seconds, long.first.seconds),
            row("customer_balance, beside equal rows", short.again.seconds, long.again.seconds),
        ),
        remark="Allowed are 1.3 ×.",
    )


def _bare_copy(conninfo: str) -> float:
    started = perf_counter()
    with psycopg.connect(conninfo) as connection:
        query = SQL("COPY (SELECT * FROM entries WHERE book = {}) TO STDOUT").format(BOOK)
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
    rebuild(conninfo, BOOK, [each for each in PROJECTIONS if each.name in names])
    seconds = perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
