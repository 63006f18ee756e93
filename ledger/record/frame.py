"""A book as an application of the `eventsourcing` library: what tools written for it can read.

    Entry (stream, version, event, meta)  ⇄  EntryMapper  ⇄  StoredEntry  ⇄  BookRecorder  ⇄  the record

    with BookApplication.of(conninfo, "shop")() as shop:
        shop.repository.get("ord_…", projector_func=fold)
    with ProjectionRunner(application_class=BookApplication.of(conninfo, "shop"), …) as runner: …

The library is the frame, not the hot path: commands run through `Book.execute`, on the same writer.
Environment variables choose nothing here; snapshots, tracking records and the library's own recorders are not
used.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Self, cast

from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    Mapper,
    MapperDeserialisationError,
    NotSupportedError,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from domain.entry import Entry
from domain.stored_types import STORED_TYPES, evolve_of
from ledger.record.codec import decode, decode_meta, encode, encode_meta
from ledger.record.recorder import BookRecorder, StoredEntry


class FramedEntry(Entry, frozen=True, kw_only=True):
    """An entry under the names the library asks for. Before it is saved, position and recorded_at are 0."""

    @property
    def originator_id(self) -> str:
        """The stream."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version."""
        return self.version


def fold(state: Any, entries: Iterable[Entry]) -> Any:
    """The state of a stream after these entries: a projector function for `repository.get`."""
    for entry in entries:
        state = evolve_of(entry.stream)(state, entry)
    return state


class EntryMapper(Mapper[str]):
    """Entries to stored entries and back, by the codec alone: it knows the stored types and imports nothing.

    There is no transcoder, compressor or cipher: what is hashed is what the codec writes.
    """

    def __init__(self) -> None:
        self.compressor = self.cipher = None  # what the library's would have made; its transcoder is left out

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEntry:
        """An entry ready to be recorded. Raises: ProgrammingError if it is none, KeyError, Unrecordable."""
        if not isinstance(domain_event, Entry):
            raise ProgrammingError("only entries are recorded in a book")
        type_, schema_version, data = encode(domain_event.event)
        return StoredEntry(
            originator_id=domain_event.stream,
            originator_version=domain_event.version,
            topic=type_,
            state=f"{encode_meta(domain_event.meta)}\n{data}".encode(),
            schema_version=schema_version,
            customer=domain_event.customer,
            effective_at=domain_event.effective_at,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> FramedEntry:
        """The entry. Raises: MapperDeserialisationError for what is none, or of a type not known here."""
        if not isinstance(stored_event, StoredEntry) or stored_event.topic not in STORED_TYPES:
            raise MapperDeserialisationError(f"{stored_event.topic!r} is no type of entry known here")
        meta, _, data = stored_event.state.decode().partition("\n")
        return FramedEntry(
            position=stored_event.position,
            stream=str(stored_event.originator_id),
            version=stored_event.originator_version,
            event=decode(stored_event.topic, stored_event.schema_version, data),
            customer=stored_event.customer,
            effective_at=stored_event.effective_at,
            recorded_at=stored_event.recorded_at,
            meta=decode_meta(meta),
        )


class BookFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes the one recorder of a book; reads nothing from its environment."""

    def __init__(self, env: Environment, conninfo: str, book: str) -> None:
        super().__init__(env)
        self._recorder = BookRecorder.open(conninfo, book)

    def application_recorder(self) -> BookRecorder:
        """The recorder of the book."""
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Raises: NotSupportedError."""
        raise NotSupportedError(f"a book keeps no {purpose} apart from its entries")

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        """Raises: NotSupportedError."""
        raise NotSupportedError("a view tracks its position where it lives")

    def process_recorder(self) -> ProcessRecorder:
        """Raises: NotSupportedError."""
        raise NotSupportedError("a view tracks its position where it lives")

    def is_snapshotting_enabled(self) -> bool:
        """Never: the entries are the record."""
        return False

    def close(self) -> None:
        """Disconnect."""
        self._recorder.close()


class BookApplication(Application[str]):
    """One book, for the library and the tools written for it. `of` says which one; close it or use `with`.

    Raises: UnknownBook, OperationalError.
    """

    conninfo: ClassVar[str]

    @classmethod
    def of(cls, conninfo: str, book: str) -> type[Self]:
        """The application of that book; its name, by which a projection tracks it, is the book's."""
        return cast("type[Self]", type(cls.__name__, (cls,), {"name": book, "conninfo": conninfo}))

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """An empty environment: no variable of the process chooses how a book is recorded."""
        return Environment(name)

    def construct_factory(self, env: Environment) -> BookFactory:
        """The factory of this book's recorder."""
        return BookFactory(env, type(self).conninfo, self.name)

    def construct_mapper(self) -> EntryMapper:
        """The mapper of entries."""
        return EntryMapper()

    def construct_recorder(self) -> BookRecorder:
        """The recorder of this book."""
        recorder = self.factory.application_recorder()
        assert isinstance(recorder, BookRecorder)
        return recorder
