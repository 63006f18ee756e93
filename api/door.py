"""The JSON door: what may come in as a request body at all, before any field is looked at.

One reader for every route, stricter than the library's: JSON that two readers could understand differently
(duplicate members, NaN), that the record cannot hold (NUL, lone surrogates) or that has no place here
(fractions: money is whole minor units) is refused with 400, a body over 1 MiB with 413.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

import msgspec
from starlette.types import Receive

from api.problems import BodyTooLarge, MalformedJson, WrongMediaType

LARGEST_BODY = 1024 * 1024
"""Bytes."""
DEEPEST = 32
"""Levels of arrays and objects."""

_NOT_A_BRACKET = bytes(byte for byte in range(256) if byte not in b"[]{}")
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A JSON string, or one that never ends: from every quote on it finds one, so that no byte is read twice."""
_UNRECORDABLE = re.compile("[\0\ud800-\udfff]")


def expect_json(headers: Mapping[bytes, bytes]) -> None:
    """The body is declared as JSON. Raises: WrongMediaType."""
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != b"application/json":
        raise WrongMediaType


async def read_body(receive: Receive, announced: bytes | None) -> bytes:
    """The whole request body. `announced` is its Content-Length. Raises: BodyTooLarge."""
    if announced is not None and announced.isdigit() and int(announced) > LARGEST_BODY:
        raise BodyTooLarge
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) and message["type"] == "http.request":
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge
    return body


def read_json(raw: bytes) -> object:
    """The value of a JSON text; every number in it is whole. Raises: MalformedJson."""
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _is_too_deep(raw):
        raise MalformedJson(f"Arrays and objects nest deeper than {DEEPEST} levels, or do not pair.")
    value = _read_tight(raw) or _read_any(raw)
    if b"\\u" in raw:  # only an escape can bring NUL or half of a surrogate pair past the two decoders
        _refuse_unrecordable(value)
    return value


def _read_tight(raw: bytes) -> object:
    """The value of a text that our own writer would write just so; None for any other.

    Most programs send no blanks between tokens. Written again, such a text is the same again, unless a member
    came twice: that spares most requests the slower reader, which looks at every object in Python.
    """
    try:
        value: object = _TIGHT.decode(raw)
        return value if msgspec.json.encode(value) == raw else None
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return None


def _read_any(raw: bytes) -> object:
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise MalformedJson("The body is not UTF-8 text.") from None
    except (ValueError, RecursionError):
        # ValueError is also what an integer of more than 4,300 digits raises.
        raise MalformedJson("The body is not well-formed JSON.") from None


def _is_too_deep(raw: bytes) -> bool:
    """Whether brackets remain after peeling off the innermost pair of each nest `DEEPEST` times.

    Every round is a few passes in C, so that a megabyte of brackets costs milliseconds, not seconds.
    """
    brackets = STRING.sub(b"", raw).translate(_AS_SQUARE, _NOT_A_BRACKET)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("An object has two members of the same name.")
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are not JSON numbers.")


def _refuse_fraction(_: str) -> NoReturn:
    raise MalformedJson("Numbers are whole here: no fraction, no exponent. Money is in minor units.")


def _refuse_unrecordable(value: object) -> None:
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if _UNRECORDABLE.search(one):
                raise MalformedJson("A text holds NUL or half of a surrogate pair.")
        elif isinstance(one, list):
            waiting.extend(cast(list[object], one))
        elif isinstance(one, dict):
            members = cast(dict[str, object], one)
            waiting.extend((*members, *members.values()))


_TIGHT = msgspec.json.Decoder(float_hook=_refuse_fraction)
_DECODER = json.JSONDecoder(
    object_pairs_hook=cast(Any, _members), parse_float=_refuse_fraction, parse_constant=_refuse_constant
)
