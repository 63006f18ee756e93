"""An example of any event, every field filled and every number different, to begin a golden file with."""

from itertools import count
from typing import Any

import msgspec
from msgspec import inspect

from domain.entry import Event
from domain.ids import type_id

_NAMED = {"currency": "EUR", "country": "DE", "zone": "Europe/Berlin"}
_IDS = {
    "arrival": "arr",
    "bill": "bil",
    "case": "cas",
    "claim": "clm",
    "contact_point": "con",
    "customer": "cus",
    "delivery": "dlv",
    "goods_return": "ret",
    "id": "con",
    "order": "ord",
    "payment": "pay",
    "payment_method": "pm",
    "person": "per",
    "product": "prd",
    "refund": "ref",
    "shipment": "shp",
    "standing_rests_on": "ord",
}


def example(event: type[Event]) -> Event:
    """An event of that class, the same every time."""
    return msgspec.convert(_value(inspect.type_info(event), "", count(1)), event)


def _value(kind: inspect.Type, name: str, numbers: "count[int]") -> Any:
    number = next(numbers)
    match kind:
        case inspect.Metadata():
            return _value(kind.type, name, numbers)
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return number
        case inspect.StrType() if name in _IDS:
            return type_id(_IDS[name], number)
        case inspect.StrType() if name.endswith(("_on", "_until")) or name in ("cut_over", "until"):
            return f"2010-08-{1 + number % 28:02}"
        case inspect.StrType():
            return _NAMED.get(name, f"{name}-{number}")
        case inspect.LiteralType():
            return kind.values[-1]
        case inspect.UnionType():
            return _value(next(t for t in kind.types if not isinstance(t, inspect.NoneType)), name, numbers)
        case inspect.VarTupleType():
            return [_value(kind.item_type, name, numbers) for _ in range(2)]
        case inspect.DictType():
            return {"EUR": _value(kind.value_type, name, numbers)}
        case inspect.StructType():
            return {field.encode_name: _value(field.type, field.name, numbers) for field in kind.fields}
        case _:
            raise TypeError(f"{name} is a {type(kind).__name__}, of which there is no example yet")
