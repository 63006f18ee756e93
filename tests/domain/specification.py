"""Given what is recorded, when a command comes, then these events: how the domain's tests are written.

    given(customer_registered(), placed()).when(capture()).then(captured())
    given(customer_registered(), placed()).when(capture(amount=1)).refused(...)
    given(customer_registered(), placed(), captured()).when(capture()).nothing()

Every event given is an entry of its own, in the stream it belongs to, at the moment last named by `on`.
`then` also sends the command again: a decision that decides anything new the second time fails, so that each
one is tested as a retry too.
"""

from collections.abc import Iterable
from datetime import time
from typing import Any, Self

import msgspec

from domain.bills.bill_events import BillIssued
from domain.book.default_edition import DEFAULT_ADOPTED
from domain.book.policy import Policy, PolicyAdopted
from domain.book.register import BookOpened, PeriodClosed, PersonRegistered, Register
from domain.command import Command
from domain.corrections.correction_events import PaymentCorrected
from domain.customers.standing import CustomerFacts, fold_customer
from domain.decision import Actor, Decision, Due, Given
from domain.decisions import decide
from domain.declines.decline_events import PaymentMethodFailed
from domain.declines.releasing import facts_due
from domain.entry import Entry, Event, Meta
from domain.inbound.notice_events import NoticeClosed, NoticeReceived
from domain.inbound.unmatched import unmatched_stream
from domain.inbound.unmatched_events import UnmatchedMoneyEvent
from domain.moments import Moment, moment_at
from domain.numbers import NumberTaken, number_stream
from domain.orders.account import OrderAccount
from domain.orders.order import Placed
from domain.payments.payment_events import CreditSetAside, CreditUsed, PaymentReversed
from domain.refunds.persons_day import day_stream
from domain.refunds.refund_events import RefundAllowanceUsed, RefundGranted, RefundRequested
from domain.refusal import Refusal
from domain.returns.return_events import GoodsReturnRequested
from domain.stored_types import evolve_of
from domain.suppliers.supplier_events import SupplierClaimFiled, SupplierClaimWaived
from domain.ticking import NOBODY, TICK

ZONE = "America/New_York"
OPENED = BookOpened(zone=ZONE, country="US")


def moment(day: str, clock: str = "12:00") -> Moment:
    """A moment by the clocks of the book's zone."""
    return moment_at(day, time.fromisoformat(clock), ZONE)


NOON = moment("2010-08-10")
"""When everything happens unless a test says otherwise: a Tuesday."""
FAR_AHEAD = moment("9999-01-01")

AGENT = Actor(person="per_01h455vb4pex5vsknk084sn02q", role="agent")
SUPERVISOR = Actor(person="per_01h455vb4pex5vsknk084sn02s", role="supervisor")
OWNER = Actor(person="per_01h455vb4pex5vsknk084sn02r", role="owner")


def streams_of(event: Event) -> tuple[str, ...]:
    """The streams an event belongs to: credit set aside or used is told by the order and by the customer."""
    match event:
        case BookOpened() | PersonRegistered() | PeriodClosed():
            return ("book",)
        case PolicyAdopted():
            return ("policy",)
        case NumberTaken():
            return (number_stream(event.series, event.year),)
        case RefundAllowanceUsed():
            return (day_stream(event.person, event.day),)
        case PaymentMethodFailed():
            return (event.customer,)
        case CreditSetAside() | CreditUsed() if event.order is not None:
            return event.order, event.customer
        case _ if isinstance(event, UnmatchedMoneyEvent):
            return (unmatched_stream(event.unmatched),)
        case NoticeReceived() | NoticeClosed():
            return (f"inbound/{event.processor}/{event.notice}",)
        case PaymentCorrected() if event.set_aside:
            return event.order, event.customer
        case _:
            fields: Any = event
            stream = getattr(fields, "order", None) or getattr(fields, "product", None) or fields.customer
            return (stream,)


def found_by(event: Event) -> tuple[str, str] | None:
    """Kind and id of what an event makes known, where it is found by its id alone: it is claimed."""
    match event:
        case BillIssued():
            return "bill", event.bill
        case PaymentReversed() | PaymentCorrected() if event.bill is not None:
            return "bill", event.bill
        case RefundRequested() | RefundGranted():
            return "refund", event.refund
        case GoodsReturnRequested():
            return "return", event.goods_return
        case SupplierClaimFiled() | SupplierClaimWaived():
            return "supplier_claim", event.claim
        case _:
            return None


class Story:
    """A book in memory: what is recorded, and what the next command decides on it."""

    def __init__(self, *events: Event, opened: BookOpened | None = OPENED) -> None:
        self.entries: list[Entry] = []
        self._states: dict[str, Any] = {}
        self._versions: dict[str, int] = {}
        self.at = NOON
        self.now: Moment | None = None
        self.actor = AGENT
        self.origin = "api"
        self.reason: str | None = None
        if opened is not None:
            self.record(opened, DEFAULT_ADOPTED)
        self.record(*events)

    @classmethod
    def after(cls, entries: Iterable[Entry]) -> Self:
        """A book that already holds these entries."""
        story = cls(opened=None)
        for entry in entries:
            story._hold(entry)
        return story

    def on(self, day: str, clock: str = "12:00") -> Self:
        """What follows takes effect then."""
        self.at = moment(day, clock)
        return self

    def by(self, actor: Actor) -> Self:
        """What follows is done by that person."""
        self.actor = actor
        return self

    def from_(self, origin: str) -> Self:
        """What follows comes from there."""
        self.origin = origin
        return self

    def because(self, reason: str | None) -> Self:
        """What follows is done for that reason."""
        self.reason = reason
        return self

    def with_now(self, now: Moment) -> Self:
        """The book's now, where it differs from the moment things take effect."""
        self.now = now
        return self

    def record(self, *events: Event) -> Self:
        """Record events as they are, asking no rule, in every stream they belong to."""
        return self.record_in(*[(stream, event) for event in events for stream in streams_of(event)])

    def record_in(self, *events: tuple[str, Event]) -> Self:
        """Record events as they are, each in the stream beside it."""
        for stream, event in events:
            version = self._versions.get(stream, 0) + 1
            customer: str | None = getattr(event, "customer", None)
            meta = Meta(person=self.actor.person, role=self.actor.role, origin=self.origin)
            entry = Entry(
                position=len(self.entries) + 1,
                stream=stream,
                version=version,
                event=event,
                customer=customer,
                effective_at=self.at,
                recorded_at=max([self.at, *[last.recorded_at for last in self.entries[-1:]]]),
                meta=meta,
            )
            self._hold(entry)
        return self

    def _hold(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._versions[entry.stream] = entry.version
        self._states[entry.stream] = evolve_of(entry.stream)(self.state(entry.stream), entry)

    def state(self, stream: str) -> Any:
        """The folded state of a stream."""
        return self._states.get(stream)

    def account(self, order: str) -> OrderAccount:
        """A placed order's account."""
        state = self.state(order)
        assert isinstance(state, Placed)
        return state.account

    def facts(self, customer: str, at: Moment) -> CustomerFacts:
        """What a customer's entries up to that moment say."""
        facts = None
        for entry in self.entries:
            if entry.customer == customer and entry.effective_at <= at:
                facts = fold_customer(facts, entry)
        return facts or CustomerFacts()

    def given(self, command: Command) -> Given:
        """All that the command's decision may know."""
        customer = command.facts_of()
        due = facts_due([self.state(stream) for stream in command.writes()], self.at)
        return Given(
            at=self.at,
            now=self.at if self.now is None else self.now,
            actor=self.actor,
            origin=self.origin,
            reason=self.reason,
            book=self.state("book") or Register(),
            policy=self.state("policy") or Policy(),
            states={stream: self.state(stream) for stream in (*command.writes(), *command.reads())},
            customer=None if customer is None else self.facts(customer, self.at),
            customer_by_now=None if customer is None else self.facts(customer, FAR_AHEAD),
            customer_then=None if due is None else self.facts(*due),
        )

    def do(self, command: Command) -> tuple[Event, ...]:
        """Let the command be decided and record what it decides."""
        decision = decided(command, self.given(command))
        self.record_decision(decision)
        return tuple(event for _, event in decision.events)

    def record_decision(self, decision: Decision) -> Self:
        """Record what was decided: first what was due before, then the rest when it takes effect."""
        self.record_due(*decision.due)
        at = self.at
        for stream, event, self.at in decision.effects(at):
            self.record_in((stream, event))
        self.at = at
        return self

    def record_due(self, *due: Due) -> Self:
        """Record what time has decided, each at its own moment."""
        at, origin, actor = self.at, self.origin, self.actor
        self.origin, self.actor = TICK, Actor(person=NOBODY, role=NOBODY)
        for it in due:
            self.at = it.at
            self.record(it.event)
        self.at, self.origin, self.actor = at, origin, actor
        return self

    def when(self, command: Command) -> "Asked":
        """Ask the command of this book."""
        return Asked(self, command)


def given(*events: Event) -> Story:
    """A book opened with the default policy, in which these events are recorded."""
    return Story(*events)


def decided(command: Command, given: Given) -> Decision:
    """What is decided, all of which can be stored and then says the same: no word is outside its list."""
    decision = decide(command, given)
    for event in (*[event for _, event in decision.events], *[due.event for due in decision.due]):
        assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event
    return decision


class Asked:
    """A command asked of a book: what should come of it."""

    def __init__(self, story: Story, command: Command) -> None:
        self.story = story
        self.command = command

    def _decided(self) -> Decision:
        return decided(self.command, self.story.given(self.command))

    def then(self, *expected: Event) -> Story:
        """Exactly these events, each in its own stream, named beforehand; and a retry decides nothing.

        Deadlines that an expected event leaves unsaid are as decided: `test_deadlines` is about them.
        """
        decision = self._decided()
        events = tuple(event for _, event in decision.events)
        assert len(events) == len(expected), f"decided {events}"
        said = zip(expected, events, strict=True)
        assert events == tuple(_with_deadlines(it, decided) for it, decided in said)
        for stream, event in decision.events:
            assert stream in streams_of(event)
            assert stream in self.command.writes()
        known = {name for entry in self.story.entries if (name := found_by(entry.event))}
        names = {name for event in events if (name := found_by(event))} - known
        assert names <= {(claim.kind, claim.value) for claim in decision.claims}, "found by its id alone"
        customers = {customer for event in events if (customer := getattr(event, "customer", None))}
        assert customers <= {decision.customer}, "what is recorded belongs to its customer"
        first = len(self.story.entries) + len(decision.due) + 1
        self.story.record_decision(decision)
        positions = {entry.position for entry in self.story.entries if entry.position >= first}
        retried = self._decided()
        assert retried.events == (), "the same command again must decide nothing"
        assert retried.already, "a retry answers with the entries that already say it"
        assert retried.customer == decision.customer
        assert positions.intersection(retried.already)
        return self.story

    def decides(self, kind: type[Event]) -> Any:
        """The one event of that kind among those decided, told once or twice; and a retry decides nothing."""
        decision = self._decided()
        self.then(*[event for _, event in decision.events])
        (found,) = dict.fromkeys(event for _, event in decision.events if isinstance(event, kind))
        return found

    def nothing(self) -> tuple[int, ...]:
        """Nothing new; the positions that already say it."""
        decision = self._decided()
        assert decision.events == ()
        assert decision.already
        customers = {self.story.entries[position - 1].customer for position in decision.already}
        assert customers - {None} <= {decision.customer}, "a retry answers about the same customer"
        return decision.already

    def refused(self, expected: Refusal | type[Refusal]) -> Story:
        """Exactly this refusal, or one of this kind."""
        try:
            decision = self._decided()
        except Refusal as refusal:
            found = refusal
        else:
            raise AssertionError(f"should be refused with {expected}, but decided {decision}")
        if isinstance(expected, type):
            assert type(found) is expected
        else:
            assert type(found) is type(expected)
            assert found == expected
        return self.story


def _with_deadlines(expected: Event, decided: Event) -> Event:
    if type(decided) is not type(expected) or getattr(expected, "deadlines", None) != ():
        return expected
    return msgspec.structs.replace(expected, deadlines=decided.deadlines)  # pyright: ignore[reportAttributeAccessIssue]
