"""The conventions hold for every route: they are taken from the application, so that none is forgotten."""

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from api.app import PUBLIC, UndeclaredRoute, expect_permissions
from api.grammars import EXAMPLE_SUFFIX
from api.permissions import GRANTED
from api.problem_pages import problem_pages
from api.route import Route
from api.section import Declared
from tests.api.house import House, fresh_key
from tests.api.scene import DECISIONS, DECLARED, EVERY, QUESTIONS, Scene, named, scene_in

pytestmark = pytest.mark.anyio

MARKER = "zanzibar9pelican"
"""A word no answer contains unless it repeats what was sent."""

every_route = pytest.mark.parametrize("declared", DECLARED, ids=named)
every_naming_route = pytest.mark.parametrize(
    "declared", [declared for declared in DECLARED if "{" in declared.path], ids=named
)
every_decision = pytest.mark.parametrize("declared", DECISIONS, ids=named)
every_question = pytest.mark.parametrize("declared", QUESTIONS, ids=named)


@pytest.fixture
async def scene(house: House, request: pytest.FixtureRequest) -> Scene:
    called = getattr(request.node, "callspec", None)
    return await scene_in(house, None if called is None else called.params.get("declared"))


def problem(text: str) -> dict[str, object]:
    """A problem document with exactly the members one may have."""
    document = json.loads(text)
    assert {"type", "title", "status", "detail", "way_out"} <= document.keys()
    assert document.keys() <= {"type", "title", "status", "detail", "way_out", "rule", "figures", "errors"}
    assert document["type"].removeprefix("/problems/") in problem_pages()
    return document


def test_the_routes_tested_are_the_routes_served(app: FastAPI) -> None:
    served = {route.path for route in app.routes if not isinstance(route, Mount)} - PUBLIC
    assert served == {declared.path for declared in EVERY}


def test_a_route_without_permission_stops_the_start(app: FastAPI) -> None:
    expect_permissions(app.routes)
    undeclared = FastAPI(openapi_url=None)
    undeclared.get("/v1/secrets")(lambda: None)
    with pytest.raises(UndeclaredRoute, match="/v1/secrets"):
        expect_permissions([*app.routes, *undeclared.routes])


@every_route
async def test_every_route_asks_who_is_calling(app: FastAPI, scene: Scene, declared: Declared) -> None:
    # Leave `identify` out of `Route._answer` → this fails.
    stranger = scene.house.agent.client
    for authorization in ("", "Bearer nonsense", f"Basic {scene.house.agent.key}"):
        answer = await stranger.request(
            declared.method, scene.path(declared), headers={"Authorization": authorization}
        )
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert problem(answer.text)["type"] == "/problems/unauthenticated"


@pytest.mark.parametrize("role", GRANTED)
async def test_every_route_lets_in_just_the_roles_with_its_permission(scene: Scene, role: str) -> None:
    # Give the auditor SERVE_CUSTOMERS, or leave `caller.require` out of `Route._answer` → this fails.
    caller = scene.house.callers[role]
    for declared in (*DECISIONS, *QUESTIONS):
        query = "?dry_run=true" if declared.decides else ""
        answer = await scene.ask(declared, caller, query)
        refused = answer.status_code == 403
        assert refused == (declared.permission not in GRANTED[role]), (role, named(declared), answer.text)
        if refused:
            said = problem(answer.text)
            if said["type"] == "/problems/not-permitted":
                # Raise NotPermitted without saying who may → this fails: nobody knows whom to ask.
                may = [other for other in GRANTED if declared.permission in GRANTED[other]]
                assert said["detail"] == f"This takes the role {' or '.join(may)}."
        else:
            # A permission opens the door; some decisions then take a higher role than every role let in, or
            # another person than asked for it.
            behind = answer.status_code == 409 and answer.json()["type"].removeprefix("/problems/")
            taken = behind in ("role-too-low", "approver-is-requester") or answer.status_code == 200
            assert taken, (role, named(declared), answer.text)


@every_decision
async def test_every_decision_needs_an_idempotency_key(scene: Scene, declared: Declared) -> None:
    owner, path = scene.house.owner.client, scene.path(declared)
    before = await scene.house.head()
    for key in (None, "", "a b", "x" * 129):
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await owner.post(path, json=scene.body(declared), headers=headers)
        assert answer.status_code == 400
        # Say that a key is missing which is only malformed → this fails.
        expected = "key-missing" if key is None else "key-malformed"
        assert problem(answer.text)["type"] == f"/problems/{expected}"
    assert await scene.house.head() == before


@every_decision
async def test_every_decision_answers_a_repeated_request_with_the_same_receipt(
    scene: Scene, declared: Declared
) -> None:
    # Put anything of the request or of the clock into the receipt → this fails.
    first = await scene.ask(declared, scene.house.owner, key=scene.new)
    assert first.status_code == 201, first.text
    assert "Idempotent-Replayed" not in first.headers
    head = await scene.house.head()
    assert int(first.headers["Ledger-Position"]) == head

    again = await scene.ask(declared, scene.house.owner, key=scene.new)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert await scene.house.head() == head


@every_decision
async def test_every_decision_refuses_another_body_under_the_same_key(
    scene: Scene, declared: Declared
) -> None:
    assert (await scene.ask(declared, scene.house.owner, key=scene.new)).status_code == 201
    head = await scene.house.head()
    other = scene.body(declared) | {"reason": "Something else."}
    answer = await scene.ask(declared, scene.house.owner, key=scene.new, body=other)
    assert answer.status_code == 422
    assert problem(answer.text)["type"] == "/problems/key-belongs-to-another"
    assert await scene.house.head() == head


@every_decision
async def test_every_decision_can_be_tried_without_recording(scene: Scene, declared: Declared) -> None:
    before = await scene.house.head()
    answer = await scene.ask(declared, scene.house.owner, "?dry_run=true", key=scene.new)
    assert answer.status_code == 200, answer.text
    assert answer.json()["dry_run"] is True
    assert answer.json()["entries"]
    # Say where it would be recorded → a list asked to reach that waits in vain, and this fails.
    assert not {"ledger-position", "etag", "location"} & set(answer.headers)
    assert await scene.house.head() == before
    # And the key is still free.
    assert (await scene.ask(declared, scene.house.owner, key=scene.new)).status_code == 201


@every_decision
async def test_a_misspelled_dry_run_records_nothing(scene: Scene, declared: Declared) -> None:
    # Ignore unknown query parameters → this fails.
    before = await scene.house.head()
    for query in ("?dryrun=true", "?dry_run=yes", "?dry_run=true&dry_run=false", "?dry_run=%ff"):
        answer = await scene.ask(declared, scene.house.owner, query)
        assert answer.status_code == 422
        problem(answer.text)
    assert await scene.house.head() == before


@every_decision
async def test_every_conditional_decision_honours_if_match(scene: Scene, declared: Declared) -> None:
    # Leave `stream=` out of one endpoint's `call.decide` → this fails.
    before = await scene.house.head()
    stale = await scene.ask(declared, scene.house.owner, headers={"If-Match": '"99"'})
    if not declared.conditional:
        assert stale.status_code == 201  # a new thing has no version to match
        return
    assert stale.status_code == 412
    problem(stale.text)
    never_given = await scene.ask(declared, scene.house.owner, headers={"If-Match": "W/nonsense"})
    assert never_given.status_code == 412
    assert await scene.house.head() == before

    answer = await scene.ask(declared, scene.house.owner, "?dry_run=true")
    expected = int(answer.json()["version"]) - len(_of_subject(answer.json()))
    matching = await scene.ask(declared, scene.house.owner, headers={"If-Match": f'"{expected}"'})
    assert matching.status_code == 201, matching.text


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (['"{now}"'], 200),
        (['"99", "{now}"'], 200),
        (['"99" ,W/"1",  "{now}"'], 200),
        (['"99"', '"{now}"'], 200),
        (['"{now}"', '"99"'], 200),
        (["*"], 200),
        (['"98", "99"'], 412),
        (['W/"{now}"'], 412),
        (['"99"', "nonsense"], 412),
        ([""], 412),
    ],
)
async def test_if_match_names_one_version_several_or_any(house: House, said: list[str], status: int) -> None:
    # Take a list for one tag that was never given, or the last line for all → this fails.
    order = await house.order()
    now = (await house.agent.get(f"/v1/orders/{order}")).headers["ETag"].strip('"')
    lines = [("If-Match", line.replace("{now}", now)) for line in said]
    sent = {"json": {}, "headers": [("Idempotency-Key", "if-match"), *lines]}
    path = f"/v1/orders/{order}/cancellation?dry_run=true"
    answer = await house.agent.client.post(path, **sent)
    assert answer.status_code == status, answer.text


def _of_subject(receipt: dict[str, object]) -> list[object]:
    return [entry for entry in receipt["entries"] if entry["stream"] == receipt["subject"]]


@every_decision
async def test_no_decision_takes_json_that_two_readers_could_read_differently(
    scene: Scene, declared: Declared
) -> None:
    before = await scene.house.head()
    path, owner = scene.path(declared), scene.house.owner.client
    good = json.dumps({"effective_at": None, **scene.body(declared), "reason": "A."}).encode()
    for raw, status in broken_bodies(good):
        headers = {"Content-Type": "application/json", **fresh_key()}
        answer = await owner.post(path, content=raw, headers=headers)
        assert answer.status_code == status, (raw[:60], answer.text)
        problem(answer.text)
    other = {"Content-Type": "text/plain", **fresh_key()}
    assert (await owner.post(path, content=good, headers=other)).status_code == 415
    assert await scene.house.head() == before


def broken_bodies(good: bytes) -> Iterator[tuple[bytes, int]]:
    """Ways to spoil a good body, and the status each deserves."""
    yield b"", 400
    yield good[:-1], 400
    yield good + b"{}", 400
    yield b'{"reason":"b",' + good[1:], 400
    yield b'{"unheard_of":NaN,' + good[1:], 400
    yield b'{"unheard_of":-Infinity,' + good[1:], 400
    yield b'{"unheard_of":1.5,' + good[1:], 400
    yield b'{"unheard_of":1e3,' + good[1:], 400
    yield b'{"unheard_of":"\\u0000",' + good[1:], 400
    yield b'{"unheard_of":"\\ud800",' + good[1:], 400
    yield b'{"unheard_of":"\xff",' + good[1:], 400
    yield b'{"unheard_of":' + b"[" * 33 + b"]" * 33 + b"," + good[1:], 400
    yield b'{"unheard_of":"' + b"a" * 1024 * 1024 + b'",' + good[1:], 413
    yield b'{"unheard_of":' + b"9" * 5000 + b"," + good[1:], 400
    yield b"[" + good + b"]", 422
    yield b"null", 422
    yield b'{"unheard_of":1,' + good[1:], 422
    yield b'{"unheard_of":true,' + good[1:], 422


@every_decision
async def test_no_decision_takes_a_card_number_in_free_text(scene: Scene, declared: Declared) -> None:
    before = await scene.house.head()
    body = scene.body(declared) | {"reason": "Please use 4111 1111 1111 1111 instead"}
    answer = await scene.ask(declared, scene.house.owner, body=body)
    assert answer.status_code == 422
    assert problem(answer.text)["type"] == "/problems/card-number-found"
    assert "4111" not in answer.text
    assert await scene.house.head() == before


@every_naming_route
async def test_unknown_and_foreign_ids_get_the_same_answer(
    scene: Scene, other_house: House, declared: Declared
) -> None:
    # Answer 403 for what is in another book, or name the id in the 404 → this fails.
    foreign = await scene.ask(declared, other_house.owner)
    ids = {
        "customer": f"cus_{EXAMPLE_SUFFIX}",
        "credit": f"crd_{EXAMPLE_SUFFIX}",
        "order": f"ord_{EXAMPLE_SUFFIX}",
        "product": f"prd_{EXAMPLE_SUFFIX}",
        "refund": f"ref_{EXAMPLE_SUFFIX}",
        "goods_return": f"ret_{EXAMPLE_SUFFIX}",
        "claim": f"clm_{EXAMPLE_SUFFIX}",
        "contact_point": f"con_{EXAMPLE_SUFFIX}",
        "bill": f"bil_{EXAMPLE_SUFFIX}",
        "dispute": f"dsp_{EXAMPLE_SUFFIX}",
        "reversal": f"rev_{EXAMPLE_SUFFIX}",
        "unmatched": f"unm_{EXAMPLE_SUFFIX}",
        "payment": f"pay_{EXAMPLE_SUFFIX}",
        "position": "999999999",
    }
    nowhere = dict.fromkeys((name for name in ids if name != "position"), "")
    if declared.path.startswith("/v1/entries"):
        foreign = await other_house.owner.get("/v1/entries/999999")
    answers = [foreign]
    for names in (ids, nowhere | {"position": "nonsense"}, dict.fromkeys(ids, "ord_%00")):
        # The name of a read model is no secret of a book; what is asked of one is its key.
        path = declared.path.format_map(names | {"projection": "customer_balance"})
        key = names["customer"].replace("%00", "") or "x"
        needed = f"?key={key}&column=charged" if named(declared) == "explain_figure" else ""
        if "//" in path or path.endswith("/"):
            continue
        body = scene.body(declared) if declared.decides else None
        caller = scene.house.owner
        answers.append(await caller.post(path, body) if declared.decides else await caller.get(path + needed))
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


@every_decision
async def test_no_problem_repeats_what_was_sent(scene: Scene, declared: Declared) -> None:
    # Name the unknown member in a JSON pointer, or quote the value in a message → this fails.
    good, path, owner = scene.body(declared), scene.path(declared), scene.house.owner
    bodies: list[object] = [
        {**good, MARKER: 1},
        {**good, "reason": {MARKER: MARKER}},
        {**good, "effective_at": MARKER},
        MARKER,
        dict.fromkeys([*good, "effective_at"], MARKER),
        {name: {MARKER: MARKER} for name in good},
        {name: [MARKER] for name in good},
        {name: [{MARKER: MARKER}] for name in good},
    ]
    for body in bodies:
        answer = await owner.post(path, body, headers={"X-Marker": MARKER})
        assert answer.status_code == 422, answer.text
        problem(answer.text)
        assert MARKER not in answer.text
        assert MARKER not in str(answer.headers)
    for strange in (f"{path}?{MARKER}={MARKER}", f"{path}/{MARKER}", f"/{MARKER}"):
        answer = await owner.post(strange, good)
        assert answer.status_code in (404, 405, 422)
        assert MARKER not in answer.text + str(answer.headers)


@every_question
async def test_every_question_refuses_parameters_it_does_not_know(scene: Scene, declared: Declared) -> None:
    answer = await scene.ask(declared, scene.house.owner, f"?{MARKER}={MARKER}")
    assert answer.status_code == 422
    problem(answer.text)
    assert MARKER not in answer.text


async def test_a_question_is_answered_without_a_body_too(house: House) -> None:
    order = await house.order()
    for path in (f"/v1/orders/{order}", "/v1/policy", f"/v1/orders/ord_{EXAMPLE_SUFFIX}", "/healthz"):
        get, head = await house.agent.get(path), await house.agent.client.request("HEAD", path)
        assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")
    assert (await house.agent.client.request("HEAD", "/v1/ticks")).status_code == 405


@every_route
async def test_every_address_answers_only_its_methods(scene: Scene, declared: Declared) -> None:
    answer = await scene.house.owner.client.request("DELETE", scene.path(declared))
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert problem(answer.text)["type"] == "/problems/wrong-method"


def test_every_route_is_documented(app: FastAPI) -> None:
    document = app.openapi()
    for declared in DECLARED:
        operation = document["paths"][declared.path][declared.method.lower()]
        assert operation["operationId"] == named(declared)
        assert operation["summary"]
        assert operation["tags"]
        assert operation["security"]
        assert {"401", "403", "422", "503"} <= operation["responses"].keys()
        headers = {parameter["name"] for parameter in operation["parameters"]}
        if declared.decides:
            assert {"Idempotency-Key", "dry_run"} <= headers
            assert operation["requestBody"]["content"]["application/json"]["example"]
        assert ("If-Match" in headers) == declared.conditional


def test_every_declared_route_is_ours(app: FastAPI) -> None:
    assert sum(isinstance(route, Route) for route in app.routes) == len(EVERY)


@pytest.mark.parametrize(
    ("method", "address", "answered"),
    [
        ("DELETE", "/v1/orders", {"GET", "HEAD", "POST"}),
        ("PUT", "/v1/customers", {"GET", "HEAD", "POST"}),
        ("PATCH", f"/v1/orders/ord_{EXAMPLE_SUFFIX}", {"GET", "HEAD"}),
        ("GET", "/v1/ticks", {"POST"}),
        ("HEAD", "/v1/events/stream", {"GET"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
    ],
)
async def test_another_method_is_told_which_ones_are_answered(
    house: House, method: str, address: str, answered: set[str]
) -> None:
    # Take the methods of the first route alone → this fails: GET is not among those of /v1/orders.
    answer = await house.owner.client.request(method, address)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == answered
