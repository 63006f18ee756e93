"""A request once its caller is known: what every endpoint gets, and the one way from command to receipt."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope

from api.bodies import Writing
from api.caller import Caller
from api.permissions import Permission
from api.problems import (
    Fault,
    Invalid,
    KeyMalformed,
    KeyMissing,
    NobodyActedFor,
    NotFound,
    NotPermitted,
    Unauthenticated,
)
from api.receipts import receipt
from api.render import Reading
from api.replies import Reply
from domain.bills.billing import NewBill
from domain.book import register
from domain.book.register import Register
from domain.command import Command, OutOfRange
from domain.customers.registering import ContactPointUnknown, CustomerUnknown
from domain.entry import Entry
from domain.moments import Day, Moment, day_of
from domain.numbers import year_of_recording
from domain.orders.order import Draft, Order, OrderUnknown, Placed
from domain.orders.products import ProductUnknown
from ledger.book import Book
from ledger.identity import mint
from ledger.projecting.as_of import AsOf, Effective, Position, Recorded, counts
from ledger.record.folds import Folded
from ledger.record.submission import Lookup, Outcome, Submission
from ledger.sealing.digests import request_digest
from ledger.sealing.sealer import BOOK, NewSubject, NoSubjectKey, Sealer

Asked = TypeVar("Asked")
State = TypeVar("State")

UNKNOWN = (OrderUnknown, CustomerUnknown, ContactPointUnknown, ProductUnknown)
"""Refusals that are a 404 where the address, not the body, names what is unknown."""

_KEY = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_ETAG = re.compile(rb'"([0-9]{1,18})"')


def asked(command: type[Asked], **fields: Any) -> Asked:
    """The command, if its fields are in range; they are called as they are in the body. Raises: Invalid."""
    try:
        return command(**fields)
    except OutOfRange as out:
        raise Invalid(faults=(Fault(f"/{out.field}", out.expected.capitalize()),)) from None


class Call(Request):
    """A request with its caller. FastAPI takes it for the request itself and leaves it out of the schema."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        caller: Caller,
        identify: Callable[[Mapping[bytes, bytes]], Awaitable[Caller]],
    ) -> None:
        super().__init__(scope, receive)
        self.raw = headers
        self.caller = caller
        self._identify = identify
        self.book: Book = caller.book
        self.sealer: Sealer = caller.book.sealer
        self.reading = Reading(self.sealer, personal=Permission.READ_PERSONAL in caller.granted)
        self.new_subject: NewSubject | None = None
        """Who is registered by this very request, their key not yet stored."""
        self.key: str | None = None
        self.body_digest: bytes | None = None
        self.dry_run = False
        self.notice = b""
        """What a processor told, as it came."""
        self.status = 200

    async def still_holds(self) -> bool:
        """Whether the key still speaks for this person in this role, for an answer that goes on and on."""
        try:
            return await self._identify(self.raw) == self.caller
        except (Unauthenticated, NobodyActedFor, NotPermitted):
            return False

    def expect_key(self) -> None:
        """Note the idempotency key. Raises: KeyMissing, KeyMalformed."""
        key = self.raw.get(b"idempotency-key")
        if key is None:
            raise KeyMissing
        if not _KEY.fullmatch(key):
            raise KeyMalformed
        self.key = key.decode()

    def becomes_writing(self, raw_body: bytes, status: int, *, dry_run: bool) -> None:
        """Note what makes a repeated request recognisable, and how a new one is answered."""
        acted_for = self.caller.actor.on_behalf_of
        path: str = self.scope["path"] if acted_for is None else f"{self.scope['path']} for {acted_for}"
        self.body_digest = request_digest(self.sealer.request_key, "POST", path, raw_body)
        self.dry_run, self.status = dry_run, status

    async def decide(
        self,
        command: Command,
        body: Writing,
        *,
        subject: str,
        of: str = BOOK,
        stream: str | None = None,
        place: str | None = None,
        lookups: tuple[Lookup, ...] = (),
        must_say_why: bool = False,
    ) -> Reply:
        """Have the book decide the command, and answer with the receipt.

        `subject`: prefix of the stream the receipt is about. `of`: whose key seals the reason. `stream`: what
        `If-Match` is compared with. `must_say_why`: whether nothing is decided without a reason: it is
        taken about who was erased too. Raises: Refusal, LedgerError.
        """
        outcome = await self.decided(
            command, body, of=of, stream=stream, lookups=lookups, must_say_why=must_say_why
        )
        return await self.receipt(outcome, subject, place)

    async def decided(
        self,
        command: Command,
        body: Writing,
        *,
        of: str = BOOK,
        stream: str | None = None,
        lookups: tuple[Lookup, ...] = (),
        must_say_why: bool = False,
    ) -> Outcome:
        """What the book decided, for an endpoint that has more to do before it answers; see `decide`."""
        reason = await self._sealed_reason(of, body.reason, must_say_why=must_say_why)
        try:
            return await self.book.execute(command, self._submission(body, reason, stream, lookups))
        except UNKNOWN as refusal:
            if stream is not None and stream in vars(refusal).values():
                raise NotFound from None  # what the address names, not what the body mentions
            raise

    async def receipt(self, outcome: Outcome, subject: str, place: str | None) -> Reply:
        """The receipt of what was decided, about the stream whose id begins so."""
        status = self.status if not outcome.dry_run else 200
        return await receipt(outcome, subject, self.reading, status, place)

    async def _sealed_reason(self, of: str, reason: str | None, *, must_say_why: bool) -> str | None:
        if reason is None:
            return None
        if must_say_why:
            return await self.seal_about(of, "reason", reason)
        try:
            return await self.seal(of, "reason", reason)
        except NoSubjectKey:
            if await self.book.state(of) is not None:
                raise  # erased
            return None  # nobody of that id is known, which the decision refuses

    def _submission(
        self, body: Writing, reason: str | None, stream: str | None, lookups: tuple[Lookup, ...]
    ) -> Submission:
        return Submission(
            actor=self.caller.actor,
            origin="api",
            reason=reason,
            key=self.key,
            request_hash=self.body_digest,
            effective_at=body.effective_at,
            dry_run=self.dry_run,
            expected=self._expected(stream),
            lookups=lookups,
            subject_keys=() if self.new_subject is None else (self.new_subject.row,),
        )

    def seal_under_new_key(self, subject: str) -> None:
        """From here on, that subject's texts are sealed under a fresh key, stored with the decision."""
        self.new_subject = self.sealer.new_subject(subject)

    async def seal(self, subject: str, field: str, text: str) -> str:
        """The text, sealed for a subject that is registered or being registered. Raises: NoSubjectKey."""
        new = self.new_subject
        if new is not None and new.row.subject == subject:
            sealed = new.seal(field, text)
        else:
            sealed = await self.sealer.seal(subject, field, text)
        self.reading.known[sealed] = text
        return sealed

    async def seal_about(self, subject: str, field: str, text: str) -> str:
        """The text, sealed for the subject, or under the book's own key once the subject was erased.

        What they ordered is still sent to them, and a shipment says how.
        """
        try:
            return await self.seal(subject, field, text)
        except NoSubjectKey:
            return await self.seal(BOOK, field, text)

    async def book_register(self) -> Register:
        """The book's own state: zone, country, persons."""
        return await self.found(register.STREAM, Register)

    async def new_bill(self) -> NewBill:
        """A bill that may be issued now, should one be needed."""
        register = await self.book_register()
        return NewBill(mint("bil"), year_of_recording(self.book.clock(), register.zone))

    async def today(self) -> Day:
        """The book's now as a day in its zone."""
        return day_of(self.book.clock(), (await self.book_register()).zone)

    async def found(self, stream: str, kind: type[State]) -> State:
        """The current state of a stream of that kind. Raises: NotFound."""
        state = await self.book.state(stream)
        if not isinstance(state, kind):
            raise NotFound
        return state

    async def found_order(self, order: str) -> Order:
        """The cart or order of that id. Raises: NotFound."""
        state = await self.book.state(order)
        if not isinstance(state, Draft | Placed):
            raise NotFound
        return state

    async def expect_reached(self, position: int | None) -> None:
        """A past to show must have been. Raises: Invalid for a position the book has no entry at."""
        if position is not None and not await self.book.has_reached(position):
            raise Invalid(
                faults=(Fault("as_of_position", "Should be the position of an entry of this book"),)
            )

    async def moment_at(self, at: AsOf | None) -> Moment:
        """The moment a past is of; None: now. Raises: Unavailable.

        An entry was recorded at a moment that a demo book's clock may have left behind.
        """
        match at:
            case Position(position):
                (entry,) = await self.book.entries_at([position])
                return max(entry.recorded_at, entry.effective_at)
            case Recorded(moment) | Effective(moment):
                return moment
            case None:
                return self.book.clock()

    async def found_as_of(self, stream: str, kind: type[State], at: AsOf | None) -> tuple[State, Entry]:
        """The state of a stream as of then (None: now), and its last entry. Raises: NotFound."""
        entries = [entry for entry in await self.book.entries(stream) if counts(entry, at)]
        return _last_of(entries, kind)

    async def found_all(self, streams: Sequence[str], kind: type[State]) -> list[tuple[State, Entry]]:
        """The same of several streams as they are now, in that order, by one query. Raises: NotFound."""
        told: dict[str, list[Entry]] = {stream: [] for stream in streams}
        for entry in await self.book.entries_of(told):
            told[entry.stream].append(entry)
        return [_last_of(told[stream], kind) for stream in streams]

    def answer(self, body: object, headers: Mapping[str, str] | None = None) -> Reply:
        """200 with that body as JSON."""
        return Reply(200, msgspec.json.encode(body), headers)

    def _expected(self, stream: str | None) -> tuple[str, frozenset[int]] | None:
        """What `If-Match` expects of the stream: any of its ETags, in one line or several (RFC 9110).

        `*` is whatever there is. An ETag this server never gave, as a weak one, matches no version.
        """
        lines: list[bytes] = [value for name, value in self.scope["headers"] if name == b"if-match"]
        said = b",".join(lines).strip()
        if stream is None or not lines or said == b"*":
            return None
        tags = [_ETAG.fullmatch(tag.strip()) for tag in said.split(b",")]
        return stream, frozenset([int(tag[1]) for tag in tags if tag])


def _last_of(entries: Sequence[Entry], kind: type[State]) -> tuple[State, Entry]:
    """What a whole stream folds to, and its last entry. Raises: NotFound if it is nothing of that kind."""
    folded = Folded().after(entries)
    if not isinstance(folded.state, kind):
        raise _elsewhere(folded.state, entries)
    return folded.state, entries[-1]


def _elsewhere(state: object, entries: Sequence[Entry]) -> NotFound:
    """What was not found as one thing may be there as another: a cart and its order have one id."""
    match state:
        case Draft():
            return NotFound("This is a cart that is not checked out.", see=f"/v1/carts/{entries[-1].stream}")
        case Placed():
            return NotFound("This cart has become an order.", see=f"/v1/orders/{entries[-1].stream}")
        case _:
            return NotFound()
