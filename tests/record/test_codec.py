"""Events as text: what is stored for a type and version stays as it is, and is read for ever."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.book.register import BookOpened, PersonRegistered
from domain.entry import Entry, Event, Meta
from domain.stored_types import STORED_TYPES, StoredType
from ledger.errors import Undecodable, Unrecordable
from ledger.record import codec
from ledger.record.chain import StoredRow
from ledger.record.codec import decode, decode_meta, encode, encode_meta, entry_of
from tests.record.examples import example

GOLDEN = Path(__file__).parent.parent / "golden"

TYPES_AND_VERSIONS = [
    (name, version)
    for name, stored in STORED_TYPES.items()
    for version in range(1, stored.schema_version + 1)
]


def golden_file(name: str, version: int) -> Path:
    return GOLDEN / f"{name}.v{version}.json"


@pytest.mark.parametrize(("name", "version"), TYPES_AND_VERSIONS)
def test_every_type_and_version_has_a_golden_text_that_is_still_read(name: str, version: int) -> None:
    file = golden_file(name, version)
    begin = encode(example(STORED_TYPES[name].event))[2]
    assert file.is_file(), f"no {file.name}; a first text for the type as it is now:\n{begin}"
    text = file.read_text(encoding="utf-8").removesuffix("\n")
    event = decode(name, version, text)
    assert type(event) is STORED_TYPES[name].event
    if version == STORED_TYPES[name].schema_version:
        # Rename, add, drop or reorder a field of the event and this fails: that takes a new schema version.
        assert encode(event) == (name, version, text)


def test_no_golden_file_belongs_to_nothing() -> None:
    known = {golden_file(name, version) for name, version in TYPES_AND_VERSIONS}
    assert set(GOLDEN.iterdir()) == known


def test_an_older_version_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(data: dict[str, Any]) -> dict[str, Any]:
        return {"zone": data.pop("time_zone"), **data}

    def with_country(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "country": "DE"}

    lifted = StoredType(BookOpened, schema_version=3, upcasters={1: renamed, 2: with_country})
    monkeypatch.setattr(codec, "STORED_TYPES", {"book.opened": lifted})
    expected = BookOpened(zone="UTC", country="DE")
    assert decode("book.opened", 1, '{"time_zone":"UTC"}') == expected
    assert decode("book.opened", 2, '{"zone":"UTC"}') == expected


@pytest.mark.parametrize(
    "data", ['{"zone":"UTC"}', '{"zone":"UTC","country":"DE","new":1}', "[]", "not json"]
)
def test_stored_text_of_another_shape_is_not_read_as_something_else(data: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode("book.opened", 1, data)


def test_only_known_types_are_read_and_written() -> None:
    class Unlisted(Event, frozen=True, kw_only=True):
        pass

    with pytest.raises(KeyError):
        decode("os.system", 1, "{}")
    with pytest.raises(KeyError):
        encode(Unlisted())


TEXTS = [
    "",
    'quote " and \\ backslash',
    "line\nbreak\r\ttab",
    "ß漢🎈\u2028",
    "\\u0000 spelled out",
    "\x7f\x1f",
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_one_line_and_comes_back_as_it_was(text: str) -> None:
    name, version, line = encode(PersonRegistered(person="per_1", name=text, role="agent"))
    assert "\n" not in line
    assert "\0" not in line
    assert decode(name, version, line) == PersonRegistered(person="per_1", name=text, role="agent")


@pytest.mark.parametrize("text", ["\0", "a\0b", "\\\0", "\\\\\0", "\ud800", "a\udfff"])
def test_a_text_that_postgres_could_not_read_as_json_is_refused(text: str) -> None:
    with pytest.raises(Unrecordable):
        encode(PersonRegistered(person="per_1", name=text, role="agent"))
    with pytest.raises(Unrecordable):
        encode_meta(Meta(person="per_1", role="agent", origin="api", reason=text))


@pytest.mark.parametrize(
    ("number", "fits"), [(2**63 - 1, True), (-(2**63), True), (2**63, False), (-(2**63) - 1, False)]
)
def test_an_integer_is_held_up_to_64_bits(number: int, fits: bool) -> None:
    number_taken = STORED_TYPES["number.taken"].event
    event = msgspec.structs.replace(example(number_taken), number=number)
    if fits:
        assert decode(*encode(event)) == event
    else:
        with pytest.raises(Unrecordable):
            encode(event)


def test_a_long_run_of_digits_in_a_text_is_no_number() -> None:
    encode(PersonRegistered(person="per_1", name="9" * 40, role="agent"))


def test_meta_is_stored_with_exactly_its_nine_fields() -> None:
    line = encode_meta(Meta(person="system", role="system", origin="cli"))
    assert line == (
        '{"person":"system","role":"system","on_behalf_of":null,"origin":"cli","reason":null,'
        '"correlation":null,"causation":null,"edition":null,"key":null}'
    )
    assert decode_meta(line) == Meta(person="system", role="system", origin="cli")


def test_a_stored_row_becomes_the_entry_it_holds() -> None:
    meta = Meta(person="system", role="system", origin="cli")
    event = BookOpened(zone="UTC", country="DE")
    row = StoredRow(1, "book", 1, *encode(event)[:2], None, 5, 6, encode_meta(meta), encode(event)[2], b"")
    assert entry_of(row) == Entry(
        position=1, stream="book", version=1, event=event, effective_at=5, recorded_at=6, meta=meta
    )


@pytest.mark.parametrize(
    ("type_", "schema_version", "data"),
    [("loyalty_point.given", 1, "{}"), ("book.opened", 2, None), ("book.opened", 1, "{}")],
    ids=["a type nobody knows", "a newer schema version", "not what the type promises"],
)
def test_an_entry_that_this_release_cannot_read_is_named_by_its_position(
    type_: str, schema_version: int, data: str | None
) -> None:
    """Read a newer version as today's class → the second passes, and this fails."""
    meta = encode_meta(Meta(person="system", role="system", origin="cli"))
    stored = data or encode(BookOpened(zone="UTC", country="DE"))[2]
    with pytest.raises(Undecodable, match=f"entry 7: {type_}@{schema_version}"):
        entry_of(StoredRow(7, "book", 1, type_, schema_version, None, 5, 6, meta, stored, b""))
