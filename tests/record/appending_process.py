"""A process of its own that appends to a book: eight callers; each stream is printed once it is acknowledged.

python -m tests.record.appending_process CONNINFO BOOK PREFIX APPENDS
"""

import asyncio
import sys
from collections.abc import Iterator

from ledger.record.append import Recorded
from ledger.record.writer import Writer
from tests.record.conftest import append, new_entry


async def call(writer: Writer, streams: Iterator[str]) -> None:
    """Append the next stream until there is none left; all callers also fight for one stream."""
    for version, stream in enumerate(streams, 1):
        verdict = await writer.append(append(new_entry(stream)))
        if isinstance(verdict, Recorded):
            sys.stdout.write(f"{stream}\n")
            sys.stdout.flush()
        await writer.append(append(new_entry("contested", version)))


async def main(conninfo: str, book: str, prefix: str, appends: int) -> None:
    writer = Writer(book, conninfo)
    streams = (f"{prefix}-{number}" for number in range(appends))
    await asyncio.gather(*[call(writer, streams) for _ in range(8)])
    await writer.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], int(sys.argv[4])))
