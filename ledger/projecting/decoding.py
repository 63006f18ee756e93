"""Whole pages of entries from one JSON text, decoded in C.

The server writes a page as `[["<type>@<schema version>", position, …], …]`; a line of a current version
becomes an `Entry` with its typed event at once. Lines of an older version, and only those, pass through the
codec.
"""

from collections.abc import Callable, Collection
from typing import Any, LiteralString, Union

import msgspec

from domain.entry import Entry, Event
from domain.stored_types import STORED_TYPES, TYPE_NAMES
from ledger.errors import Undecodable
from ledger.record import codec

# Tokens (type, stream, customer) need no escaping: none of their characters is special in JSON.
LINE: LiteralString = """\
'["' || type || '@' || schema_version || '",' || position || ',"' || stream || '",' || version || ',' || data
|| ',' || coalesce('"' || customer || '"', 'null') || ',' || effective_at || ',' || recorded_at || ',' || meta
|| ']'"""
"""SQL: an entry as a JSON array whose members stand in the order of `Entry`'s fields, after the tag."""

PAGE: LiteralString = f"'[' || string_agg({LINE}, ',' ORDER BY position) || ']'"
"""SQL: the selected entries as one JSON array; null where there are none."""


class _Older(msgspec.Struct, frozen=True, array_like=True):
    """A line of an older schema version, its event still as stored."""

    position: int
    stream: str
    version: int
    event: msgspec.Raw
    customer: str | None
    effective_at: int
    recorded_at: int
    meta: msgspec.Raw


Decode = Callable[[bytes], list[Entry]]

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def names_of(events: Collection[type[Event]]) -> list[str]:
    """The stored types of those events, sorted."""
    return sorted(TYPE_NAMES[event] for event in events)


def passed_over(events: Collection[type[Event]]) -> list[str]:
    """The stored types that whoever handles those events need not read, sorted.

    Only types that this release knows: what a newer one recorded is read by everybody, and stops them.
    """
    return sorted(STORED_TYPES.keys() - names_of(events))


def decoder_of(events: Collection[type[Event]]) -> Decode:
    """Decodes pages that hold entries of those events. What it returns raises: Undecodable for others."""
    types = names_of(events)
    current = [_current(name) for name in types]
    older = [
        _older(name, version) for name in types for version in range(1, STORED_TYPES[name].schema_version)
    ]
    # There is no other way to write a union of computed classes.
    a_line: Any = Union[(*current, *older)]
    decode = msgspec.json.Decoder[list[Any]](list[a_line]).decode
    decode_one = msgspec.json.Decoder[Any](a_line).decode

    def page(text: bytes) -> list[Entry]:
        try:
            lines = decode(text)
        except msgspec.MsgspecError:
            lines = [_one(decode_one, line) for line in _split(text)]
        return [_lifted(line) if isinstance(line, _Older) else line for line in lines] if older else lines

    return page


def _current(name: str) -> type[msgspec.Struct]:
    stored = STORED_TYPES[name]
    return msgspec.defstruct(
        f"{stored.event.__name__}Entry",
        [("event", stored.event)],
        bases=(Entry,),
        frozen=True,
        kw_only=True,
        array_like=True,
        tag=f"{name}@{stored.schema_version}",
    )


def _older(name: str, version: int) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        f"Older_{name}_{version}", [], bases=(_Older,), frozen=True, array_like=True, tag=f"{name}@{version}"
    )


def _lifted(line: _Older) -> Entry:
    name, _, version = str(type(line).__struct_config__.tag).rpartition("@")
    return Entry(
        position=line.position,
        stream=line.stream,
        version=line.version,
        event=codec.decode(name, int(version), bytes(line.event).decode()),
        customer=line.customer,
        effective_at=line.effective_at,
        recorded_at=line.recorded_at,
        meta=codec.decode_meta(bytes(line.meta).decode()),
    )


def _one(decode: Callable[[Any], Any], line: msgspec.Raw) -> Any:
    try:
        return decode(line)
    except msgspec.MsgspecError as error:
        position = msgspec.json.decode(line)[1]
        raise Undecodable(position, str(error)) from error
