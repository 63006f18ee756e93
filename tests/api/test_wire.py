"""HTTP on the wire, as the bytes a client sends and gets."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from api.wire import MOST_UNREAD, Wire

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

Ask = Callable[[bytes], Awaitable[bytes]]


def post(body: bytes, *headers: bytes) -> bytes:
    """A POST of that body."""
    head = (b"POST /things?a=b HTTP/1.1", b"Host: x", b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def answering(body: bytes, *headers: tuple[bytes, bytes], status: int = 201) -> ASGIApp:
    """An application that answers everything so."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": body})

    return app


async def echoing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the method, the address and the body, however many parts that came in."""
    told, more = b"", True
    while more:
        message = await receive()
        told += message.get("body", b"")
        more = message.get("more_body", False)
    told = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} ".encode() + told
    await answering(told)(scope, receive, send)


@asynccontextmanager
async def wired(
    app: ASGIApp, *, keep_alive: int = 5
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter, ServerState]]:
    """A client's connection to that application."""
    config = Config(app, interface="asgi3", http=Wire, lifespan="off", timeout_keep_alive=keep_alive)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Wire(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer, state
        finally:
            writer.close()


async def answer(app: ASGIApp, request: bytes) -> bytes:
    """All that a client gets for what it sends, until the connection ends."""
    async with wired(app) as (reader, writer, _):
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()


@contextmanager
def faults() -> Iterator[list[object]]:
    """What the application raised: the loop tells of it at once, and not when garbage is collected."""
    loop = asyncio.get_running_loop()
    told: list[object] = []
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append(context.get("exception")))
    gc.disable()
    try:
        yield told
    finally:
        gc.enable()
        loop.set_exception_handler(before)


async def test_an_answer_has_its_status_its_headers_and_its_body():
    told = await answer(answering(b"{}", (b"etag", b'"1"')), LAST)
    assert told == b'HTTP/1.1 201 Created\r\netag: "1"\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'


async def test_a_connection_lives_on_and_answers_come_in_the_order_of_the_requests():
    told = await answer(echoing, post(b"one") + post(b"two") + post(b"three", b"Connection: close"))
    assert [part.rpartition(b" ")[2][:3] for part in told.split(b"HTTP/1.1 201")[1:]] == [
        b"one",
        b"two",
        b"thr",
    ]
    assert told.count(b"connection: close") == 1


async def test_the_address_is_read_with_its_query_and_its_escapes():
    request = b"GET /a%20b/c?d=%20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await answer(echoing, request)).endswith(b"GET /a b/c d=%20 ")


async def test_a_body_in_many_parts_arrives_whole_however_slowly_it_is_asked_for():
    body = b"x" * (20 * MOST_UNREAD)
    told = await answer(echoing, post(body, b"Connection: close"))
    assert told.endswith(b" " + body)


async def test_a_body_sent_in_chunks_arrives_whole():
    request = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await answer(echoing, request + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).endswith(b"abcde")


async def test_who_waits_to_be_asked_for_the_body_is_asked():
    async with wired(echoing) as (reader, writer, _):
        head, _, body = post(b"late", b"Expect: 100-continue", b"Connection: close").partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.read()).endswith(b"late")


async def test_who_is_refused_before_the_body_was_asked_for_begins_anew():
    """Let the connection live on → what comes next would be taken for the body."""
    head, _, _ = post(b"late", b"Expect: 100-continue").partition(b"\r\n\r\n")
    told = await answer(answering(b"", status=401), head + b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in told


async def test_head_gets_the_headers_alone():
    told = await answer(answering(b"{}"), LAST.replace(b"GET", b"HEAD"))
    assert told.endswith(b"content-length: 2\r\nconnection: close\r\n\r\n")


async def test_an_answer_of_unknown_length_is_sent_as_it_comes():
    """Hold back every head → a stream tells nothing until its first part."""
    go_on = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await send({"type": "http.response.body"})

    async with wired(app) as (reader, writer, _):
        writer.write(LAST)
        assert b"transfer-encoding: chunked" in await reader.readuntil(b"\r\n\r\n")
        go_on.set()
        assert await reader.read() == b"4\r\npart\r\n0\r\n\r\n"


async def test_an_old_client_is_answered_and_left():
    told = await answer(answering(b"{}"), b"GET / HTTP/1.0\r\n\r\n")
    assert told.endswith(b"connection: close\r\n\r\n{}")


async def test_who_asks_for_another_protocol_is_answered_in_this_one():
    asked = GET.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert b"201 Created" in await answer(answering(b"{}"), asked)


async def test_what_is_not_http_is_told_so():
    assert (await answer(answering(b""), b"what?\r\n\r\n")).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_line_break_in_a_header_never_reaches_the_client():
    # Send what the application says as it is → this fails.
    with faults():
        told = await answer(answering(b"", (b"etag", b"1\r\nset-cookie: a=b")), GET)
    assert told.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in told


@pytest.mark.parametrize("body", [b"12", b"1234"])
async def test_a_body_of_another_length_is_never_sent_as_if_it_were_right(body: bytes):
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": body})

    with faults():
        assert (await answer(app, GET)).startswith(b"HTTP/1.1 500 ")


async def test_a_fault_in_the_middle_of_an_answer_ends_the_connection():
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise LookupError

    # Leave it to the task → "it has been written to the log" is said long before it is so, and this fails.
    with faults() as told:
        assert not (await answer(app, GET)).endswith(b"0\r\n\r\n")
    assert [type(fault) for fault in told] == [LookupError]


async def test_a_client_that_hangs_up_is_noticed():
    told: list[Message] = []
    begun, heard = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        told.append(await receive())
        begun.set()
        told.append(await receive())
        heard.set()

    async with wired(app) as (_, writer, _), asyncio.timeout(10):
        writer.write(GET)
        await begun.wait()
        writer.close()
        await heard.wait()
    assert [message["type"] for message in told] == ["http.request", "http.disconnect"]


async def test_a_connection_that_rests_is_ended():
    async with wired(answering(b"{}"), keep_alive=0) as (reader, writer, _), asyncio.timeout(10):
        writer.write(GET)
        assert (await reader.read()).endswith(b"\r\n\r\n{}")


async def test_told_to_end_it_answers_what_is_under_way_and_takes_no_more():
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await go_on.wait()
        await answering(b"{}")(scope, receive, send)

    async with wired(app) as (reader, writer, state):
        writer.write(GET)
        await begun.wait()
        for connection in state.connections:
            connection.shutdown()
        go_on.set()
        assert (await reader.read()).endswith(b"connection: close\r\n\r\n{}")
