"""Importing a real shop's orders: entries per second, and whether memory stays constant while it runs."""

import json
import subprocess
import time
from pathlib import Path

import msgspec
import psycopg

from benchmarks.ground import MAKEGOOD, Ground
from benchmarks.report import Section
from ledger.database import prepared

WHOLE = Path("..") / "shared" / "data" / "online-retail.csv.gz"
SLICE = Path("tests") / "data" / "online-retail-slice.csv.gz"
BOOK = "imports"
LOOK_EVERY = 0.25
"""Seconds between two looks at the process."""


class Look(msgspec.Struct, frozen=True):
    """The process at one moment."""

    seconds: float
    position: int
    resident: int
    """Megabytes."""


def measure(ground: Ground) -> Section:
    """Import the whole shop where it is at hand, else the committed slice of it.

    Raises: CalledProcessError, psycopg.Error.
    """
    file = WHOLE if WHOLE.exists() else SLICE
    database = prepared(ground.server)
    looks: list[Look] = []
    start = time.perf_counter()
    with (
        psycopg.connect(database.app_conninfo, autocommit=True) as connection,
        subprocess.Popen(
            [*MAKEGOOD, "import", "orders", str(file), "--book", BOOK, "--json"],
            env=ground.environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        while process.poll() is None:
            time.sleep(LOOK_EVERY)
            looks.append(Look(time.perf_counter() - start, _position(connection), _resident(process.pid)))
        assert process.stdout is not None
        receipt = json.loads(process.stdout.read())
        entries = _position(connection)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, "makegood import orders")
    seconds = time.perf_counter() - start
    return Section(
        title=f"Import of {file.name}",
        headings=("done", "entries", "seconds", "entries/s", "resident MB"),
        rows=tuple(_row(part, looks, entries) for part in (25, 50, 75, 100)),
        remark=f"{receipt['orders']:,} orders ({receipt['new']:,} new, {receipt['existing']:,} existing), "
        f"{receipt['order_lines']:,} lines, {receipt['customers']:,} customers; "
        f"{entries:,} entries in {seconds:.1f} s, start-up included: {entries / seconds:,.0f} entries/s.",
    )


def _row(part: int, looks: list[Look], entries: int) -> tuple[str, ...]:
    """The first look at which that part was done; the last one that saw the process at 100 %."""
    seen = [look for look in looks if look.resident]
    look = next((look for look in seen if look.position * 100 >= entries * part), seen[-1])
    return (
        f"{part} %",
        f"{look.position:,}",
        f"{look.seconds:.1f}",
        f"{look.position / look.seconds:,.0f}",
        f"{look.resident:,}",
    )


def _position(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT position FROM heads WHERE book = %s", (BOOK,)).fetchone()
    return row[0] if row else 0


def _resident(process: int) -> int:
    """Megabytes of memory in use, 0 where the system does not tell (only Linux does, in /proc)."""
    status = Path("/proc") / str(process) / "status"
    if not status.exists():
        return 0
    for said in status.read_text().splitlines():
        if said.startswith("VmRSS:"):
            return int(said.split()[1]) >> 10
    return 0
