"""Whether a file is sorted by time, found out before anything of it is recorded.

Whether a customer was new is decided order by order, in the order of the book, and stays decided. An order
that comes after later ones of its customer could be recorded, but never again be told right.
"""

from domain.moments import EARLIEST
from ledger.importing.documents import documents
from ledger.importing.rows import Source, Unreadable


class NotSorted(Exception):
    """An order of the file happened before one that stands out of reach above it."""


def expect_sorted(source: Source) -> None:
    """Reads the whole file and keeps one moment of it. Where it breaks off is told by whoever reads it next.

    Raises: NotSorted.
    """
    latest, apart = EARLIEST, source.mapping.fixed.apart
    try:
        for document in documents(source.rows(), apart, lambda _: None, lambda _: None):
            if document.at < latest:
                raise NotSorted(
                    f"{source.name}:{document.first_line}: {document.kind} {document.reference} happened "
                    f"before one that stands more than {apart:,} lines above it. The file is not sorted by "
                    "time: sort it, or raise `apart` under [fixed] of the mapping. Nothing was recorded."
                )
            latest = document.at
    except Unreadable:
        return
