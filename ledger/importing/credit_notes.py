"""A credit note of a file, recorded by the same decisions as everybody else's refunds: one refund per order
it is about, one of what no order shows, at the amounts the note states, and credit for what is no goods.

Every step has a key made from the note's reference. What an earlier run recorded of a note is found under
these keys; only the units it does not say are matched again.
"""

from collections.abc import AsyncGenerator, Iterable
from hashlib import sha256

import msgspec

from domain.book.register import Register
from domain.command import Command
from domain.customers.giving_credit import GrantStoreCredit
from domain.customers.registering import RegisterCustomer
from domain.decision import Actor
from domain.orders.order_events import OrderUnitsCancelled
from domain.payments.payment_events import CreditNoteLine, StoreCreditGranted
from domain.refunds.granting import GrantRefund
from domain.refunds.granting_unverified import GrantUnverifiedRefund
from domain.refunds.refund_events import AskedUnits, RefundAsk, RefundGranted
from ledger.book import Book
from ledger.errors import ClaimTaken
from ledger.identity import mint
from ledger.importing.documents import Document
from ledger.importing.purchases import Purchases, Shelf, take_from
from ledger.importing.recorder import ORIGIN, check_fit, customer_of
from ledger.importing.rows import Line
from ledger.record.submission import Outcome, SubjectKey, Submission
from ledger.sealing.digests import request_digest


class CreditNoteRecorder:
    """Records credit notes of a file in one book, under the owner's role."""

    def __init__(
        self,
        book: Book,
        actor: Actor,
        register: Register,
        purchases: Purchases,
        adjustments: frozenset[str],
    ) -> None:
        self._book = book
        self._actor = msgspec.structs.replace(actor, role="owner")
        self._register = register
        self._purchases = purchases
        self._adjustments = adjustments

    async def steps(self, document: Document) -> AsyncGenerator[Outcome]:
        """What each step recorded, now or earlier. Raises: Unfit, Refusal, LedgerError."""
        check_fit(document, self._register)
        note = _Note(self._book, self._actor, document)
        recorded = await self._book.repeats.under(note.prefix, note.submission("any"))
        for outcome in recorded.values():
            yield outcome
        missing = _missing(document, recorded.values())
        cancelled = _only_cancelled(recorded.values())
        if missing and cancelled:
            shelf = await self._purchases.of(cancelled[0].customer)
            missing = _not_cancelled(document, missing, cancelled, shelf)
        if not missing:
            return
        customer, outcome = await self._customer(document, note)
        if outcome is not None:
            yield outcome
        for number, line, _ in missing:
            if line.sku in self._adjustments:
                yield await note.take(f"adjustment/{number}", _adjustment(document, customer, number, line))
        goods = [each for each in missing if each[1].sku not in self._adjustments]
        if not goods:
            return
        try:
            async for outcome in self._refunds(document, note, customer, goods):
                yield outcome
        except BaseException:
            self._purchases.forget(customer)  # units are off the shelf whose refund may not be recorded
            raise

    async def _refunds(
        self, document: Document, note: "_Note", customer: str, goods: list[tuple[int, Line, int]]
    ) -> AsyncGenerator[Outcome]:
        matched = take_from(await self._purchases.of(customer), goods, document.at)
        for order, units in matched.orders.items():
            ask = _ask(document, units=_together(units))
            command = GrantRefund(order=order, customer=customer, refund=mint("ref"), ask=ask)
            yield await note.take(f"refund/{order}", command)
        if matched.unverified:
            command = GrantUnverifiedRefund(
                customer=customer,
                refund=mint("ref"),
                currency=document.currency,
                ask=msgspec.structs.replace(_ask(document), claims=tuple(matched.unverified)),
            )
            yield await note.take("unverified", command)

    async def _customer(self, document: Document, note: "_Note") -> tuple[str, Outcome | None]:
        """The customer, and what registered them if no order did."""
        value = f"{document.channel}/{customer_of(document)}"
        held = self._book.held("customer_ref", value) or await self._book.claimed("customer_ref", value)
        if held is not None:
            return held, None
        customer = mint("cus")
        command = RegisterCustomer(
            customer=customer, channel=document.channel, external_ref=customer_of(document)
        )
        try:
            key = self._book.sealer.new_subject(customer).row
            return customer, await note.take("register", command, (key,))
        except ClaimTaken as taken:
            return taken.holder, None


class _Note:
    """The steps of one credit note, each under a key of its own."""

    def __init__(self, book: Book, actor: Actor, document: Document) -> None:
        self._book, self._actor, self._at = book, actor, document.at
        self.prefix = f"{document.channel}/{document.reference}/"
        content = (document.at, document.customer, document.currency, document.lines)
        self._content = sha256(msgspec.json.encode(content)).digest()

    async def take(self, step: str, command: Command, keys: tuple[SubjectKey, ...] = ()) -> Outcome:
        """What the step recorded. Raises: Refusal, LedgerError."""
        return await self._book.execute(command, self.submission(step, keys))

    def submission(self, step: str, keys: tuple[SubjectKey, ...] = ()) -> Submission:
        """How a step is submitted; its content is that of the whole note."""
        return Submission(
            actor=self._actor,
            origin=ORIGIN,
            key=self.prefix + step,
            principal=ORIGIN,  # whoever runs it again, it is the same import
            request_hash=request_digest(self._book.sealer.request_key, "IMPORT", self.prefix, self._content),
            effective_at=self._at,
            subject_keys=keys,
        )


def _missing(document: Document, recorded: Iterable[Outcome]) -> list[tuple[int, Line, int]]:
    """The note's lines of which something is not recorded: number, line, and how many units."""
    units: dict[int, int] = {}
    for outcome in recorded:
        for entry in outcome.entries:
            match entry.event:
                case RefundGranted(ask=RefundAsk() as ask):  # its parts leave out what had not shipped
                    for asked in (*ask.units, *ask.claims):
                        if asked.note_line is not None:
                            units[asked.note_line] = units.get(asked.note_line, 0) + asked.quantity
                case StoreCreditGranted(said_by=CreditNoteLine(line=number)):
                    units[number] = document.lines[number - 1].quantity
                case _:
                    pass
    numbered = enumerate(document.lines, start=1)
    left = [(number, line, line.quantity - units.get(number, 0)) for number, line in numbered]
    return [each for each in left if each[2]]


def _only_cancelled(recorded: Iterable[Outcome]) -> list[OrderUnitsCancelled]:
    """The units cancelled of which nothing was due back: no grant says which lines of the note they are."""
    events = [entry.event for outcome in recorded for entry in outcome.entries]
    granted = {event.refund for event in events if isinstance(event, RefundGranted)}
    return [it for it in events if isinstance(it, OrderUnitsCancelled) and it.refund not in granted]


def _not_cancelled(
    document: Document,
    missing: list[tuple[int, Line, int]],
    cancelled: list[OrderUnitsCancelled],
    shelf: Shelf,
) -> list[tuple[int, Line, int]]:
    """What is missing without the units cancelled, which are matched with the lines as they were before."""
    gone = {(it.order, part.line): part.quantity for it in cancelled for part in it.parts}
    cancelled_units = {
        sku: [
            msgspec.structs.replace(each, left=gone[each.order, each.line])
            for each in lines
            if (each.order, each.line) in gone
        ]
        for sku, lines in shelf.items()
    }
    units: dict[int, int] = {}
    for asked in take_from(cancelled_units, missing, document.at).orders.values():
        for each in asked:
            if each.note_line is not None:
                units[each.note_line] = units.get(each.note_line, 0) + each.quantity
    left = [(number, line, quantity - units.get(number, 0)) for number, line, quantity in missing]
    return [each for each in left if each[2]]


def _together(units: list[AskedUnits]) -> tuple[AskedUnits, ...]:
    """In the order of the order's lines."""
    return tuple(sorted(units, key=lambda asked: asked.line))


def _ask(document: Document, units: tuple[AskedUnits, ...] = ()) -> RefundAsk:
    return RefundAsk(units=units, external_ref=document.reference)


def _adjustment(document: Document, customer: str, number: int, line: Line) -> GrantStoreCredit:
    return GrantStoreCredit(
        customer=customer,
        credit=mint("crd"),
        kind="adjustment",
        amount=line.quantity * line.unit_price,
        currency=document.currency,
        said_by=CreditNoteLine(document.reference, number, line.sku),
    )
