"""The answer to a request: status, headers and a body that is already bytes."""

from collections.abc import Mapping

from starlette.responses import Response

JSON = b"application/json"
PROBLEM_JSON = b"application/problem+json"
HTML = b"text/html; charset=utf-8"
PLAIN = b"text/plain; charset=utf-8"


class Reply(Response):
    """A response with its raw headers built in one go; the general one takes longer than to encode it."""

    def __init__(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, media_type: bytes = JSON
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
        if headers:
            self.raw_headers += [
                (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()
            ]
