"""HTTP/1.1 on the wire: the connections of uvicorn's server, with little that a request pays for.

    bytes → httptools → Exchange → the application in a task of its own → bytes

What uvicorn's own connection does for every request costs more than to decide most commands: a timer, an
event, two regular expressions per header of the answer, two writes. Here an answer of known length goes out
in one piece with its head, and a connection has one timer as long as it lives.

Requests sent ahead of their turn (pipelining) wait in theirs; neither side is read faster than it is used.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp, Message, Scope
from uvicorn.config import Config
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

MOST_UNREAD = 64 * 1024
"""Bytes of a request's body that wait to be asked for; while there are more, no more are read."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_UNREADABLE = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n"
    b"connection: close\r\n\r\nInvalid HTTP request received."
)
_OUR_FAULT = (
    {"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]},
    {"type": "http.response.body"},
)
_STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode() for status in HTTPStatus}
_WITHOUT_BODY = frozenset({204, 304})


class Wire(asyncio.Protocol):
    """One connection; made by uvicorn's server, which tells it to end by `shutdown`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.app = cast(ASGIApp, config.loaded_app)
        self.loop = _loop or asyncio.get_running_loop()
        self.server_state = server_state
        self.may_write: asyncio.Future[None] | None = None
        """Set while the client takes answers slower than they come."""
        self._keep_alive = config.timeout_keep_alive
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": config.asgi_version, "spec_version": "2.3"},
            "root_path": config.root_path,
            "scheme": "http",
        }
        self._parser = httptools.HttpRequestParser(self)
        self._read: Exchange | None = None
        """The request being read, or read last."""
        self._waiting: deque[Exchange] = deque()
        """Requests read, or begun, ahead of their turn."""
        self._is_paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._rests_since: float | None = None

    # The transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._scope["server"] = get_local_addr(self.transport)
        self._scope["client"] = get_remote_addr(self.transport)
        self.server_state.connections.add(cast(Any, self))

    def connection_lost(self, exc: Exception | None) -> None:
        self.server_state.connections.discard(cast(Any, self))
        if self._timer is not None:
            self._timer.cancel()
        self.resume_writing()
        for exchange in (*self._waiting, self._read):
            if exchange is not None:
                exchange.hang_up()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._read is not None:
                self._read.is_last = True  # answered in the protocol it came in, and no other follows
        except httptools.HttpParserError:
            self.transport.write(_UNREADABLE)
            self.transport.close()

    def pause_writing(self) -> None:
        self.may_write = self.loop.create_future()

    def resume_writing(self) -> None:
        if self.may_write is not None:
            self.may_write.set_result(None)
            self.may_write = None

    def shutdown(self) -> None:
        """End as soon as the request under way is answered."""
        if self._read is None or self._read.is_over:
            self.transport.close()
        else:
            self._read.is_last = True

    # The parser

    def on_message_begin(self) -> None:
        self._rests_since = None
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        url = httptools.parse_url(self._url)
        path = url.path.decode("ascii")
        version = self._parser.get_http_version()
        scope: Scope = {
            **self._scope,
            "http_version": version,
            "method": self._parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": self._headers,
            "state": {},
        }
        is_last = version == "1.0" or not self._parser.should_keep_alive()
        before = self._read
        self._read = exchange = Exchange(self, scope, is_last=is_last, expects=self._expects_continue)
        if before is None or before.is_over:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self.read_on(False)

    def on_body(self, body: bytes) -> None:
        if self._read is not None:
            self._read.take(body)

    def on_message_complete(self) -> None:
        if self._read is not None:
            self._read.take(b"", more=False)

    # Its exchanges

    def read_on(self, wanted: bool) -> None:
        """Whether the client may send more."""
        if self._is_paused is wanted and not self.transport.is_closing():
            self._is_paused = not wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def over(self, exchange: "Exchange") -> None:
        """An answer is out: end here, carry out the request that waits behind it, or rest."""
        self.server_state.total_requests += 1
        if exchange.is_last:
            self.transport.close()
        if self.transport.is_closing():
            return
        if self._waiting:
            self._begin(self._waiting.popleft())
        else:
            self._rests_since = self.loop.time()
            if self._timer is None:
                self._timer = self.loop.call_later(self._keep_alive, self._hang_up_if_resting)
        if not self._waiting:
            self.read_on(True)

    def _begin(self, exchange: "Exchange") -> None:
        self.loop.create_task(exchange.answered()).add_done_callback(_tell)

    def _hang_up_if_resting(self) -> None:
        """A connection that has rested long enough is ended; any other is looked at when it might have."""
        self._timer = None
        if self._rests_since is None or self.transport.is_closing():
            return
        left = self._rests_since + self._keep_alive - self.loop.time()
        if left <= 0:
            self.transport.close()
        else:
            self._timer = self.loop.call_later(left, self._hang_up_if_resting)


def _tell(task: "asyncio.Task[None]") -> None:
    """What an answer ended in is in the log at once, not when its task happens to be collected."""
    if not task.cancelled() and (why := task.exception()) is not None:
        told = {"message": "A request could not be answered", "exception": why, "task": task}
        task.get_loop().call_exception_handler(told)


class Exchange:
    """One request and its answer: what the application calls `receive` and `send`."""

    def __init__(self, wire: Wire, scope: Scope, *, is_last: bool, expects: bool) -> None:
        self.is_last = is_last
        """The connection ends with this answer."""
        self.is_over = False
        self._wire, self._scope, self._expects = wire, scope, expects
        self._body, self._more, self._is_told, self._is_gone = b"", True, False, False
        self._news: asyncio.Future[None] | None = None
        self._head: bytes | None = None
        """Status and headers, until sent: with the first part of a body whose length is known."""
        self._is_bare = False
        """Whatever the body, none is sent."""
        self._left: int | None = None
        """Bytes of the body that are still to be sent; None where they go in chunks."""

    async def answered(self) -> None:
        """Have the application answer. What it raises ends the task, and is told in the loop's log."""
        task = asyncio.current_task()
        assert task is not None
        under_way = self._wire.server_state.tasks
        under_way.add(task)
        try:
            await self._wire.app(self._scope, self.receive, self.send)
        finally:
            if not (self.is_over or self._is_gone):
                await self._fail()
            under_way.discard(task)

    def take(self, body: bytes, *, more: bool = True) -> None:
        """A part of the request's body has come."""
        if self.is_over:
            return
        self._body += body
        self._more = more
        if len(self._body) > MOST_UNREAD:
            self._wire.read_on(False)
        self._wake()

    def hang_up(self) -> None:
        """The client is gone."""
        self._is_gone = True
        self._wake()

    async def receive(self) -> Message:
        """What has come of the body; once all has been told, that the client is gone or answered."""
        if self._expects:
            self._expects = False
            self._wire.transport.write(_CONTINUE)
        while not (self._is_gone or self.is_over):
            if self._body or not (self._more or self._is_told):
                body, self._body = self._body, b""
                self._is_told = not self._more
                if self._more:
                    self._wire.read_on(True)
                return {"type": "http.request", "body": body, "more_body": self._more}
            self._news = self._wire.loop.create_future()
            await self._news
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send the answer, or a part of it. Raises: RuntimeError for one that no client could read."""
        if self._wire.may_write is not None:
            await asyncio.wait([self._wire.may_write])
        if self._is_gone:
            return
        if message["type"] == "http.response.start" and self._head is None:
            self._head = self._lines(message["status"], message.get("headers", ()))
            if self._left is None and not self._is_bare:
                self._wire.transport.write(self._head)
                self._head = b""
        elif message["type"] == "http.response.body" and self._head is not None and not self.is_over:
            more: bool = message.get("more_body", False)
            part = self._framed(message.get("body", b""), more=more)
            head, self._head = self._head, b""
            self._wire.transport.write(head + part)
            if not more:
                self.is_over = True
                self._wake()
                self._wire.over(self)
        else:
            raise RuntimeError(f"{message['type']} out of turn")

    def _lines(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The head of the answer. Raises: RuntimeError where a header would be read as two."""
        self._is_bare = self._scope["method"] == "HEAD" or status in _WITHOUT_BODY
        lines = [_STATUS[status]]
        for name, value in (*self._wire.server_state.default_headers, *headers):
            lines.append(name + b": " + value)
            if name == b"content-length":
                self._left = int(value)
        self.is_last = self.is_last or (self._expects and self._more)  # the body may come, or another request
        if self.is_last:
            lines.append(b"connection: close")
        if self._left is None and not self._is_bare:
            lines.append(b"transfer-encoding: chunked")
        head = b"\r\n".join((*lines, b"", b""))
        if not head.count(b"\r") == head.count(b"\n") == len(lines) + 1:
            raise RuntimeError("a header of the answer holds a line break")
        return head

    def _framed(self, part: bytes, *, more: bool) -> bytes:
        """A part of the body as it is sent."""
        if self._is_bare:
            return b""
        if self._left is None:
            chunk = b"%x\r\n%b\r\n" % (len(part), part) if part else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        self._left -= len(part)
        if self._left < 0 or (self._left and not more):
            raise RuntimeError("the body of the answer is not as long as its Content-Length")
        return part

    async def _fail(self) -> None:
        """The application ended without an answer: tell that it is our fault, or break off what has begun."""
        if self._head == b"":
            self._wire.transport.close()
            return
        self._head, self._left, self.is_last = None, None, True
        for message in _OUR_FAULT:
            await self.send(message)

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
