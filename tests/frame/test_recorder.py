"""The recorder of a book: nothing is recorded that the record could not hold, or that does not follow."""

import pytest
from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)

from domain.book.register import BookOpened
from ledger.database import Database
from ledger.errors import UnknownBook
from ledger.record.chain import ORIGIN, StoredRow, verify
from ledger.record.frame import EntryMapper
from ledger.record.recorder import BookRecorder, LoopThread, NotifiedEntry, StoredEntry
from tests.frame.conftest import Rows, framed

OPENED = framed("book", 1, BookOpened(zone="Europe/Berlin", country="DE"))


def plain(
    version: int, stream: str = "thing_1", topic: str = "it.happened", state: bytes = b"{}"
) -> StoredEvent:
    return StoredEvent(originator_id=stream, originator_version=version, topic=topic, state=state)


def test_an_entry_is_stored_as_header_meta_and_data(recorder: BookRecorder, rows: Rows) -> None:
    recorder.insert_events([EntryMapper().to_stored_event(OPENED)])
    (row,) = rows()
    assert (row["position"], row["stream"], row["version"], row["type"]) == (1, "book", 1, "book.opened")
    assert (row["schema_version"], row["customer"], row["effective_at"]) == (1, None, 1_000_001)
    assert row["meta"] == (
        '{"person":"per_ann","role":"owner","on_behalf_of":null,"origin":"cli","reason":null,'
        '"correlation":null,"causation":null,"edition":null,"key":"k"}'
    )
    assert row["data"] == '{"zone":"Europe/Berlin","country":"DE","cut_over":null,"demo":false}'


def test_what_is_read_back_is_what_was_stored_with_its_place_in_the_book(recorder: BookRecorder) -> None:
    written = EntryMapper().to_stored_event(OPENED)
    recorder.insert_events([written])
    (stored,) = recorder.select_events("book")
    (notified,) = recorder.select_notifications(None, 10)
    assert isinstance(stored, StoredEntry)
    assert isinstance(notified, NotifiedEntry)
    assert (stored.position, notified.id) == (1, 1)
    assert stored.state == notified.state == written.state
    assert stored.recorded_at == notified.recorded_at > 0


def test_a_plain_event_has_no_meta_and_takes_effect_when_recorded(recorder: BookRecorder, rows: Rows) -> None:
    recorder.insert_events([plain(1, state=b'{"a":1}')])
    (row,) = rows()
    assert (row["meta"], row["data"], row["customer"], row["schema_version"]) == ("", '{"a":1}', None, 1)
    assert row["effective_at"] == row["recorded_at"]
    assert recorder.select_events("thing_1") == [plain(1, state=b'{"a":1}')]


def test_what_is_recorded_is_chained(recorder: BookRecorder, rows: Rows) -> None:
    recorder.insert_events([EntryMapper().to_stored_event(OPENED), plain(1), plain(2)])
    recorder.insert_events([plain(3)])
    stored = [StoredRow(**{name: row[name] for name in StoredRow._fields}) for row in rows()]
    assert verify(stored, 0, ORIGIN) == (4, stored[-1].hash)


@pytest.mark.parametrize("versions", [[2], [1, 3], [1, 1], [-1], [0, 2]])
def test_a_stream_begins_at_one_or_nought_and_has_no_gaps(
    recorder: BookRecorder, rows: Rows, versions: list[int]
) -> None:
    with pytest.raises(IntegrityError):
        recorder.insert_events([plain(version) for version in versions])
    assert rows() == []


@pytest.mark.parametrize("first", [0, 1])
def test_a_stream_is_begun_once(recorder: BookRecorder, first: int) -> None:
    recorder.insert_events([plain(first)])
    for version in (first, first + 2, 0):
        with pytest.raises(IntegrityError):
            recorder.insert_events([plain(version)])
    assert recorder.insert_events([plain(first + 1)]) == [2]


@pytest.mark.parametrize(
    "event",
    [
        plain(1, state=b"{\n}"),
        plain(1, state=b"\0"),
        plain(1, state=b"\xff"),
        plain(1, topic="two words"),
        plain(1, topic="os:system"),
        plain(1, stream="thing 1"),
        plain(1, stream=""),
    ],
)
def test_what_the_record_cannot_hold_is_refused_alone(
    recorder: BookRecorder, rows: Rows, event: StoredEvent
) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([event])
    assert rows() == []
    assert recorder.insert_events([plain(1)]) == [1]


# Ignore unknown keyword arguments → a tracking record would be dropped silently, and this fails.
def test_nothing_beside_entries_is_dropped_silently(recorder: BookRecorder, rows: Rows) -> None:
    with pytest.raises(NotSupportedError, match="tracking"):
        recorder.insert_events([plain(1)], tracking=Tracking("upstream", 1))
    assert rows() == []
    assert recorder.insert_events([plain(1)], tracking=None) == [1]


def test_a_book_that_does_not_exist_is_not_made(database: Database) -> None:
    with pytest.raises(UnknownBook):
        BookRecorder.open(database.app_conninfo, "no-such-book")


# Remove the check in `LoopThread.wait_for` → this waits for ever.
def test_the_writers_own_loop_is_not_made_to_wait_for_itself() -> None:
    thread = LoopThread("loop of a test")

    async def nothing() -> None: ...

    async def wait_on_the_loop() -> None:
        thread.wait_for(nothing())

    with pytest.raises(ProgrammingError, match="wait for itself"):
        thread.wait_for(wait_on_the_loop())
    thread.close()


def test_a_closed_recorder_says_so(recorder: BookRecorder) -> None:
    recorder.close()
    recorder.close()
    with pytest.raises(ProgrammingError):
        recorder.max_notification_id()


def test_a_subscription_does_not_read_again_what_its_topics_leave_out(
    recorder: BookRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.insert_events([plain(1, topic="it.ended"), plain(2), plain(3)])
    read_from: list[int | None] = []
    select = BookRecorder.select_notifications

    def noted(self: BookRecorder, start: int | None, *rest: object, **named: object) -> object:
        read_from.append(start)
        return select(self, start, *rest, **named)

    monkeypatch.setattr(BookRecorder, "select_notifications", noted)
    with recorder.subscribe(topics=["it.ended"]) as subscription:
        assert next(subscription).id == 1
        recorder.insert_events([plain(4), plain(5, topic="it.ended")])
        assert next(subscription).id == 5
    assert read_from == [0, 3]


def test_a_subscription_pages_without_loss(recorder: BookRecorder) -> None:
    recorder.insert_events([plain(version) for version in range(1, 1_201)])
    with recorder.subscribe() as subscription:
        assert [next(subscription).id for _ in range(1_200)] == list(range(1, 1_201))
    with recorder.subscribe(gt=1_198) as subscription:
        assert [next(subscription).id for _ in range(2)] == [1_199, 1_200]
    assert list(subscription) == []
