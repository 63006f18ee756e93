"""Rebuilding beside a bare text COPY of the same entries, and a long book beside a longer one.

Each rebuild runs in a process of its own, so that its peak memory is its own. Seconds on the clock hang on
what else the machine does; processor time, of that process and of the database together, much less.
"""

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import msgspec
import psycopg
from psycopg.sql import SQL

from benchmarks import history
from benchmarks.ground import Ground
from benchmarks.report import Section
from ledger.collector import collect_rarely
from ledger.database import prepared
from ledger.projecting.as_of import Effective
from ledger.projecting.past import past_of
from ledger.projecting.rebuild import rebuild
from ledger.roles import OWNER
from projections.catalogue import PROJECTIONS
from projections.customer_balance import CustomerBalance
from projections.orders import Orders
from projections.projection import AnyProjection

BOOK = "rebuilt"
MILLION = 1_000_000
TIMES_LONGER = 10
BYTES_OF_ENTRY = 1_900
"""What an entry takes of the disk: with its indexes, the log, rows and side tables."""
BALANCE, ORDERS = CustomerBalance(), Orders()
PATIENCE = 60.0
"""Seconds in which the server has to notice that a session ended."""


class StillThere(Exception):
    """The server has a session still, whose processor time it does not count yet."""


class Cost(msgspec.Struct, frozen=True):
    """What one way through a book took."""

    seconds: float
    cpu: float
    """Processor seconds, of our process and of the database."""
    mebibytes: float = 0.0
    """The most memory our process ever held."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured over one book."""

    entries: int
    copy: Cost
    """A bare text COPY."""
    first: Cost
    """customer_balance, no rows being there."""
    again: Cost
    """customer_balance beside equal rows."""
    everything: Cost | None
    """Every read model in one pass beside equal rows."""
    past: Cost
    """All orders as of an effective time."""


def measure(ground: Ground) -> Section:
    """A book of a million entries. Raises: psycopg.Error."""
    return _section(_costs(ground, _stored(ground, MILLION), MILLION, everything=True))


def measure_long(ground: Ground, entries: int = MILLION) -> list[Section]:
    """The same, then a book ten times as long, and what an entry costs there. Raises: psycopg.Error."""
    longer = entries * TIMES_LONGER
    conninfo, conninfo_longer = _stored(ground, entries), _stored(ground, longer)
    short = _costs(ground, conninfo, entries, everything=True)
    long = _costs(ground, conninfo_longer, longer, everything=False)
    return [_section(short), _section(long), _beside(short, long)]


def bytes_needed(entries: int) -> int:
    """What `measure_long` takes of the disk."""
    return (entries + entries * TIMES_LONGER) * BYTES_OF_ENTRY


def _stored(ground: Ground, entries: int) -> str:
    """How to connect to a database that holds a book of so many entries."""
    name = f"bench_rebuilding_{entries}"
    conninfo = prepared(ground.server, name).app_conninfo
    history.store(conninfo, BOOK, entries)
    with psycopg.connect(ground.server.conninfo(OWNER, name), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE entries")
    return conninfo


def _costs(ground: Ground, conninfo: str, entries: int, *, everything: bool) -> Costs:
    def of(work: Callable[[], Cost]) -> Cost:
        _expect_reaped(ground)
        before = _database_cpu(ground)
        cost = work()
        _expect_reaped(ground)
        return msgspec.structs.replace(cost, cpu=cost.cpu + _database_cpu(ground) - before)

    copies = [of(lambda: _bare_copy(conninfo)) for _ in range(2)]
    first, again = [of(lambda: _alone(conninfo, [BALANCE])) for _ in range(2)]
    whole = None
    if everything:
        _alone(conninfo, [each for each in PROJECTIONS if each.name != BALANCE.name])
        whole = of(lambda: _alone(conninfo, PROJECTIONS))
    copy = min(copies, key=lambda each: each.seconds)
    past = of(lambda: _apart(_asked_as_of, conninfo))
    return Costs(entries=entries, copy=copy, first=first, again=again, everything=whole, past=past)


def _expect_reaped(ground: Ground) -> None:
    """Wait until the server has reaped every session that ended: only then it counts its processor time.

    Raises: StillThere.
    """
    until = time.monotonic() + PATIENCE
    while any(_is_session(each) for each in _children_of(ground.server.pid)):
        if time.monotonic() > until:
            raise StillThere
        time.sleep(0.01)


def _children_of(process: int) -> list[Path]:
    found: list[Path] = []
    for about in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            if int(about.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(about.parent)
    return found


def _is_session(process: Path) -> bool:
    """By its title; one that ended and was not reaped yet has none."""
    with suppress(OSError):
        title = (process / "cmdline").read_bytes()
        return not title or b"[local]" in title
    return False


def _database_cpu(ground: Ground) -> float:
    """Processor seconds of the server and of all its sessions that ended; 0 where /proc does not tell."""
    about = Path(f"/proc/{ground.server.pid}/stat")
    if not about.exists():
        return 0.0
    ticks = about.read_text().rpartition(")")[2].split()[11:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _section(it: Costs) -> Section:
    def row(what: str, cost: Cost) -> tuple[str, ...]:
        return (
            what,
            f"{cost.seconds:.2f}",
            f"{it.entries / cost.seconds:,.0f}",
            f"{it.copy.seconds / cost.seconds:.2f} ×",
            f"{cost.cpu:.2f}",
            f"{it.copy.cpu / cost.cpu:.2f} ×" if cost.cpu else "",
            f"{cost.mebibytes:,.0f} MiB" if cost.mebibytes else "",
        )

    rows = [
        row("bare text COPY of all entries", it.copy),
        row("customer_balance, for the first time", it.first),
        row("customer_balance, beside equal rows", it.again),
        row("orders as of an effective time, the whole book", it.past),
    ]
    remark = ""
    if it.everything is not None:
        rows.append(row(f"all {len(PROJECTIONS)} in one pass, beside equal rows", it.everything))
        seconds, cpu = (
            it.everything.seconds / it.again.seconds,
            it.everything.cpu / it.again.cpu,
        )
        remark = (
            f"All in one pass takes {seconds:.1f} × customer_balance alone ({cpu:.1f} × its processor time); "
            "allowed are 8 ×."
        )
    return Section(
        title=f"Rebuilding from {it.entries:,} entries",
        headings=("", "seconds", "entries/s", "beside COPY", "CPU s", "beside COPY", "peak memory"),
        rows=tuple(rows),
        remark=remark,
    )


def _beside(short: Costs, long: Costs) -> Section:
    def row(what: str, one: float, other: float) -> tuple[str, ...]:
        one, other = one / short.entries * 1e6, other / long.entries * 1e6
        return what, f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f} ×"

    def rows(what: str, one: Cost, other: Cost) -> tuple[tuple[str, ...], ...]:
        return row(what, one.seconds, other.seconds), row(f"{what}, CPU", one.cpu, other.cpu)

    return Section(
        title="Microseconds per entry",
        headings=("", f"of {short.entries:,}", f"of {long.entries:,}", "grows by"),
        rows=(
            *rows("bare text COPY of all entries", short.copy, long.copy),
            *rows("customer_balance, for the first time", short.first, long.first),
            *rows("customer_balance, beside equal rows", short.again, long.again),
        ),
        remark="Allowed are 1.3 ×.",
    )


def _bare_copy(conninfo: str) -> Cost:
    cpu, started = time.process_time(), perf_counter()
    with psycopg.connect(conninfo) as connection:
        query = SQL("COPY (SELECT * FROM entries WHERE book = {}) TO STDOUT").format(BOOK)
        with connection.cursor().copy(query) as copy:
            for _ in copy:
                continue
    return Cost(perf_counter() - started, time.process_time() - cpu)


def _alone(conninfo: str, projections: Sequence[AnyProjection]) -> Cost:
    return _apart(_rebuilt, conninfo, [projection.name for projection in projections])


def _apart(work: Callable[..., None], *arguments: object) -> Cost:
    """In a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return Cost(*process.apply(_measured, (work, *arguments)))


def _measured(work: Callable[..., None], *arguments: object) -> tuple[float, float, float]:
    collect_rarely()  # as the command does
    cpu, started = time.process_time(), perf_counter()
    work(*arguments)
    seconds = perf_counter() - started
    return seconds, time.process_time() - cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _rebuilt(conninfo: str, names: list[str]) -> None:
    rebuild(conninfo, BOOK, [each for each in PROJECTIONS if each.name in names])


def _asked_as_of(conninfo: str) -> None:
    with past_of(conninfo, BOOK, ORDERS, Effective(2**62)) as then:
        then.table.count(then.side)
