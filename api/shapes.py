"""The JSON schema of what `api.render` makes of a struct, from the same marks: nothing is described twice."""

from functools import cache
from typing import Any, cast

import msgspec
from msgspec import inspect

Shape = dict[str, Any]
"""A JSON schema."""

_AMOUNT: Shape = {"$ref": "#/components/schemas/Amount"}
_MOMENT: Shape = {"type": "string", "format": "date-time"}
_DAY: Shape = {"type": "string", "format": "date"}
_SEALED: Shape = {"type": "string", "description": "Opened, `[erased]` or `[withheld]`."}


@cache
def shape_of(kind: type[msgspec.Struct], title: str | None = None) -> Shape:
    """The schema of one struct type as it is rendered; every member is always there."""
    described = cast(inspect.StructType, inspect.type_info(kind))
    members = {field.name: _shape(field.type) for field in described.fields}
    return {
        "type": "object",
        "title": title or kind.__name__,
        "description": " ".join((kind.__doc__ or "").split("\n\n")[0].split()),
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _shape(described: inspect.Type) -> Shape:
    match described:
        case inspect.Metadata(extra={"mark": "money"}):
            return _AMOUNT
        case inspect.Metadata(extra={"mark": "moment"}):
            return _MOMENT
        case inspect.Metadata(extra={"mark": "day"}):
            return _DAY
        case inspect.Metadata(extra={"mark": "sealed"}):
            return _SEALED
        case inspect.Metadata(type=inner):
            return _shape(inner)
        case inspect.StructType(cls=kind):
            return shape_of(kind)
        case inspect.UnionType(types=members):
            return {"anyOf": [_shape(member) for member in members]}
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return {"type": "array", "items": _shape(item)}
        case inspect.DictType(value_type=item):
            return {"type": "object", "additionalProperties": _shape(item)}
        case inspect.LiteralType(values=values):
            return {"enum": list(values)}
        case _:
            return {"type": _PLAIN[type(described)]}


_PLAIN: dict[type[inspect.Type], str] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
}
"""Any other type has no place in an event."""
