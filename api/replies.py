"""The answer to a request: status, headers and a body that is already bytes."""

from collections.abc import Mapping
from functools import cache

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

JSON = b"application/json"
PROBLEM_JSON = b"application/problem+json"
HTML = b"text/html; charset=utf-8"
CSV = b"text/csv; charset=utf-8"


class Reply(Response):
    """A response with its raw headers built in one go; the general one takes longer than to encode it."""

    def __init__(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, media_type: bytes = JSON
    ) -> None:
        self.status_code = status
        self.body = body
        self.raw_headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
        if headers:
            self.raw_headers += [(_raw(name), text.encode("latin-1")) for name, text in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


@cache
def _raw(name: str) -> bytes:
    """A header's name as it is sent; there are a dozen of them."""
    return name.lower().encode("latin-1")
