"""How an endpoint is declared: with its permission, always.

orders = Section("orders", "What customers order.")

@orders.decision("/v1/orders/{order}/payments", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def capture_payment(call: Call, order: OrderInPath, body: CapturePaymentBody) -> Response:
    ...
"""

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
from pydantic import BaseModel
from starlette.responses import Response

from api.permissions import Permission

Endpoint = Callable[..., Awaitable[Response]]


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint and everything that holds for it."""

    method: Literal["GET", "POST"]
    path: str
    permission: Permission
    endpoint: Endpoint
    answers: type[BaseModel]
    tag: str
    conditional: bool = False
    """Whether it honours If-Match."""
    escalates: bool = False
    """Whether what it asks for may have to wait for somebody else's decision; then it is answered 202."""
    repeatable: bool = False
    """Whether it is a POST that does no harm again, and so needs no key and has no receipt."""
    signed: bool = False
    """Whether a processor's signature says who sends it, not an API key; the body is taken as it came."""
    streams: bool = False
    """Whether the answer is a stream of server-sent events, each with such an answer as its data."""
    lists_rows: bool = False
    """Whether it is a list of a read model, which is perhaps not ready yet."""
    flat: bool = False
    """Whether it is a list of flat rows, given as CSV too."""

    @property
    def decides(self) -> bool:
        """Whether it may record something; then it needs an idempotency key and knows dry runs."""
        return self.method == "POST" and not self.repeatable

    @property
    def status(self) -> int:
        """The status of success; a dry run, which creates nothing, answers 200."""
        return 201 if self.decides else 200


class Section:
    """The endpoints of one subject, in the order in which they are matched."""

    def __init__(self, tag: str, description: str) -> None:
        self.tag, self.description = tag, description
        self.declared: list[Declared] = []

    def decision(
        self,
        path: str,
        permission: Permission,
        *,
        answers: type[BaseModel],
        conditional: bool = False,
        escalates: bool = False,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a POST that decides a command."""
        return self._declare("POST", path, permission, answers, conditional=conditional, escalates=escalates)

    def repeatable(
        self, path: str, permission: Permission, *, answers: type[BaseModel]
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a POST that asks the book to catch up: again, it finds nothing to do."""
        return self._declare("POST", path, permission, answers, repeatable=True)

    def notice(self, path: str, *, answers: type[BaseModel]) -> Callable[[Endpoint], Endpoint]:
        """Declare a POST by which a processor tells us something, signed; the same again does no harm."""
        return self._declare("POST", path, Permission.TELL, answers, repeatable=True, signed=True)

    def question(
        self,
        path: str,
        permission: Permission,
        *,
        answers: type[BaseModel],
        streams: bool = False,
        lists_rows: bool = False,
        flat: bool = False,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a GET that records nothing; what lists rows of a read model lists flat ones."""
        return self._declare(
            "GET", path, permission, answers, streams=streams, lists_rows=lists_rows, flat=flat or lists_rows
        )

    def _declare(
        self,
        method: Literal["GET", "POST"],
        path: str,
        permission: Permission,
        answers: type[BaseModel],
        **holds: bool,
    ) -> Callable[[Endpoint], Endpoint]:
        def declare(endpoint: Endpoint) -> Endpoint:
            self.declared.append(
                Declared(
                    method=method,
                    path=path,
                    permission=permission,
                    endpoint=endpoint,
                    answers=answers,
                    tag=self.tag,
                    **holds,
                )
            )
            return endpoint

        return declare
