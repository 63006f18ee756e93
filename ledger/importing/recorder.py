"""One order of a file, recorded by the same decisions as everybody else's: placed, paid, shipped, delivered.

Every step has a key made from the order's reference. A second run, or one after a kill, therefore finds what
is recorded already and adds only what is missing; a document that reads differently now is refused.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from hashlib import sha256
from typing import TypeVar

import msgspec

from domain.book.register import Register
from domain.command import Command
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.entry import Event
from domain.moments import day_of
from domain.orders.delivering import DeliverShipment
from domain.orders.order_events import OrderPlaced, OrderShipped, Part
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.orders.shipping import UNRECORDED, ShipOrder
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.importing.documents import Document
from ledger.importing.recorded import RecordedBefore
from ledger.importing.rows import Line
from ledger.record.submission import Outcome, SubjectKey, Submission
from ledger.sealing.digests import request_digest
from ledger.sealing.sealer import BOOK

ORIGIN = "import"
"""Of the entries; also the processor of the payments, since no other is known."""
KNOWN = 10_000
"""Customers remembered, so that the book is not asked again for each of their orders."""
DELIVERY = "Imported: what the customer was told about the delivery is not recorded."

STEPS = ("place", "capture", "ship", "deliver")
"""What is recorded of an order, each under a key of its own."""

_SKU = re.compile(r"[A-Za-z0-9_./-]{1,64}")
_REFERENCE = re.compile(r"[A-Za-z0-9_./-]{1,80}")
_CHANNEL = re.compile(r"[A-Za-z0-9_.-]{1,19}")
EventT = TypeVar("EventT", bound=Event)


class Unfit(Exception):
    """Why a document cannot be an order of this book."""


class OrderRecorder:
    """Records orders of a file in one book."""

    def __init__(self, book: Book, actor: Actor, register: Register, delivery: str) -> None:
        self._book = book
        self._actor = actor
        self._register = register
        self._delivery = delivery
        self._customers: dict[str, str] = {}
        self._recorded = RecordedBefore(book.repeats)

    @classmethod
    async def of(cls, book: Book, actor: Actor) -> "OrderRecorder":
        """A recorder for that book."""
        register = await book.state("book")
        assert isinstance(register, Register)
        return cls(book, actor, register, await book.sealer.seal(BOOK, "delivery", DELIVERY))

    async def steps(self, document: Document) -> AsyncGenerator[Outcome]:
        """What each step recorded, now or earlier. Raises: Unfit, Refusal, LedgerError."""
        check_fit(document, self._register)
        steps = _Steps(self._book, self._actor, document)
        await steps.look_up(self._recorded)
        outcome = steps.recorded("place") or await self._placed(document, steps)
        self._remember(document, event_in(outcome, OrderPlaced).customer)
        yield outcome
        placed = event_in(outcome, OrderPlaced)
        if placed.total:
            yield await steps.take("capture", _capture_of(placed))
        ship = ShipOrder(
            order=placed.order,
            shipment=mint("shp"),
            parts=tuple([Part(line.number, line.quantity) for line in placed.lines]),
            method=UNRECORDED,
            description=self._delivery,
        )
        outcome = await steps.take("ship", ship)
        yield outcome
        shipped = event_in(outcome, OrderShipped)
        arrived = DeliverShipment(order=placed.order, delivery=mint("dlv"), shipment=shipped.shipment)
        yield await steps.take("deliver", arrived)

    async def _placed(self, document: Document, steps: "_Steps") -> Outcome:
        """A customer not met lately is taken to be new; the append finds who holds that reference already."""
        value = f"{document.channel}/{customer_of(document)}"
        known = self._customers.get(value) or self._book.held("customer_ref", value)
        if known is not None:
            return await steps.take("place", _place_order(document, known, new=False))
        customer = mint("cus")
        # A new customer gets a key of their own, under which whatever is learnt of them later will be sealed.
        key = self._book.sealer.new_subject(customer).row
        try:
            return await steps.take("place", _place_order(document, customer, new=True), (key,))
        except ClaimTaken as taken:
            if taken.kind != "customer_ref":
                raise
            return await steps.take("place", _place_order(document, taken.holder, new=False))

    def _remember(self, document: Document, customer: str) -> None:
        self._customers[f"{document.channel}/{customer_of(document)}"] = customer
        if len(self._customers) > KNOWN:
            del self._customers[next(iter(self._customers))]


class _Steps:
    """The steps of one document, each under a key of its own."""

    def __init__(self, book: Book, actor: Actor, document: Document) -> None:
        self._book = book
        self._actor = actor
        self._recorded: Mapping[str, Outcome] = {}
        self._at = document.at
        self._key = f"{document.channel}/{document.reference}"
        content = (document.at, document.customer, document.currency, document.lines)
        self._content = sha256(msgspec.json.encode(content)).digest()

    async def look_up(self, recorded: RecordedBefore) -> None:
        """Find what an earlier run recorded of the document. Raises: KeyReused, Unavailable."""
        self._recorded = await recorded.among([self._submission(step) for step in STEPS])

    def recorded(self, step: str) -> Outcome | None:
        """What an earlier run recorded of the step."""
        return self._recorded.get(f"{self._key}/{step}")

    async def take(self, step: str, command: Command, keys: tuple[SubjectKey, ...] = ()) -> Outcome:
        """What the step recorded. Raises: Refusal, LedgerError."""
        return self.recorded(step) or await self._book.execute(command, self._submission(step, keys))

    def _submission(self, step: str, keys: tuple[SubjectKey, ...] = ()) -> Submission:
        key = f"{self._key}/{step}"
        return Submission(
            actor=self._actor,
            origin=ORIGIN,
            key=key,
            principal=ORIGIN,  # whoever runs it again, it is the same import
            request_hash=request_digest(self._book.sealer.request_key, "IMPORT", key, self._content),
            effective_at=self._at,
            subject_keys=keys,
        )


def check_fit(document: Document, register: Register) -> None:
    """What is asked of a request at the API's door is asked here too. Raises: Unfit."""
    if not _REFERENCE.fullmatch(document.reference) or not _REFERENCE.fullmatch(customer_of(document)):
        raise Unfit("references of orders and customers are up to 80 letters, digits and _ . / -")
    if not _CHANNEL.fullmatch(document.channel):
        raise Unfit("a channel is up to 19 letters, digits and _ . -")
    if register.cut_over is None or day_of(document.at, register.zone) >= register.cut_over:
        raise Unfit(f"only history is imported: what lies before the book's cut-over ({register.cut_over})")
    if not all(_SKU.fullmatch(line.sku) for line in document.lines):
        raise Unfit("a sku is up to 64 letters, digits and _ . / -")


def customer_of(document: Document) -> str:
    """The customer's reference; a guest of that one order where the file names none."""
    return document.customer or f"guest-{document.reference}"


def event_in(outcome: Outcome, kind: type[EventT]) -> EventT:
    """The one event of that kind that a step recorded."""
    return next(entry.event for entry in outcome.entries if isinstance(entry.event, kind))


def _place_order(document: Document, customer: str, *, new: bool) -> PlaceOrder:
    """The order as the file has it, which registers its customer if they are new. Raises: Unfit."""
    reference = customer_of(document)
    register = RegisterCustomer(customer=customer, channel=document.channel, external_ref=reference)
    try:
        return PlaceOrder(
            order=mint("ord"),
            customer=customer,
            register=register if new else None,
            channel=document.channel,
            external_ref=document.reference,
            currency=document.currency,
            lines=tuple([_asked(line) for line in document.lines]),
        )
    except ValueError as out_of_range:
        raise Unfit(str(out_of_range)) from out_of_range


def _asked(line: Line) -> AskedLine:
    return AskedLine(
        sku=line.sku, description=line.description, quantity=line.quantity, unit_price=line.unit_price
    )


def _capture_of(placed: OrderPlaced) -> CapturePayment:
    """Its payment, named as the order is: two channels may number their orders alike."""
    return CapturePayment(
        order=placed.order,
        payment=mint("pay"),
        amount=placed.total,
        currency=placed.currency,
        processor=ORIGIN,
        reference=f"{placed.channel}/{placed.external_ref}",
    )
