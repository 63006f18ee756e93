"""Entries and states as JSON: any struct of the domain, rendered by the marks of its fields.

    money    1299                  → {"amount": 1299, "currency": "EUR"}, the currency of the struct around it
    moment   1280689200000000      → "2010-08-01T19:00:00Z"
    sealed   sealed.cus_….name.…   → the opened text; "[erased]" where its subject was erased, "[withheld]"
                                     for a caller who may not read personal data

What is not marked is JSON already. A new event needs nothing here.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, cast

import msgspec
from msgspec import inspect

from api.sealed_texts import sealed_finder
from domain.entry import Entry, Meta
from domain.moments import EPOCH, Moment
from domain.stored_types import STORED_TYPES, TYPE_NAMES
from ledger.sealing import Sealer

ERASED = "[erased]"
WITHHELD = "[withheld]"

_EPOCH = EPOCH.replace(tzinfo=None)

Opened = Mapping[str, str]
"""Sealed text → what the caller gets to read."""

Renderer = Callable[[Any, str, Opened], object]
"""(value, the currency around it, opened texts) → JSON."""


def rfc3339(moment: Moment) -> str:
    """A moment as RFC 3339 text in UTC, with microseconds where there are any."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat() + "Z"


def money(amount: int, currency: str) -> dict[str, object]:
    """An amount in minor units as the API shows it."""
    return {"amount": amount, "currency": currency}


class Reading:
    """Rendering for one caller of one book: opens what is sealed if the caller may read personal data."""

    def __init__(self, sealer: Sealer, *, personal: bool) -> None:
        self._sealer = sealer
        self._personal = personal
        self.known: dict[str, str] = {}
        """What this very request sealed: it need not be opened again, and in a dry run could not be."""

    async def entries(self, entries: Iterable[Entry]) -> list[dict[str, object]]:
        """Each entry with its envelope. One query at most, for keys that are not kept."""
        entries = list(entries)
        sealed: list[str] = []
        for entry in entries:
            find = sealed_finder(type(entry.event))
            if find is not None:
                find(entry.event, sealed)
            if entry.meta.reason is not None:
                sealed.append(entry.meta.reason)
        opened = await self._opened(sealed)
        return [_entry(entry, opened) for entry in entries]

    async def struct(self, value: msgspec.Struct) -> dict[str, object]:
        """A state, or a part of one, field by field."""
        sealed: list[str] = []
        find = sealed_finder(type(value))
        if find is not None:
            find(value, sealed)
        return _rendered(value, await self._opened(sealed))

    async def text(self, sealed: str | None) -> str | None:
        """One sealed text."""
        return None if sealed is None else (await self._opened([sealed]))[sealed]

    async def _opened(self, sealed: list[str]) -> Opened:
        if not sealed:
            return {}
        if not self._personal:
            return dict.fromkeys(sealed, WITHHELD)
        unknown = [text for text in sealed if text not in self.known]
        if not unknown:
            return self.known
        opened = await self._sealer.open_all(unknown)
        return self.known | {text: ERASED if plain is None else plain for text, plain in opened.items()}


def _entry(entry: Entry, opened: Opened) -> dict[str, object]:
    type_name = TYPE_NAMES[type(entry.event)]
    return {
        "position": entry.position,
        "stream": entry.stream,
        "version": entry.version,
        "type": type_name,
        "schema_version": STORED_TYPES[type_name].schema_version,
        "customer": entry.customer,
        "effective_at": rfc3339(entry.effective_at),
        "recorded_at": rfc3339(entry.recorded_at),
        "data": _rendered(entry.event, opened),
        "meta": _meta(entry.meta, opened),
    }


def _meta(meta: Meta, opened: Opened) -> dict[str, object]:
    return {
        "person": meta.person,
        "role": meta.role,
        "on_behalf_of": meta.on_behalf_of,
        "origin": meta.origin,
        "reason": None if meta.reason is None else opened[meta.reason],
        "correlation": meta.correlation,
        "causation": meta.causation,
        "edition": meta.edition,
        "key": meta.key,
    }


def _rendered(value: msgspec.Struct, opened: Opened) -> dict[str, object]:
    return cast(dict[str, object], _struct_renderer(type(value))(value, "", opened))


@cache
def _struct_renderer(kind: type[msgspec.Struct]) -> Renderer:
    """Renders one struct type; made once per type from its fields' annotations."""
    described = cast(inspect.StructType, inspect.type_info(kind))
    plans = [(field.name, _renderer(field.type)) for field in described.fields]
    states_currency = any(name == "currency" for name, _ in plans)

    def render(value: Any, currency: str, opened: Opened) -> object:
        inner = value.currency if states_currency else currency
        return {
            name: getattr(value, name) if plan is None else plan(getattr(value, name), inner, opened)
            for name, plan in plans
        }

    return render


def _renderer(described: inspect.Type) -> Renderer | None:
    """How a value of that type is rendered; None if it is JSON as it stands."""
    match described:
        case inspect.Metadata(extra={"mark": "money"}):
            return lambda value, currency, opened: {"amount": value, "currency": currency}
        case inspect.Metadata(extra={"mark": "moment"}):
            return lambda value, currency, opened: rfc3339(value)
        case inspect.Metadata(extra={"mark": "sealed"}):
            return lambda value, currency, opened: opened[value]
        case inspect.Metadata(type=inner):
            return _renderer(inner)
        case inspect.StructType(cls=kind):
            return _struct_renderer(kind)
        case inspect.UnionType(types=members):
            return _optional(members)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return _each(_renderer(item))
        case inspect.DictType(value_type=item):
            return _each_value(_renderer(item))
        case _:
            return None


def _optional(members: tuple[inspect.Type, ...]) -> Renderer | None:
    plans = [plan for member in members if (plan := _renderer(member)) is not None]
    if not plans:
        return None
    (only,) = plans  # a field is one kind of thing, or that or null
    return lambda value, currency, opened: None if value is None else only(value, currency, opened)


def _each(plan: Renderer | None) -> Renderer | None:
    if plan is None:
        return None
    return lambda value, currency, opened: [plan(item, currency, opened) for item in value]


def _each_value(plan: Renderer | None) -> Renderer | None:
    if plan is None:
        return None
    return lambda value, currency, opened: {
        name: plan(item, currency, opened) for name, item in value.items()
    }
