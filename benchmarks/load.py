"""A closed HTTP/1.1 loop: keep-alive connections, each sends its next request once it has its answer.

It shares the cores with what it measures, so it is one thread of plain asyncio protocols on uvloop: requests
come as bytes, and of an answer only status, length and body are cut out (about 20 µs a request).
"""

import asyncio
import gc
from collections.abc import Iterator
from time import perf_counter
from typing import cast

import msgspec
import uvloop

CONNECTIONS = 32
PATIENCE = 30
"""Seconds beyond the round after which a server that does not answer is given up."""


class Unanswered(Exception):
    """A request was answered by something else than 201, or not at all: the figures would mean nothing."""


class Figures(msgspec.Struct, frozen=True):
    """What one round of load showed: requests per second, and latencies in milliseconds."""

    requests: int
    rps: float
    p50: float
    p99: float


class Connection(asyncio.Protocol):
    """One keep-alive connection; `done` is set when there is nothing more to send or something went wrong."""

    def __init__(
        self, requests: Iterator[bytes], deadline: float, latencies: list[float], bodies: list[bytes]
    ) -> None:
        self._requests = requests
        self._deadline = deadline
        self._latencies = latencies
        self._bodies = bodies
        self._answer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head = self._answer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _content_length(self._answer[:head])
        if len(self._answer) < head + 4 + length:
            return
        now = perf_counter()
        if not self._answer.startswith(b"HTTP/1.1 201"):
            self._finish(Unanswered(self._answer.decode(errors="replace")))
            return
        self._latencies.append(now - self._sent)
        self._bodies.append(self._answer[head + 4 :])
        self._answer = b""
        if now < self._deadline:
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or Unanswered("the server closed the connection"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._finish(None)
            return
        self._sent = perf_counter()
        self._transport.write(request)

    def _finish(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()


def _content_length(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    if start < 0:
        raise Unanswered("an answer without Content-Length")
    return int(head[start + 15 :].split(b"\r\n", 1)[0])


def request(path: str, body: bytes, *, key: str, token: str) -> bytes:
    """The bytes of one POST with its Idempotency-Key and its API key."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, requests: Iterator[bytes], seconds: float) -> tuple[Figures, list[bytes]]:
    """Send until the seconds are over or the requests are; the figures and the bodies of all answers.

    Raises: Unanswered, OSError, TimeoutError.
    """
    latencies: list[float] = []
    bodies: list[bytes] = []
    gc.collect()
    gc.disable()
    try:
        elapsed = uvloop.run(_load(port, requests, seconds, latencies, bodies))
    finally:
        gc.enable()
    ordered = sorted(latencies)
    figures = Figures(
        requests=len(ordered),
        rps=len(ordered) / elapsed,
        p50=ordered[len(ordered) // 2] * 1000,
        p99=ordered[len(ordered) * 99 // 100] * 1000,
    )
    return figures, bodies


async def _load(
    port: int, requests: Iterator[bytes], seconds: float, latencies: list[float], bodies: list[bytes]
) -> float:
    loop = asyncio.get_running_loop()
    start = perf_counter()

    async def connect() -> None:
        _, connection = await loop.create_connection(
            lambda: Connection(requests, start + seconds, latencies, bodies), "127.0.0.1", port
        )
        await connection.done

    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(connect() for _ in range(CONNECTIONS)))
    return perf_counter() - start
