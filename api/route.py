"""How a declared endpoint is called: a straight line from the request's headers to its answer.

Authenticate, permission, address, body, JSON door, model, endpoint; then the reply, or the problem that ended
it. FastAPI reads each endpoint's signature and documents it; its own way of calling one (dependency solver,
two exit stacks) takes longer than deciding and recording a command together, and looks at the content before
it asks who is calling.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from api.call import Call
from api.caller import Caller, identify
from api.door import expect_json, read_body, read_json
from api.faults import problem_of
from api.metrics import Metrics
from api.openapi import operation
from api.paging import AsRecorded
from api.problem_replies import FAILURES, problem_reply
from api.problems import Fault, InternalFault, Invalid, NotFound
from api.section import Declared
from api.stripe.signatures import expect_stripe_signature
from api.tables import expect_acceptable
from ledger.book import machine_now
from ledger.books import SYSTEM
from ledger.composition import Ledger


class EventStream(Response):
    """Tells FastAPI the media type of a stream; the endpoint makes the stream."""

    media_type = "text/event-stream"


class Route(APIRoute):
    """A declared endpoint in its place: documented by FastAPI, called by us."""

    def __init__(self, declared: Declared, ledger: Ledger, metrics: Metrics) -> None:
        super().__init__(
            declared.path,
            declared.endpoint,
            methods=[declared.method],
            status_code=declared.status,
            response_model=None if declared.streams else declared.answers,
            response_class=EventStream if declared.streams else JSONResponse,
            tags=[declared.tag],
            **operation(declared),
        )
        self.declared = declared
        self._ledger = ledger
        self._metrics = metrics
        self._endpoint = declared.endpoint
        in_path = self.dependant.path_params
        self._in_path = [(parameter.name, _adapter(parameter.field_info)) for parameter in in_path]
        self._query = _the_model(self.dependant.query_params)
        self._body = _the_model(self.dependant.body_params)
        self.app = self.serve

    def models(self) -> tuple[type[BaseModel], ...]:
        """What its body and its query are read as."""
        return tuple([model for _, model in filter(None, (self._body, self._query))])

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to this route."""
        started, reply = perf_counter(), None
        try:
            reply = await self._answer(scope, receive)
        except FAILURES as failure:
            reply = problem_reply(failure)
        finally:
            # A fault of ours goes on to the server's own log; the caller learns only that it is our fault.
            answer = problem_reply(InternalFault()) if reply is None else reply
            self._metrics.count(self.name, answer.status_code, perf_counter() - started)
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        """Who, may they, where, what: in this order, so that nobody learns more than they may ask."""
        headers = dict[bytes, bytes](scope["headers"])
        call = Call(scope, receive, headers, await self._caller(headers), self._caller)
        arguments = self._path_arguments(scope["path_params"])
        if not self.declared.streams:
            expect_acceptable(headers, gives_csv=self.declared.flat)
        query = _query(scope["query_string"])
        if self._body is not None:
            dry_run = self.declared.decides and _dry_run(query)
            raw = await self._written(call, receive, dry_run=dry_run)
            name, model = self._body
            arguments[name] = _valid(model, read_json(raw), "/")
        if self._query is not None:
            name, model = self._query
            arguments[name] = question = _valid(model, query, "")
            if isinstance(question, AsRecorded):
                await call.expect_reached(question.as_of_position)
        elif query:
            raise Invalid("This address does not take that query parameter.")
        return await self._endpoint(call, **arguments)

    async def _caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Who is calling, if they may. Raises: Unauthenticated, NobodyActedFor, NotPermitted."""
        caller = await identify(self._ledger, headers)
        caller.require(self.declared.permission)
        return caller

    async def _written(self, call: Call, receive: Receive, *, dry_run: bool) -> bytes:
        """The raw body of a POST. Raises: KeyMissing, KeyMalformed, WrongMediaType, BodyTooLarge."""
        expect_json(call.raw)
        if self.declared.decides:
            call.expect_key()
        raw = await read_body(receive, call.raw.get(b"content-length"))
        if self.declared.decides:
            call.becomes_writing(raw, self.declared.status, dry_run=dry_run)
        return raw

    def _path_arguments(self, said: dict[str, str]) -> dict[str, Any]:
        """Ids and positions in the address. Raises: NotFound, since what is no id names nothing."""
        try:
            return {name: adapter.validate_python(said[name]) for name, adapter in self._in_path}
        except ValidationError:
            raise NotFound from None


class SignedRoute(Route):
    """An endpoint at which a processor tells us something: its address names the book, its signature itself.

    The body is taken as it came: it is what was signed, and what is kept.
    """

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers = dict[bytes, bytes](scope["headers"])
        arguments = self._path_arguments(scope["path_params"])
        if scope["query_string"]:
            raise Invalid("This address does not take a query.")
        endpoint = await self._ledger.endpoints.find(arguments["endpoint"])
        if endpoint is None or f"/{endpoint.processor}/" not in self.declared.path:
            raise NotFound
        expect_json(headers)
        raw = await read_body(receive, headers.get(b"content-length"))
        expect_stripe_signature(headers.get(b"stripe-signature", b""), raw, endpoint.secret, machine_now())
        caller = Caller(await self._ledger.book(endpoint.book), SYSTEM, frozenset({self.declared.permission}))
        call = Call(scope, receive, headers, caller, self._caller)
        call.notice = raw
        return await self._endpoint(call, **arguments)


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """Validates one parameter of an address as its annotation says."""
    annotated: Any = Annotated[field.annotation, field]  # pyright: ignore[reportInvalidTypeForm]
    return TypeAdapter(annotated)


def _the_model(parameters: list[Any]) -> tuple[str, type[BaseModel]] | None:
    """The one model an endpoint takes its query or its body as, and the argument's name."""
    if not parameters:
        return None
    (parameter,) = parameters
    model = parameter.field_info.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{parameter.name} is not one model")
    return parameter.name, model


def _valid(model: type[BaseModel], value: object, prefix: str) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise problem_of(error, model, prefix) from None


def _query(query_string: bytes) -> dict[str, str]:
    """The query's parameters, each at most once. Raises: Invalid."""
    if not query_string:
        return {}
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise Invalid("The query is not readable.") from None
    query = dict(pairs)
    if len(query) != len(pairs):
        raise Invalid("A query parameter is given twice.")
    return query


def _dry_run(query: dict[str, str]) -> bool:
    """Whether nothing is to be recorded; a misspelling of it must not record, so it is refused."""
    match query.pop("dry_run", "false"):
        case "true":
            return True
        case "false":
            return False
        case _:
            raise Invalid(faults=(Fault("dry_run", "Should be true or false"),))
