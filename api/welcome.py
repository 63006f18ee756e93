"""What is answered at the address of the service itself: what this is, and where to go from here."""

from importlib.metadata import version

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.docs import DOCS
from api.problems import PAGES
from api.replies import Reply

_WELCOME = msgspec.json.encode(
    {
        "name": "Makegood",
        "version": version("makegood"),
        "summary": "An event-sourced order ledger for merchants who compete on service.",
        "links": {
            "docs": DOCS,
            "openapi": "/openapi.json",
            "problems": PAGES,
            "health": "/healthz",
            "readiness": "/readyz",
            "metrics": "/metrics",
        },
    }
)


async def welcome(_: Request) -> Response:
    """Name, version, and where the rest is."""
    return Reply(200, _WELCOME)
