"""A book as a recorder of the `eventsourcing` library: synchronous, over our writer on a loop of its own.

    insert_events            Writer.append; a version that does not follow its stream is an IntegrityError
    select_events            a stream, by version
    select_notifications     the book, by position, without gaps: who pages by position misses nothing
    subscribe                the same, polled; no NOTIFY, no connection held

It is for tools: replay, audit, tests, projections written for the library. Commands run through
`Book.execute`.
"""

import asyncio
from collections.abc import Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread, current_thread
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    DataError,
    IntegrityError,
    Notification,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Subscription,
)

from domain.moments import Moment
from ledger.connection import Reader
from ledger.errors import QueueFull, Unavailable, UnknownBook, Unrecordable
from ledger.record.append import Append, NewEntry, Recorded
from ledger.record.reading import Record
from ledger.record.writer import Writer

Answer = TypeVar("Answer")

_STREAM = """
SELECT position, stream, version, type, schema_version, customer, effective_at, recorded_at, meta, data
FROM entries WHERE book = %b AND stream = %b AND version > %b AND version <= %b
ORDER BY version LIMIT %b"""
_STREAM_BACKWARDS = """
SELECT position, stream, version, type, schema_version, customer, effective_at, recorded_at, meta, data
FROM entries WHERE book = %b AND stream = %b AND version > %b AND version <= %b
ORDER BY version DESC LIMIT %b"""
_PAGE = """
SELECT position, stream, version, type, schema_version, customer, effective_at, recorded_at, meta, data
FROM entries WHERE book = %b AND position >= %b AND position <= %b AND (%b::text[] IS NULL OR type = ANY(%b))
ORDER BY position LIMIT %b"""

_FIRST, _LAST = -1, 2**62
"""Below the first and above the last version or position there can be."""

_PAGE_SIZE = 500
_SHORTEST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
"""Seconds between two polls: the pause doubles while nothing comes."""


@dataclass(frozen=True)
class StoredEntry(StoredEvent):
    """An entry as it is stored: the header, and in `state` meta, newline, data as they are hashed."""

    schema_version: int
    customer: str | None
    effective_at: Moment
    position: int = 0
    """The book's to give, like `recorded_at`; 0 until it is recorded."""
    recorded_at: Moment = 0


@dataclass(frozen=True)
class NotifiedEntry(StoredEntry, Notification):
    """A stored entry in the order of its book; `id` is its position."""


class LoopThread:
    """An event loop on a thread of its own, for callers that have none."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether the loop has ended."""
        return self._loop.is_closed()

    def wait_for(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """What the work returns or raises. Raises: ProgrammingError on the loop's own thread, or closed."""
        if current_thread() is self._thread or self.closed:
            work.close()
            raise ProgrammingError(
                "this loop cannot wait for itself: await the book instead, or open it again"
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Stop the loop; doing it again does no harm."""
        if not self.closed:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class BookRecorder(ApplicationRecorder):
    """The entries of one book, for code that cannot await. Make it with `open`, end it with `close`."""

    def __init__(self, book: str, thread: LoopThread, reader: Reader, writer: Writer) -> None:
        self.book = book
        self._thread = thread
        self._reader = reader
        self._writer = writer

    @classmethod
    def open(cls, conninfo: str, book: str) -> "BookRecorder":
        """Connect to one book. Raises: UnknownBook, OperationalError."""
        thread = LoopThread(f"recorder of {book}")
        recorder = cls(book, thread, Reader(conninfo), Writer(book, conninfo))
        try:
            recorder._wait_for(recorder._reader.open())
            recorder.max_notification_id()
        except (UnknownBook, OperationalError):
            recorder.close()
            raise
        return recorder

    def close(self) -> None:
        """Store what waits and disconnect; doing it again does no harm."""
        if not self._thread.closed:
            self._thread.wait_for(self._writer.close())
            self._thread.wait_for(self._reader.close())
            self._thread.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Record all of them in one append, or none; returns their positions.

        Raises: IntegrityError for a version that does not follow its stream's last, DataError for what the
        record cannot hold, OperationalError when the database does not answer, NotSupportedError for anything
        else to be recorded in the same transaction.
        """
        beside = sorted(name for name, value in kwargs.items() if value is not None)
        if beside:
            raise NotSupportedError(f"a book records entries and nothing beside them: {', '.join(beside)}")
        if not stored_events:
            return []
        append = Append(entries=tuple(map(_new_entry, stored_events)))
        verdict = self._wait_for(self._writer.append(append))
        if not isinstance(verdict, Recorded):
            raise IntegrityError(f"not recorded: {verdict}")
        return list(range(verdict.first, verdict.first + len(stored_events)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """A stream's entries with gt < version ≤ lte. Raises: OperationalError."""
        after, until = _FIRST if gt is None else gt, _LAST if lte is None else lte
        rows = self._reader.rows(
            _STREAM_BACKWARDS if desc else _STREAM,
            (self.book, str(originator_id), after, until, _LAST if limit is None else limit),
        )
        return [_stored(*row) for row in self._wait_for(rows)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The book's entries with start ≤ position ≤ stop, of the stored types in `topics` if there are any.

        Raises: OperationalError.
        """
        first = _FIRST if start is None else start if inclusive_of_start else start + 1
        types = list(topics) or None
        rows = self._reader.rows(
            _PAGE, (self.book, first, _LAST if stop is None else stop, types, types, limit)
        )
        return [_notified(*row) for row in self._wait_for(rows)]

    def max_notification_id(self) -> int | None:
        """The position of the last entry, None in an empty book. Raises: UnknownBook, OperationalError."""
        head = self._wait_for(Record(self.book, self._reader).head())
        if head is None:
            raise UnknownBook(self.book)
        return head or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "BookSubscription":
        """Every entry after position `gt`, also those to come: blocks where the book ends, until stopped."""
        return BookSubscription(self, gt, topics)

    def _wait_for(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        with _in_words_of_the_library():
            return self._thread.wait_for(work)


class BookSubscription(Subscription[BookRecorder]):
    """Follows a book by position; polls, so that no writer has to know of it."""

    def __init__(self, recorder: BookRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._read_to = gt or 0
        self._page: Iterator[Notification] = iter(())
        self._stopping = Event()

    def stop(self) -> None:
        """End the iteration, also one that is waiting in another thread."""
        super().stop()
        self._stopping.set()

    def __next__(self) -> Notification:
        """The next entry. Raises: StopIteration once stopped, OperationalError."""
        pause = _SHORTEST_PAUSE
        while not self._stopping.is_set():
            for notification in self._page:
                return notification
            if not self._turn_page():
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise StopIteration

    def _turn_page(self) -> bool:
        """Read on; False if the book has not grown since. What the topics leave out is not read again."""
        head = self._recorder.max_notification_id() or 0
        if head <= self._read_to:
            return False
        page = self._recorder.select_notifications(
            self._read_to, _PAGE_SIZE, head, self._topics, inclusive_of_start=False
        )
        self._read_to = page[-1].id if len(page) == _PAGE_SIZE else head
        self._page = iter(page)
        return True


@contextmanager
def _in_words_of_the_library() -> Generator[None]:
    try:
        yield
    except Unrecordable as error:
        raise DataError(str(error)) from error
    except (QueueFull, Unavailable) as error:
        raise OperationalError(str(error)) from error


def _new_entry(stored: StoredEvent) -> NewEntry:
    """What the writer is given. A plain stored event has no meta and takes effect when it is recorded."""
    if not isinstance(stored.originator_id, str):
        raise ProgrammingError("the streams of a book have text for names")
    try:
        state = stored.state.decode()
    except UnicodeDecodeError as error:
        raise DataError("the state of an event is UTF-8 text") from error
    stream, version, type_ = stored.originator_id, stored.originator_version, stored.topic
    if not isinstance(stored, StoredEntry):
        return NewEntry(stream, version, type_, 1, None, None, "", state)
    meta, _, data = state.partition("\n")
    return NewEntry(
        stream, version, type_, stored.schema_version, stored.customer, stored.effective_at, meta, data
    )


def _stored(
    position: int,
    stream: str,
    version: int,
    type_: str,
    schema_version: int,
    customer: str | None,
    effective_at: Moment,
    recorded_at: Moment,
    meta: str,
    data: str,
) -> StoredEvent:
    if not meta:
        return StoredEvent(stream, version, type_, data.encode())
    state = f"{meta}\n{data}".encode()
    return StoredEntry(
        stream, version, type_, state, schema_version, customer, effective_at, position, recorded_at
    )


def _notified(position: int, *row: Any) -> Notification:
    stored = _stored(position, *row)
    if isinstance(stored, StoredEntry):
        return NotifiedEntry(id=position, **vars(stored))
    return Notification(id=position, **vars(stored))
