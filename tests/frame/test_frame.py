"""A book seen through the library: its repository and projections, and no variable that changes them."""

from typing import Any

import pytest
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import (
    MapperDeserialisationError,
    NotSupportedError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from domain.book.register import BookOpened, PersonRegistered
from domain.entry import Entry
from ledger.database import Database
from ledger.record.frame import BookApplication, EntryMapper, FramedEntry, fold
from ledger.record.recorder import BookRecorder
from tests.frame.conftest import Rows, framed

OPENED = framed("book", 1, BookOpened(zone="Europe/Berlin", country="DE"))
ANN = framed("book", 2, PersonRegistered(person="per_ann", name="sealed.per_ann.name.x", role="owner"))
BEN = framed("book", 3, PersonRegistered(person="per_ben", name="sealed.per_ben.name.x", role="agent"))


@pytest.fixture
def application(database: Database, book: str) -> type[BookApplication]:
    return BookApplication.of(database.app_conninfo, book)


def test_an_entry_survives_the_way_through_the_library(application: type[BookApplication]) -> None:
    with application() as app:
        (recording,) = app.save(OPENED)
        (read,) = app.events.get("book")
    assert recording.notification.id == 1
    assert isinstance(read, Entry)
    assert (read.event, read.meta, read.effective_at) == (OPENED.event, OPENED.meta, OPENED.effective_at)
    assert (read.position, read.originator_id, read.originator_version) == (1, "book", 1)


def test_the_repository_folds_a_stream_as_it_is_and_as_it_was(application: type[BookApplication]) -> None:
    with application() as app:
        app.save(OPENED, ANN, BEN)
        now: Any = app.repository.get("book", projector_func=fold)
        then: Any = app.repository.get("book", version=2, projector_func=fold)
        with pytest.raises(AggregateNotFoundError):
            app.repository.get("ord_unknown", projector_func=fold)
    assert (now.zone, set(now.persons)) == ("Europe/Berlin", {"per_ann", "per_ben"})
    assert set(then.persons) == {"per_ann"}


# Let `construct_env` read the process's environment, as the library does → this fails.
def test_no_environment_variable_chooses_how_a_book_is_recorded(
    application: type[BookApplication], monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    for name, value in {
        "PERSISTENCE_MODULE": "eventsourcing.popo",
        "MAPPER_TOPIC": "eventsourcing.persistence:Mapper",
        "TRANSCODER_TOPIC": "no.such.module:Transcoder",
        "CIPHER_TOPIC": "no.such.module:Cipher",
        "COMPRESSOR_TOPIC": "no.such.module:Compressor",
        "IS_SNAPSHOTTING_ENABLED": "y",
        "AGGREGATE_CACHE_MAXSIZE": "1000",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "y",
    }.items():
        monkeypatch.setenv(name, value)
    with application() as app:
        app.save(OPENED)
        assert isinstance(app.recorder, BookRecorder)
        assert type(app.mapper) is EntryMapper
        assert app.snapshots is None
        assert app.repository.cache is None
    assert len(rows()) == 1


# Resolve topics as the library's mapper does → the module is imported, and this fails.
def test_a_stored_type_that_is_not_known_is_not_looked_for(application: type[BookApplication]) -> None:
    with application() as app:
        app.recorder.insert_events([StoredEvent("thing_1", 1, "antigravity.fly", b"{}")])
        with pytest.raises(MapperDeserialisationError, match=r"antigravity\.fly"):
            list(app.events.get("thing_1"))


def test_a_known_type_without_a_header_is_no_entry(application: type[BookApplication]) -> None:
    with application() as app:
        app.recorder.insert_events([StoredEvent("book", 1, "book.opened", b'{"zone":"UTC","country":"DE"}')])
        with pytest.raises(MapperDeserialisationError):
            list(app.events.get("book"))


def test_only_entries_are_saved() -> None:
    class Other:
        originator_id = "thing_1"
        originator_version = 1

    with pytest.raises(ProgrammingError, match="only entries"):
        EntryMapper().to_stored_event(Other())


def test_snapshots_and_tracking_have_no_place_in_a_book(application: type[BookApplication]) -> None:
    with application() as app:
        for refused in (
            app.factory.aggregate_recorder,
            app.factory.tracking_recorder,
            app.factory.process_recorder,
        ):
            with pytest.raises(NotSupportedError):
                refused()


class Names(POPOTrackingRecorder):
    """A view: who may act in the book."""

    def __init__(self) -> None:
        super().__init__()
        self.persons: list[str] = []


class Persons(Projection[Names]):
    """A projection as any user of the library writes it."""

    topics = ("person.registered",)

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        assert isinstance(domain_event, FramedEntry)
        assert isinstance(domain_event.event, PersonRegistered)
        self.view.persons.append(domain_event.event.person)
        self.view.insert_tracking(tracking)


def test_a_stock_projection_runner_reads_a_book_and_what_is_recorded_meanwhile(
    application: type[BookApplication], book: str
) -> None:
    with application() as app:
        app.save(OPENED, ANN)
        with ProjectionRunner(
            application_class=application, projection_class=Persons, view_class=Names
        ) as runner:
            runner.wait(2, timeout=10)
            app.save(BEN)
            runner.wait(3, timeout=10)
        assert runner.view.persons == ["per_ann", "per_ben"]
        assert runner.view.max_tracking_id(book) == 3
