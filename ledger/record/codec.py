"""Events and their circumstances as the one-line JSON texts that are stored and hashed, and back.

What is written for an event never changes once released: `tests/golden` holds one text per stored type and
schema version. Older versions are lifted, one upcaster after the other, before they are decoded.
"""

import re
from typing import Any, cast

import msgspec

from domain.entry import Entry, Event, Meta
from domain.stored_types import STORED_TYPES, StoredType
from ledger.errors import Undecodable, Unrecordable
from ledger.record.chain import StoredRow

_LEAST, _MOST = -(2**63), 2**63 - 1

_encode = msgspec.json.Encoder().encode
_decode_meta = msgspec.json.Decoder(Meta).decode
_decoders = {stored.event: msgspec.json.Decoder(stored.event).decode for stored in STORED_TYPES.values()}
_names: dict[type[Event], tuple[str, int]] = {
    stored.event: (name, stored.schema_version) for name, stored in STORED_TYPES.items()
}

# All digits become 0 and all else a blank, so that a run of 19 digits is found without a scan in Python.
_DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_LONG_NUMBER = b"0" * 19
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def encode(event: Event) -> tuple[str, int, str]:
    """The stored type, its schema version and the event as one line of JSON.

    Raises: Unrecordable for NUL, a lone surrogate, an integer over 64 bits; KeyError for no stored type.
    """
    name, schema_version = _names[type(event)]
    return name, schema_version, _line(event)


def decode(type_: str, schema_version: int, data: str) -> Event:
    """The event that was stored, in its class of today.

    Raises: LookupError for a type or a schema version this release does not know, msgspec.ValidationError.
    """
    stored = STORED_TYPES[type_]
    if schema_version > stored.schema_version:
        raise LookupError(f"{type_}@{schema_version}")
    if schema_version == stored.schema_version:
        return _decoders[stored.event](data)
    return msgspec.convert(_lifted(stored, schema_version, msgspec.json.decode(data)), stored.event)


def encode_meta(meta: Meta) -> str:
    """Who and why as one line of JSON. Raises: Unrecordable."""
    return _line(meta)


def decode_meta(meta: str) -> Meta:
    """Who and why. Raises: msgspec.ValidationError."""
    return _decode_meta(meta)


def entry_of(row: StoredRow) -> Entry:
    """The entry a stored row holds. Raises: Undecodable."""
    try:
        event, meta = decode(row.type, row.schema_version, row.data), _decode_meta(row.meta)
    except (LookupError, msgspec.MsgspecError) as error:
        raise Undecodable(row.position, f"{row.type}@{row.schema_version}: {error}") from error
    return Entry(
        position=row.position,
        stream=row.stream,
        version=row.version,
        event=event,
        customer=row.customer,
        effective_at=row.effective_at,
        recorded_at=row.recorded_at,
        meta=meta,
    )


def _line(struct: msgspec.Struct) -> str:
    try:
        line = _encode(struct)
    except UnicodeEncodeError:
        raise Unrecordable("a text holds a lone surrogate") from None
    if b"\\u0000" in line and _NUL.search(line):
        raise Unrecordable("a text holds a NUL")
    if _LONG_NUMBER in line.translate(_DIGITS) and not _fits(msgspec.json.decode(line)):
        raise Unrecordable("an integer needs more than 64 bits")
    return line.decode()


def _fits(value: Any) -> bool:
    match value:
        case int():
            return _LEAST <= value <= _MOST
        case dict():
            return all(map(_fits, cast("dict[str, Any]", value).values()))
        case list():
            return all(map(_fits, cast("list[Any]", value)))
        case _:
            return True


def _lifted(stored: StoredType, schema_version: int, data: dict[str, Any]) -> dict[str, Any]:
    for version in range(schema_version, stored.schema_version):
        data = stored.upcasters[version](data)
    return data
