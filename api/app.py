"""The application: every section's routes over one opened ledger. No global state."""

import asyncio
from collections.abc import Iterable
from functools import cached_property
from types import CoroutineType
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from api.docs import ASSETS, DOCS, add_docs
from api.entrance import Entrance
from api.health import Health
from api.metrics import Metrics
from api.openapi import description
from api.problem_pages import problem_index, problem_page
from api.problem_replies import problem_reply
from api.problems import PAGES, InternalFault, NotFound, WrongMethod
from api.route import Route, SignedRoute
from api.v1.balances import balances
from api.v1.bills import bills
from api.v1.book import book
from api.v1.bookkeeping import bookkeeping
from api.v1.carts import carts
from api.v1.charges import charges
from api.v1.corrections import corrections
from api.v1.credits import credits
from api.v1.customers import customers
from api.v1.decline_lists import decline_lists
from api.v1.declines import declines
from api.v1.events import events
from api.v1.goods_returns import returns
from api.v1.inbound import inbound
from api.v1.orders import orders
from api.v1.payouts import payouts
from api.v1.periods import periods
from api.v1.policy import policy
from api.v1.products import products
from api.v1.projections import projections
from api.v1.reactions import reactions
from api.v1.refund_lists import refund_lists
from api.v1.refunds import refunds
from api.v1.reversals import reversals
from api.v1.standing import standings
from api.v1.supplier_claims import suppliers
from api.v1.tasks import tasks
from api.v1.ticks import ticks
from api.v1.unmatched import unmatched
from api.v1.watchlist import watchlist
from api.welcome import welcome
from ledger.composition import Ledger

SECTIONS = (
    *(orders, refunds, payouts, refund_lists),
    *(carts, customers, standings, balances, products, tasks, corrections, bookkeeping),
    *(unmatched, inbound),
    *(bills, watchlist, reversals, credits, periods),
    *(declines, charges, decline_lists),
    *(returns, suppliers),
    *(policy, events, book, projections, reactions, ticks),
)
"""In the order in which their routes are matched: what is sent most comes first."""

PUBLIC = frozenset(
    {
        *("/", "/healthz", "/readyz", "/metrics", "/openapi.json", DOCS, ASSETS),
        *(PAGES.rstrip("/"), PAGES, PAGES + "{slug}"),
    }
)
"""Addresses that need no key: they tell nothing about any book."""


DESCRIPTION = """Orders, payments, shipments and guarantees as immutable entries of a book.

Every POST but ticks needs an `Idempotency-Key` and takes `?dry_run=true`. What a decision recorded comes back
as a receipt. Every failure is an `application/problem+json` whose `type` leads to a page with cause and way
out. Money is whole minor units beside a currency; moments are RFC 3339. An API key opens one book and speaks
for one person; what is not in that book does not exist.
"""


class DescribedApp(FastAPI):
    """FastAPI with the conventions that all routes share in its description."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = description(self, SECTIONS)
        return self.openapi_schema

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> "CoroutineType[Any, Any, None]":
        """Our entrance before FastAPI's."""
        scope["app"] = self
        return self.entrance(scope, receive, send) or super().__call__(scope, receive, send)

    @cached_property
    def entrance(self) -> Entrance:
        """The way to the declared routes, once all of them are there."""
        return Entrance([route for route in self.routes if isinstance(route, Route)])


class UndeclaredRoute(Exception):
    """A route states no permission and is not one of the public ones; the application does not start."""


def create_app(ledger: Ledger) -> FastAPI:
    """The service over an opened ledger, which stays the caller's to close. Raises: UndeclaredRoute."""
    metrics = Metrics()
    app = _bare_app()
    app.state.stopping = asyncio.Event()  # once set, answers that go on and on end
    for section in SECTIONS:
        app.router.routes.extend(
            (SignedRoute if declared.signed else Route)(declared, ledger, metrics)
            for declared in section.declared
        )
    health = Health(ledger, metrics)
    app.router.add_route("/healthz", health.healthz, include_in_schema=False)
    app.router.add_route("/readyz", health.readyz, include_in_schema=False)
    app.router.add_route("/metrics", health.metrics, include_in_schema=False)
    app.router.add_route("/", welcome, include_in_schema=False)
    for address in (PAGES.rstrip("/"), PAGES):
        app.router.add_route(address, problem_index, include_in_schema=False)
    app.router.add_route(PAGES + "{slug}", problem_page, include_in_schema=False)
    add_docs(app)
    expect_permissions(app.routes)
    return app


def expect_permissions(routes: Iterable[BaseRoute]) -> None:
    """Every route states its permission or is public by name. Raises: UndeclaredRoute."""
    for route in routes:
        path: str = getattr(route, "path", repr(route))
        if not isinstance(route, Route) and path not in PUBLIC:
            raise UndeclaredRoute(
                f"{path} states no permission: declare it in a Section, or add it to PUBLIC"
            )


def _bare_app() -> FastAPI:
    return DescribedApp(
        title="Makegood",
        version="1",
        summary="An event-sourced order ledger for merchants who compete on service.",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        exception_handlers={404: _not_found, 405: _wrong_method, Exception: _internal_fault},
    )


async def _not_found(_: Request, __: Exception) -> Response:
    return problem_reply(NotFound())


async def _wrong_method(request: Request, wrong: Exception) -> Response:
    """FastAPI names the methods of the first route at the address; several may share it."""
    if declared := request.app.entrance.methods_at(request.url.path):
        return problem_reply(WrongMethod(headers={"Allow": ", ".join(declared)}))
    allowed = wrong.headers if isinstance(wrong, HTTPException) else None
    return problem_reply(WrongMethod(headers=dict(allowed or {})))


async def _internal_fault(_: Request, __: Exception) -> Response:
    """The server's own log has the trace; the caller learns only that it is our fault."""
    return problem_reply(InternalFault())
