"""Lists of flat rows as JSON or as CSV: whichever the header `Accept` prefers (RFC 9110, RFC 4180)."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import msgspec

from api.call import Call
from api.problems import NotAcceptable
from api.replies import CSV, Reply
from domain.money import Money

_JSON_RANGES = (b"application/json", b"application/*", b"*/*")
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CSV_RANGES = (b"text/csv", b"text/*")


def expect_acceptable(headers: Mapping[bytes, bytes], *, gives_csv: bool) -> None:
    """The caller takes a form in which this address answers. Raises: NotAcceptable."""
    accept = headers.get(b"accept", b"*/*")
    if accept in (b"*/*", b"application/json"):
        return
    taken = _JSON_RANGES + (_CSV_RANGES if gives_csv else ())
    if not any(form in taken and weight for form, weight in _preferences(accept)):
        raise NotAcceptable


def page_reply(call: Call, body: Mapping[str, Any], names: Sequence[str]) -> Reply:
    """A page in the form the caller prefers: JSON, or its items as CSV under these names.

    Its headers say what CSV has no place for: the next page, and up to which entry it counts.
    """
    headers = {"Vary": "Accept", **next_link(call, body["next"])}
    if "as_of_position" in body:
        headers["Ledger-Position"] = str(body["as_of_position"])
    if _prefers_csv(call.raw):
        return Reply(200, _csv_of(names, body["items"]), headers, CSV)
    return Reply(200, msgspec.json.encode(body), headers)


def next_link(call: Call, following: str | None) -> dict[str, str]:
    """The header that names the next page (RFC 8288)."""
    if following is None:
        return {}
    parameters = {**call.query_params, "cursor": following}
    return {"Link": f'<{call.scope["path"]}?{urlencode(parameters)}>; rel="next"'}


def _prefers_csv(headers: Mapping[bytes, bytes]) -> bool:
    """Whether CSV is named, and not after or below JSON."""
    named = list(_preferences(headers.get(b"accept", b"")))
    csv_weight = max([weight for form, weight in named if form in _CSV_RANGES], default=0.0)
    json_weight = max([weight for form, weight in named if form in _JSON_RANGES[:2]], default=0.0)
    if csv_weight and csv_weight == json_weight:
        first = next(form for form, _ in named if form in _CSV_RANGES + _JSON_RANGES[:2])
        return first in _CSV_RANGES
    return csv_weight > json_weight


def _preferences(accept: bytes) -> Iterator[tuple[bytes, float]]:
    """Each media range of an `Accept`, with its weight; one that cannot be read counts fully."""
    for each in accept.lower().split(b","):
        form, *parameters = [part.strip() for part in each.split(b";")]
        weight = next((part[2:] for part in parameters if part.startswith(b"q=")), b"1")
        digits = weight.replace(b".", b"", 1)
        yield form, float(weight) if digits.isdigit() else 1.0


def _csv_of(names: Sequence[str], items: Sequence[Mapping[str, object]]) -> bytes:
    """Items as CSV: a heading, then a line each; amounts as decimals of their currency."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(names)
    lines.writerows([_cell(item.get(name)) for name in names] for item in items)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, dict):
        amount = cast("dict[str, Any]", value)
        return Money(amount["amount"], amount["currency"]).decimal()
    if isinstance(value, list):
        return _text(" ".join(str(each) for each in cast("list[object]", value)))
    if isinstance(value, str):
        return _text(value)
    return "" if value is None else str(value)


def _text(value: str) -> str:
    """A text that no spreadsheet takes for a formula; amounts and numbers never get here.

    Source: OWASP, CSV injection.
    """
    return f"'{value}" if value.startswith(_BEGINS_FORMULA) else value
