"""Every list shows the past by the same filters as the present, as of that moment, and never beyond it."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from api.app import create_app
from api.grammars import EXAMPLE_SUFFIX
from api.lists import ListQuery
from api.render import rfc3339
from api.section import Declared
from domain.moments import HOUR
from ledger.composition import Ledger
from ledger.database import Database
from ledger.projecting import cursors
from ledger.projecting.entries import connect
from projections.folding import Parked
from projections.journal import Journal
from tests.api.conftest import MASTER
from tests.api.house import Caller, House, payment_body
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
    "sku": "CRUNCHY-ARMCHAIR",
    "channel": "api",
    "search": "Ann",
    "email": "ann@example.com",
    "account": "assets:customers",
    "kind": "charge.succeeded",
    "month": "2026-01",
}


OF_NOW_ALONE = "next_step"
"""What is to be done now: no past shows it, and no past is asked for it."""


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
        if name not in ListQuery.model_fields and name not in ("sort", OF_NOW_ALONE):
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
            assert then.status_code == 200, (declared.path, asked, then.text)
            shown, held = then.json(), now.json()
            for item in (*shown["items"], *held["items"]):
                item.pop(OF_NOW_ALONE, None)
            assert shown == held, (declared.path, asked)
            if name is not None and value == OTHERS.get(name):
                assert not held["items"], (declared.path, asked)


async def items_of(house: House, path: str) -> list[dict[str, Any]]:
    answer = await house.owner.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_was_due_or_open_then_is_judged_by_then(kept: House) -> None:
    """Judge a past by today → what is due only by now is listed, what has run out since is not, and this
    fails.
    """
    order = await kept.paid_order()
    shipment = await kept.shipment(order)
    await kept.recorded(f"/v1/orders/{order}/deliveries", {"shipment": shipment})
    head = await kept.head()
    now = kept.book.clock()
    kept.book.clock = lambda: now + 400 * 24 * HOUR
    pasts = (f"as_of_position={head}", f"as_of_recorded={rfc3339(now)}", f"as_of={rfc3339(now)}")
    due = {item["kind"] for item in await items_of(kept, f"/v1/tasks?order={order}&min_position={head}")}
    assert "satisfaction" in due
    assert await items_of(kept, f"/v1/guarantees?order={order}&open=true") == []
    for past in pasts:
        then = {item["kind"] for item in await items_of(kept, f"/v1/tasks?order={order}&{past}")}
        assert "satisfaction" not in then, past
        assert len(await items_of(kept, f"/v1/guarantees?order={order}&open=true&{past}")) == 1, past


async def test_a_position_beyond_the_book_is_refused_everywhere(kept: House) -> None:
    """Leave the lists that are never behind out of it, or any past → this fails."""
    scene = await scene_in(kept)
    exact = (f"/v1/orders?customer={scene.ids['customer']}", "/v1/customers?email=ann@example.com")
    for path in (*(scene.path(declared) for declared in LISTS), *exact):
        begun = f"{path}{'&' if '?' in path else '?'}"
        for asked, named in (
            ("min_position=999999", "min_position"),
            ("min_position=999999&as_of_position=5", "min_position"),
            ("min_position=999999&as_of=2999-01-01T00:00:00Z", "min_position"),
            ("as_of_position=999999", "as_of_position"),
        ):
            answer = await kept.owner.get(begun + asked)
            assert answer.status_code == 422, (path, asked)
            assert [fault["pointer"] for fault in answer.json()["errors"]] == [named]


async def test_what_another_process_recorded_counts_in_lists_that_are_never_behind(
    kept: House, database: Database
) -> None:
    """Say that they count up to what this process knows → they show more than they say, and this fails."""
    customer = await kept.customer()
    order = await kept.order(customer_id=customer)
    elsewhere = await Ledger.open(database.app_conninfo, MASTER)
    try:
        owner = Caller(create_app(elsewhere), kept.owner.key, kept.owner.person)
        paid = await owner.post(f"/v1/orders/{order}/payments", payment_body(2000))
        position = paid.json()["position"]
        answer = (await kept.owner.get(f"/v1/orders?customer={customer}")).json()
        assert answer["items"][0]["received"]["amount"] == 2000
        assert answer["as_of_position"] == answer["items"][0]["last_position"] == position
        assert len(await items_of(kept, f"/v1/orders?customer={customer}&min_position={position}")) == 1
    finally:
        await elsewhere.close()


async def test_a_past_is_not_marked_by_what_could_not_be_folded_later(
    kept: House, database: Database
) -> None:
    """Mark it with all that stands still today → this fails."""
    order = await kept.paid_order()
    captured = await kept.head()
    assert await items_of(kept, f"/v1/journal?order={order}&min_position={captured}")
    entry = await kept.book.entry(captured)
    assert entry is not None
    still = Parked((captured,), captured, order, entry.customer, "LookupError: x")
    with connect(database.app_conninfo) as connection:
        cursors.park(connection, kept.book.name, Journal(), [still])
    for past, moment in (("as_of", entry.effective_at), ("as_of_recorded", entry.recorded_at)):
        for nudge, marked in ((-1, []), (0, [captured])):
            answer = (await kept.owner.get(f"/v1/journal?{past}={rfc3339(moment + nudge)}")).json()
            assert answer["incomplete"] == marked, (past, marked)


async def test_what_came_late_in_a_month_is_what_had_come_by_then(kept: House) -> None:
    """Name the late entries of today in every past → this fails."""
    month = {"month": "2026-01"}
    await kept.recorded("/v1/periods", month)
    order = await kept.order(effective_at="2026-01-05T10:00:00Z")
    before = await kept.head()
    body = payment_body(2000) | {"effective_at": "2026-01-06T10:00:00Z"}
    paid = (await kept.recorded(f"/v1/orders/{order}/payments", body))["position"]
    path = f"/v1/trial-balance?month=2026-02&min_position={paid}"
    entry = await kept.book.entry(paid)
    assert entry is not None
    pasts = {
        "": [paid],
        f"&as_of_position={paid}": [paid],
        f"&as_of_position={before}": [],
        f"&as_of_recorded={rfc3339(entry.recorded_at)}": [paid],
        f"&as_of_recorded={rfc3339(entry.recorded_at - 1)}": [],
        "&as_of=2026-01-06T10:00:00Z": [paid],
        "&as_of=2026-01-06T09:59:59Z": [],
    }
    found = {past: (await kept.owner.get(path + past)).json()["late"] for past in pasts}
    assert found == pasts


async def test_a_customer_is_listed_from_their_registration_on(kept: House) -> None:
    """List whoever has a row → an order dated before it registers them in 1970, and this fails."""
    customer = await kept.customer()
    await kept.order(customer_id=customer, effective_at="2026-01-05T10:00:00Z")
    head = await kept.head()
    assert await items_of(kept, "/v1/customers?as_of=2026-01-06T10:00:00Z") == []
    (listed,) = await items_of(kept, f"/v1/customers?min_position={head}")
    assert (listed["id"], listed["orders"]) == (customer, 1)
