"""A book over the running application, one person of each role in it, and what they ask for."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from domain.book.register import ROLES, OpenBook, RegisterPerson, Role
from domain.decision import Actor
from domain.inbound.notices import MovedMoney, ReceiveNotice
from domain.orders.order import Placed
from ledger.book import Book
from ledger.composition import Ledger
from ledger.identity import mint
from ledger.record.submission import Submission
from ledger.sealing.sealer import BOOK

EUR = "EUR"


def eur(amount: int) -> dict[str, object]:
    """An amount as the API takes it."""
    return {"amount": amount, "currency": EUR}


def fresh_key() -> dict[str, str]:
    """A header with an idempotency key no other request uses."""
    return {"Idempotency-Key": uuid4().hex}


class Caller:
    """A client with one person's API key."""

    def __init__(self, app: FastAPI, key: str, person: str) -> None:
        self.key, self.person = key, person
        self.client = AsyncClient(
            transport=ASGITransport(app),
            base_url="http://makegood",
            headers={"Authorization": f"Bearer {key}"},
        )

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """What a GET answers."""
        return await self.client.get(path, headers=headers)

    async def post(
        self, path: str, body: object, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """What a POST answers, under a fresh idempotency key unless one is given."""
        named = {"Idempotency-Key": key} if key else fresh_key()
        return await self.client.post(path, json=body, headers={**named, **(headers or {})})


class House:
    """A book over the running application, and the people in it."""

    def __init__(self, app: FastAPI, book: Book, callers: Mapping[str, Caller]) -> None:
        self.app, self.book, self.callers = app, book, callers
        self.agent, self.supervisor, self.owner = callers["agent"], callers["supervisor"], callers["owner"]
        self.auditor, self.service = callers["auditor"], callers["service"]

    async def head(self) -> int:
        """The last position of the book."""
        return (await self.agent.get("/v1/book")).json()["position"]

    async def every(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list whose address asks for something."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = await self.agent.get(path + cursor)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items += page["items"]
            if not page["has_more"]:
                assert page["next"] is None
                return items
            cursor = f"&cursor={page['next']}"

    async def recorded(self, path: str, body: object, **named: Any) -> dict[str, Any]:
        """The receipt of a POST that must succeed."""
        answer = await self.owner.post(path, body, **named)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def customer(self) -> str:
        """A registered customer."""
        return (await self.recorded("/v1/customers", {"name": "Ann Crunchy-Armchair"}))["subject"]

    async def order(self, quantity: int = 2, **asked: object) -> str:
        """A placed order of one line at 10.00 a unit."""
        return (await self.recorded("/v1/orders", order_body(quantity, **asked)))["subject"]

    async def paid_order(self, quantity: int = 2) -> str:
        """A placed order whose price was captured."""
        order = await self.order(quantity)
        await self.recorded(f"/v1/orders/{order}/payments", payment_body(1000 * quantity))
        return order

    async def unmatched(
        self,
        amount: int = 2000,
        reference: str | None = None,
        processor: str = "stripe",
        order: str | None = None,
    ) -> str:
        """Money that a processor told of, and that was for no order of ours; or had no place in that one."""
        named = await self.book.state(order) if order else None
        money = MovedMoney(
            unmatched=mint("unm"),
            direction="receipt",
            amount=amount,
            currency=EUR,
            reference=reference or f"ch_{uuid4().hex}",
        )
        notice = ReceiveNotice(
            processor=processor,
            notice=f"evt_{uuid4().hex}",
            kind="charge.succeeded",
            happened_at=self.book.clock(),
            body=await self.book.sealer.seal(BOOK, "notice", "{}"),
            customer=named.placed.customer if isinstance(named, Placed) else None,
            order=order,
            money=money,
        )
        actor = Actor(person="system", role="system")
        await self.book.execute(notice, Submission(actor=actor, origin="provider"))
        return money.unmatched

    async def notice_of_no_currency(self) -> str:
        """The position of a notice of money that nobody can count."""
        notice = ReceiveNotice(
            processor="stripe",
            notice=f"evt_{uuid4().hex}",
            kind="charge.succeeded",
            happened_at=self.book.clock(),
            body=await self.book.sealer.seal(BOOK, "notice", "{}"),
            money=MovedMoney(
                unmatched=mint("unm"), direction="receipt", amount=1, currency="XXT", reference="ch_none"
            ),
        )
        actor = Actor(person="system", role="system")
        outcome = await self.book.execute(notice, Submission(actor=actor, origin="provider"))
        return str(outcome.entries[-1].position)

    async def shipment(self, order: str, quantity: int = 1) -> str:
        """Units of the order's first line that left."""
        receipt = await self.recorded(f"/v1/orders/{order}/shipments", shipment_body(quantity))
        return receipt["entries"][0]["data"]["shipment"]


def order_body(quantity: int = 2, **asked: object) -> dict[str, object]:
    """An order of armchairs, for a new customer unless another one is asked for."""
    buyer = {} if "customer_id" in asked else {"customer": {"name": "Ann"}}
    line = {
        "sku": "CRUNCHY-ARMCHAIR",
        "description": "Armchair",
        "quantity": quantity,
        "unit_price": eur(1000),
    }
    return {"lines": [line], **buyer, **asked}


def payment_body(amount: int, reference: str | None = None) -> dict[str, object]:
    """A capture under a reference no other capture has."""
    return {"amount": eur(amount), "processor": "stripe", "reference": reference or f"ch_{uuid4().hex}"}


def shipment_body(quantity: int = 1) -> dict[str, object]:
    """Units of the first line, leaving with a carrier."""
    parts = [{"line": 1, "quantity": quantity}]
    return {
        "parts": parts,
        "method": "ups_ground",
        "tracking": "1Z999",
        "description": "Your armchair, soon.",
    }


async def owner_of(ledger: Ledger, app: FastAPI, book: Book) -> Caller:
    """A new person of a book that is there already, who may read all of it."""
    return await somebody(ledger, app, book, "owner")


async def somebody(ledger: Ledger, app: FastAPI, book: Book, role: Role) -> Caller:
    """A new person of a book that is there already, with a key."""
    person = mint("per")
    new = book.sealer.new_subject(person)
    await book.execute(
        RegisterPerson(person=person, name=new.seal("name", role.title()), role=role),
        Submission(actor=Actor(person="system", role="system"), origin="cli", subject_keys=(new.row,)),
    )
    issued = await ledger.api_keys.issue(book.name, person, book.clock())
    return Caller(app, issued.text, person)


BERLIN = OpenBook(zone="Europe/Berlin", country="DE")


async def opened_house(ledger: Ledger, app: FastAPI, name: str, opening: OpenBook = BERLIN) -> House:
    """A new book with one person of each role, each with a key."""
    book = await ledger.open_book(name, opening)
    callers = {role: await somebody(ledger, app, book, role) for role in ROLES}
    return House(app, book, callers)
