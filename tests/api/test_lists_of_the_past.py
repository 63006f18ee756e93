"""Every list shows the past by the same filters as the present."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from api.grammars import EXAMPLE_SUFFIX
from api.lists import ListQuery
from api.section import Declared
from tests.api.house import House
from tests.api.scene import DECLARED, Scene, scene_in

pytestmark = pytest.mark.anyio

LISTS = [declared for declared in DECLARED if declared.lists_rows]

OTHERS = {
    "customer": f"cus_{EXAMPLE_SUFFIX}",
    "order": f"ord_{EXAMPLE_SUFFIX}",
    "refund": f"ref_{EXAMPLE_SUFFIX}",
    "currency": "USD",
    "sku": "NOPE",
    "channel": "nowhere",
    "external_ref": "nothing",
    "search": "nobody",
    "email": "nobody@example.com",
    "phone": "+49 30 123456",
    "month": "1990-01",
}
"""Values of which no list of the scene has an item."""
HELD: dict[str, object] = {
    "currency": "EUR",
    "sku": "MUG",
    "channel": "api",
    "search": "Ann",
    "email": "ann@example.com",
    "account": "assets:customers",
    "kind": "charge.succeeded",
    "month": "2026-01",
}


def question_of(declared: Declared) -> type[BaseModel]:
    """What may be asked of a list."""
    return get_args(get_type_hints(declared.endpoint, include_extras=True)["query"])[0]


def values_of(name: str, kind: Any, scene: Scene) -> list[Any]:
    """Values that some items of the scene have, and one that none has."""
    kinds = [each for each in (get_args(kind) or (kind,)) if each is not type(None)]
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if get_origin(kinds[0]) is Literal:
        return list(get_args(kinds[0]))
    if kinds[0] is bool:
        return ["true", "false"]
    if name.endswith(("_from", "_before")) or name in ("since", "due_by"):
        return ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"]
    held = scene.ids.get(name) or HELD.get(name)
    return [each for each in (held, OTHERS.get(name)) if each is not None]


def filters_of(declared: Declared, scene: Scene) -> Iterator[tuple[str, Any]]:
    for name, field in question_of(declared).model_fields.items():
        if name not in ListQuery.model_fields and name != "sort":
            values = values_of(name, field.annotation, scene)
            assert values, f"{declared.path}: say here what {name} may be"
            for value in values:
                yield name, value


async def test_every_filter_of_every_list_holds_in_the_past_too(kept: House) -> None:
    """Fold rows as of then without what is asked of them before they are summed → this fails."""
    scene = await scene_in(kept)
    head = await kept.head()
    for declared in LISTS:
        for name, value in ((None, None), *filters_of(declared, scene)):
            asked = {"limit": 200} | ({} if name is None else {name: value})
            now = await kept.owner.client.get(scene.path(declared), params=asked | {"min_position": head})
            then = await kept.owner.client.get(scene.path(declared), params=asked | {"as_of_position": head})
            assert now.status_code == 200, (declared.path, asked, now.text)
            shown = then.json() if then.status_code == 200 else then.text
            assert shown == now.json(), (declared.path, asked)
            if name is not None and value == OTHERS.get(name):
                assert not now.json()["items"], (declared.path, asked)
