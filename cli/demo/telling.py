"""How a story is told: each sentence is a command with a key, dated back from the day the book was opened."""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

import msgspec

from domain.bills.billing import NewBill
from domain.book.register import Role
from domain.command import Command
from domain.customers.registering import ContactPoint, ContactPointKind, Customer, RegisterCustomer
from domain.decision import Actor
from domain.entry import Event
from domain.moments import HOUR, MINUTE, Moment
from domain.numbers import year_of_recording
from domain.orders.delivering import DeliverShipment
from domain.orders.order_events import OrderPlaced, OrderShipped, Part, Terms
from domain.orders.placing import PlaceOrder
from domain.orders.pricing import AskedLine
from domain.orders.shipping import ShipOrder
from domain.payments.capturing import CapturePayment
from ledger.book import Book
from ledger.identity import mint
from ledger.record.submission import Lookup, Outcome, SubjectKey, Submission
from ledger.sealing.sealer import BOOK

DAY = 24 * HOUR
EventT = TypeVar("EventT", bound=Event)


class Newcomer(msgspec.Struct, frozen=True):
    """A customer on their way into the book: their registration, and what is stored with it."""

    command: RegisterCustomer
    key: SubjectKey
    lookups: tuple[Lookup, ...]


class Story:
    """One story of one book; the agent acts in it unless another is named."""

    def __init__(self, book: Book, zone: str, people: Mapping[Role, str], name: str, today: Moment) -> None:
        self.book, self.zone = book, zone
        self.people = people
        """Who is who, by role."""
        self._name = name
        self._today = today

    def at(self, days_ago: int, hour: int, minute: int = 0) -> Moment:
        """A moment so many days before the book was opened, by the hour of UTC. At least 1 day ago."""
        return self._today - self._today % DAY - days_ago * DAY + hour * HOUR + minute * MINUTE

    async def tell(
        self,
        at: Moment,
        sentence: str,
        command: Command,
        newcomer: Newcomer | None = None,
        *,
        by: Role = "agent",
        because: str | None = None,
    ) -> Outcome:
        """Have the book decide a command that took effect then; told before, it is only remembered.

        Raises: Refusal, LedgerError.
        """
        reason = None if because is None else await self.sealed("reason", because)
        return await self.book.execute(
            command,
            Submission(
                actor=Actor(person=self.people[by], role=by),
                origin="cli",
                reason=reason,
                key=f"demo/{self._name}/{sentence}",
                effective_at=at,
                lookups=() if newcomer is None else newcomer.lookups,
                subject_keys=() if newcomer is None else (newcomer.key,),
            ),
        )

    async def sealed(self, field: str, text: str, subject: str = BOOK) -> str:
        """A text as the book keeps it: under the key of whom it is about, else the book's own."""
        return await self.book.sealer.seal(subject, field, text)

    async def happened(self, told: Awaitable[Outcome], kind: type[EventT]) -> EventT:
        """The event of that kind which a sentence recorded."""
        return next(entry.event for entry in (await told).entries if isinstance(entry.event, kind))

    def newcomer(
        self, name: str, *reachable: tuple[ContactPointKind, str], ref: str | None = None
    ) -> Newcomer:
        """A customer who is new to the book, sealed under a key of their own."""
        customer, sealer = mint("cus"), self.book.sealer
        subject = sealer.new_subject(customer)
        points = tuple(
            ContactPoint(id=mint("con"), kind=kind, value=subject.seal("contact_point", value))
            for kind, value in reachable
        )
        command = RegisterCustomer(
            customer=customer,
            name=subject.seal("name", name),
            channel="api",
            external_ref=ref,
            contact_points=points,
        )
        found_by = [sealer.lookup("name", name, customer)]
        found_by += [
            sealer.lookup(kind, value, customer) for kind, value in reachable if kind in ("email", "phone")
        ]
        return Newcomer(command, subject.row, tuple(found_by))

    async def contact_point(self, customer: str, channel: ContactPointKind) -> str:
        """The customer's first contact point of that kind."""
        state = await self.book.state(customer)
        assert isinstance(state, Customer)
        points = [known.contact_point for known in state.contact_points.values()]
        return next(point.id for point in points if point.kind == channel)

    async def ordered(
        self,
        at: Moment,
        customer: Newcomer | str,
        reference: str,
        *lines: AskedLine,
        shipping: int,
        terms: Terms = "card",
    ) -> OrderPlaced:
        """An order of the web shop, by somebody new or known."""
        newcomer = customer if isinstance(customer, Newcomer) else None
        command = PlaceOrder(
            order=mint("ord"),
            customer=customer.command.customer if isinstance(customer, Newcomer) else customer,
            register=newcomer.command if newcomer else None,
            channel="api",
            external_ref=reference,
            currency="USD",
            lines=lines,
            shipping=shipping,
            terms=terms,
        )
        return await self.happened(self.tell(at, f"ordered-{reference}", command, newcomer), OrderPlaced)

    async def paid(
        self, at: Moment, placed: OrderPlaced, sentence: str = "paid", processor: str = "stripe"
    ) -> None:
        """The whole order is captured."""
        command = CapturePayment(
            order=placed.order,
            payment=mint("pay"),
            amount=placed.total,
            currency=placed.currency,
            processor=processor,
            reference=f"demo-{placed.external_ref}",
        )
        await self.tell(at, sentence, command)

    async def shipped(
        self,
        at: Moment,
        placed: OrderPlaced,
        description: str,
        tracking: str,
        parts: tuple[Part, ...] = (),
        sentence: str = "shipped",
        *,
        billed: bool = False,
    ) -> str:
        """Some parts of the order leave, all if none are named, on a bill if it may be; the shipment's id."""
        command = ShipOrder(
            order=placed.order,
            shipment=mint("shp"),
            parts=parts or tuple(Part(line.number, line.quantity) for line in placed.lines),
            method="ups_ground",
            tracking=tracking,
            description=await self.sealed("delivery", description, placed.customer),
            bill=NewBill(mint("bil"), year_of_recording(self.book.clock(), self.zone)) if billed else None,
        )
        return (await self.happened(self.tell(at, sentence, command), OrderShipped)).shipment

    async def arrived(
        self, at: Moment, placed: OrderPlaced, shipment: str, sentence: str = "delivered"
    ) -> None:
        """All of a shipment reaches the customer."""
        command = DeliverShipment(order=placed.order, delivery=mint("dlv"), shipment=shipment)
        await self.tell(at, sentence, command)


def line(sku: str, description: str, quantity: int, unit_price: int) -> AskedLine:
    """A line of an order, at a price in minor units."""
    return AskedLine(sku=sku, description=description, quantity=quantity, unit_price=unit_price)
