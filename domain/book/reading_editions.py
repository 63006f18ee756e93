"""Reading an edition that somebody wrote down: what is wrong with it, value by value, all at once.

Names what the house calls its values and never what was written instead.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast, get_args, get_origin

import msgspec

from domain.book.policy import MINOR_UNITS, Edition, Limits, expect_in_range
from domain.command import OutOfRange

Found = tuple[tuple[str, ...], str]
"""Where something is wrong, from the edition inward, and what it must be instead."""


class NotAnEdition(ValueError):
    """What was written is not a whole edition."""

    def __init__(self, found: tuple[Found, ...]) -> None:
        super().__init__("; ".join(f"{'.'.join(place) or 'the edition'} {must}" for place, must in found))
        self.found = found


def read_edition(written: object) -> Edition:
    """The edition, if every value is there, in its range, and no other. Raises: NotAnEdition."""
    found = tuple(_wrong(written, Edition, ()))
    if found:
        raise NotAnEdition(found)
    return msgspec.convert(written, Edition)


def _wrong(written: object, kind: type[msgspec.Struct], place: tuple[str, ...]) -> Iterator[Found]:
    """What is wrong with an edition, or with limits."""
    if not isinstance(written, Mapping):
        yield place, "must be an object with named values"
        return
    values = cast("Mapping[Any, object]", written)
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if values.keys() - fields.keys():
        yield place, f"must have no other values than: {', '.join(fields)}"
    for name, expected in fields.items():
        here = (*place, name)
        if name not in values:
            yield here, "must be given"
        elif expected is Limits:
            yield from _wrong(values[name], Limits, here)
        else:
            try:
                _expect(name, values[name], expected)
            except OutOfRange as out:
                yield here, out.expected


def _expect(name: str, value: object, expected: Any) -> None:
    """A value as the house takes it: a word of a closed list, a number in its range, amounts.

    Raises: OutOfRange.
    """
    try:
        said = msgspec.convert(value, expected)
    except msgspec.ValidationError:
        words = get_args(expected) if get_origin(expected) is Literal else ()
        must = f"one of: {', '.join(words)}" if words else "a whole number"
        raise OutOfRange(name, f"must be {must if expected is int or words else MINOR_UNITS}") from None
    if not isinstance(said, str):
        expect_in_range(name, said)
