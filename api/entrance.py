"""The way in: a request to a declared route is taken to it at once, every other one goes FastAPI's way.

FastAPI's own way leads through five layers made for what no route here uses (dependencies, files, telemetry)
and then asks route after route. What is not found here is found there, or answered there: the documentation,
health, other methods, addresses that do not exist.
"""

from collections.abc import Iterable
from types import CoroutineType
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from api.route import Route


class Entrance:
    """Takes requests to the routes; routes are tried in the order in which they are given."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._ways: dict[str, list[Route]] = {}
        for route in routes:
            self._ways.setdefault(route.declared.method, []).append(route)
        self._ways["HEAD"] = [route for route in self._ways.get("GET", ()) if not route.declared.streams]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> "CoroutineType[Any, Any, None] | None":
        """The answer of the route that was asked; None where none was."""
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        method: str = scope["method"]
        for route in self._ways.get(method, ()):
            if found := route.path_regex.match(path):
                scope["path_params"] = found.groupdict()
                return route.serve(scope, receive, _headers_only(send) if method == "HEAD" else send)
        return None

    def methods_at(self, path: str) -> list[str]:
        """The methods that any declared route at that address answers, in the order of the alphabet."""
        ways = self._ways.items()
        return sorted(
            method for method, routes in ways if any(route.path_regex.match(path) for route in routes)
        )


def _headers_only(send: Send) -> Send:
    """Sends what a GET would get, without the body."""

    async def sent(message: Message) -> None:
        await send({**message, "body": b""} if "body" in message else message)

    return sent
