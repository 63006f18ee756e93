"""Entries and states as JSON: any struct of the domain, rendered by the marks of its fields.

    money    1299                  → {"amount": 1299, "currency": "EUR"}, the currency of the struct around it
    moment   1280689200000000      → "2010-08-01T19:00:00Z"
    sealed   sealed.cus_….name.…   → the opened text; "[erased]" where its subject was erased, "[withheld]"
                                     for a caller who may not read personal data

What is not marked is JSON already. A new event needs nothing here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

import msgspec
from msgspec.structs import asdict

from api.marks import Ways, fields_to_handle
from api.sealed_texts import sealed_finder
from domain.entry import Entry, Meta
from domain.moments import rfc3339 as rfc3339
from domain.stored_types import STORED_TYPES, TYPE_NAMES
from ledger.sealing.sealer import Sealer

ERASED = "[erased]"
WITHHELD = "[withheld]"


Opened = Mapping[str, str]
"""Sealed text → what the caller gets to read."""

Renderer = Callable[[Any, str, Opened], object]
"""(value, the currency around it, opened texts) → JSON."""


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
        (shown,) = await self.structs([value])
        return shown

    async def structs(self, values: Sequence[msgspec.Struct]) -> list[dict[str, object]]:
        """Each of them; one query at most."""
        sealed: list[str] = []
        for value in values:
            find = sealed_finder(type(value))
            if find is not None:
                find(value, sealed)
        opened = await self._opened(sealed)
        return [_rendered(value, opened) for value in values]

    async def texts(self, sealed: Iterable[str]) -> Opened:
        """Each of these sealed texts as the caller gets to read it. One query at most."""
        return await self._opened(list(sealed))

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


def _meta(meta: Meta, opened: Opened) -> Meta:
    return meta if meta.reason is None else msgspec.structs.replace(meta, reason=opened[meta.reason])


def _rendered(value: msgspec.Struct, opened: Opened) -> dict[str, Any]:
    plan = _struct_renderer(type(value))
    return asdict(value) if plan is None else cast("dict[str, Any]", plan(value, "", opened))


@cache
def _struct_renderer(kind: type[msgspec.Struct]) -> Renderer | None:
    """Renders one struct type, made once per type from its fields' annotations; None if it holds no mark."""
    plans = fields_to_handle(kind, _WAYS)
    if not plans:
        return None
    states_currency = "currency" in kind.__struct_fields__
    # By far the most are money, which needs no call each.
    amounts = [name for name, plan in plans if plan is _money]
    others = [(name, plan) for name, plan in plans if plan is not _money]

    def render(value: Any, currency: str, opened: Opened) -> object:
        if states_currency:
            currency = value.currency
        shown = asdict(value)
        for name in amounts:
            shown[name] = {"amount": shown[name], "currency": currency}
        for name, plan in others:
            shown[name] = plan(shown[name], currency, opened)
        return shown

    return render


def _money(value: int, currency: str, opened: Opened) -> object:
    return {"amount": value, "currency": currency}


def _marked(mark: str) -> Renderer | None:
    match mark:
        case "money":
            return _money
        case "moment":
            return lambda value, currency, opened: rfc3339(value)
        case "sealed":
            return lambda value, currency, opened: opened[value]
        case _:
            return None


def _optional(plan: Renderer) -> Renderer:
    return lambda value, currency, opened: None if value is None else plan(value, currency, opened)


def _each(plan: Renderer) -> Renderer:
    return lambda value, currency, opened: [plan(item, currency, opened) for item in value]


def _each_value(plan: Renderer) -> Renderer:
    return lambda value, currency, opened: {
        name: plan(item, currency, opened) for name, item in value.items()
    }


_WAYS = Ways[Renderer](
    marked=_marked, struct=_struct_renderer, optional=_optional, each=_each, each_value=_each_value
)
