"""Notices of a payment processor: what they tell is recorded as it is, and what no rule can place is kept.

    charge succeeded                 CapturePayment
    charge failed                    RecordPaymentFailure
    money refunded, or come back     RecordPayout, RecordReturnedPayout
    … of what waits without a place  ReturnMoney, RecordFailedReturn
    dispute opened, closed           OpenDispute, CloseDispute
    money taken back, given back     ReversePayment, ReinstatePayment

What a notice tells has happened, and counts as of its moment, or as of when what it takes was there. What
breaks another rule is kept: its money becomes an UnmatchedReceipt or UnmatchedPayout with a task, in the same
append. Only what has no minor unit is no money of any books: the notice says so, and nothing else does. Each
notice is kept once, with its whole body. Source: I12, I1
"""

import msgspec

from domain.causal_order import as_soon_as_there
from domain.command import LARGEST_NOTICE, Command, expect_amount, expect_space_of_names, expect_text
from domain.deadlines import deadlines_of_notice, deadlines_of_unmatched
from domain.decision import Decision, Given
from domain.declines.payment_failures import RecordPaymentFailure, record_told_failure
from domain.entry import Entry, Minor, Sealed
from domain.ids import expect_id
from domain.inbound.notice_events import WITHOUT_CONSEQUENCE, NoticeClosed, NoticeReceived, NoticeResult
from domain.inbound.returning import RecordFailedReturn, ReturnMoney, record_failed_return, return_money
from domain.inbound.unmatched import (
    UnmatchedExceeded,
    claims_of_unmatched,
    is_kept,
    unmatched_stream,
)
from domain.inbound.unmatched_events import Direction, UnmatchedPayout, UnmatchedReceipt
from domain.moments import Moment
from domain.money import is_currency
from domain.payments.disputing import CloseDispute, OpenDispute, close_dispute, open_dispute
from domain.payments.money_facts import MONEY_FACTS, MoneyFact
from domain.payments.reversing import ReferenceReversedOtherwise
from domain.refunds.payout_failures import RecordReturnedPayout, record_returned_payout
from domain.refunds.payout_references import ReferencePaidOutOtherwise
from domain.refusal import Refusal

ToldFact = (
    MoneyFact | RecordPaymentFailure | RecordReturnedPayout | RecordFailedReturn | OpenDispute | CloseDispute
)
"""A command that records what a notice tells."""

UNKNOWN = "unknown"
"""Why money is unmatched whose notice names no order of ours."""
KEPT_BEFORE = "kept_before"
"""Why money found no place that its order or refund could take by now: it waits already, and counts once."""
CURRENCY_UNKNOWN = "currency_unknown"
"""Why nothing is made of money that is in no currency in which anything can be counted."""
SHAPE_UNKNOWN = "shape_unknown"
"""Why nothing is made of a notice whose object is not of the shape that its kind promises."""
NAMED_OTHERWISE = "named_otherwise"
"""Why somebody compares a notice: its money is recorded for another order than the shop named."""

_USED = (ReferencePaidOutOtherwise.slug(), ReferenceReversedOtherwise.slug(), UnmatchedExceeded.slug())
"""Why money waits whose reference is on record for other money."""


class MovedMoney(msgspec.Struct, frozen=True, kw_only=True):
    """The money a notice tells of, in case it cannot be placed."""

    unmatched: str
    """Names it then; or where it is kept already, told of by another notice."""
    direction: Direction
    amount: Minor
    currency: str
    reference: str
    """The processor's own name for it."""
    reference_used: bool = False
    """Whether other money that left is on record under it: then this one waits, whatever it is for."""

    def __post_init__(self) -> None:
        expect_id("unm", self.unmatched)
        expect_amount("amount", self.amount, least=1)
        expect_text("reference", self.reference)


class ReceiveNotice(Command, frozen=True, kw_only=True):
    """Keep what a processor told, and record what it tells. Raises: ValueError."""

    processor: str
    notice: str
    kind: str
    happened_at: Moment
    body: Sealed
    customer: str | None = None
    """Whose order it is about, as far as that is known."""
    order: str | None = None
    fact: ToldFact | None = None
    """What it tells; None where nothing here is told by its kind, or no order of ours is named."""
    money: MovedMoney | None = None
    """None where it moved none."""
    why: str | None = None
    """Why nothing could be made of it by whoever read it, though its kind tells something here."""
    is_understood: bool = True
    """Whether its object is of the shape that its kind promises; what else it tells nobody could read."""

    def __post_init__(self) -> None:
        expect_space_of_names("processor", self.processor)
        expect_space_of_names("notice", self.notice)
        expect_text("kind", self.kind)
        expect_text("body", self.body, LARGEST_NOTICE)

    @property
    def stream(self) -> str:
        """The notice's own stream."""
        return notice_stream(self.processor, self.notice)

    def writes(self) -> tuple[str, ...]:
        money = () if self.money is None else (unmatched_stream(self.money.unmatched),)
        return (self.stream, *money, *(() if self.fact is None else self.fact.writes()))

    def reads(self) -> tuple[str, ...]:
        return () if self.fact is None else self.fact.reads()

    def facts_of(self) -> str | None:
        return None if self.fact is None else self.fact.facts_of()


def notice_stream(processor: str, notice: str) -> str:
    """The stream of that notice."""
    return f"inbound/{processor}/{notice}"


class Notice(msgspec.Struct, frozen=True):
    """A notice kept, and the position that says so."""

    it: NoticeReceived
    at: Moment
    position: int
    closed: NoticeClosed | None = None
    closed_position: int | None = None


def evolve_notice(state: Notice | None, entry: Entry) -> Notice:
    """The notice of a stream. Raises: TypeError for an event of another stream."""
    match entry.event, state:
        case NoticeReceived() as it, None:
            return Notice(it, entry.effective_at, entry.position)
        case NoticeClosed() as it, Notice():
            return msgspec.structs.replace(state, closed=it, closed_position=entry.position)
        case event, _:
            raise TypeError(f"{type(event).__name__} does not belong at {entry.stream} {entry.version}")


def receive_notice(command: ReceiveNotice, given: Given) -> Decision:
    """Keeps a notice once, and records what it tells.

    Checks: retry, by the processor's own id of it. Nothing else is refused: what breaks a rule is kept.
    """
    known = given.state(command.stream, Notice)
    if known is not None:
        return Decision(customer=known.it.customer, already=(known.position,))
    if not command.is_understood:
        return _not_understood(command, SHAPE_UNKNOWN, given)
    if command.money is not None and is_kept(given, command.money.unmatched):
        received = _received(command, "known", None, given)
        return Decision(events=((command.stream, received),), customer=command.customer)
    if command.money is not None and command.money.reference_used:
        return _kept(command, ReferencePaidOutOtherwise.slug(), given)
    fact = command.fact
    if fact is None:
        return _kept(command, command.why, given)
    try:
        decided = as_soon_as_there(lambda then: _decided(fact, then), given)
    except UnmatchedExceeded as exceeded:
        return _beyond(command, fact, exceeded.left.minor, given)
    except Refusal as refusal:
        return _kept(command, refusal.slug(), given)
    result = "recorded" if decided.events else "known"
    received = _received(command, result, None, given)
    return Decision(
        events=(*decided.events, (command.stream, received)),
        claims=decided.named_claims,
        customer=command.customer,
        at=decided.at,
    )


def _decided(fact: ToldFact, given: Given) -> Decision:
    match fact:
        case RecordPaymentFailure():
            return record_told_failure(fact, given)
        case RecordReturnedPayout():
            return record_returned_payout(fact, given)
        case RecordFailedReturn():
            return record_failed_return(fact, given)
        case OpenDispute():
            return open_dispute(fact, given)
        case CloseDispute():
            return close_dispute(fact, given)
        case _:
            return MONEY_FACTS[type(fact)].decide(fact, given)


def _beyond(command: ReceiveNotice, fact: ToldFact, left: int, given: Given) -> Decision:
    """More went back than is left of what waited: so much of it as that, and the rest waits itself."""
    why, money = UnmatchedExceeded.slug(), command.money
    if money is None or money.direction == "receipt" or not isinstance(fact, ReturnMoney):
        return _kept(command, why, given)
    part = msgspec.structs.replace(fact, amount=left)
    back = as_soon_as_there(lambda then: return_money(part, then), given)
    beyond = msgspec.structs.replace(money, amount=money.amount - left)
    rest = _kept(msgspec.structs.replace(command, money=beyond), why, given)
    return Decision(
        events=(*back.events, *rest.events),
        claims=(*back.named_claims, *rest.claims),
        customer=command.customer,
        at=back.at,
    )


def _kept(command: ReceiveNotice, why: str | None, given: Given) -> Decision:
    """The notice, and its money as unmatched where it moved any."""
    if command.money is None:
        received = _received(command, "kept" if why is None else "refused", why, given)
        return Decision(events=((command.stream, received),), customer=command.customer)
    money = command.money
    if not is_currency(money.currency):
        return _not_understood(command, CURRENCY_UNKNOWN, given)
    event = UnmatchedReceipt if money.direction == "receipt" else UnmatchedPayout
    unmatched = event(
        unmatched=money.unmatched,
        customer=command.customer,
        order=command.order,
        currency=money.currency,
        amount=money.amount,
        processor=command.processor,
        reference=money.reference,
        why=why or UNKNOWN,
        deadlines=deadlines_of_unmatched(given),
    )
    stream = unmatched_stream(money.unmatched)
    return Decision(
        events=((stream, unmatched), (command.stream, _received(command, "unmatched", why, given))),
        claims=claims_of_unmatched(unmatched, reference_used=why in _USED),
        customer=command.customer,
    )


def _not_understood(command: ReceiveNotice, why: str, given: Given) -> Decision:
    received = _received(command, "not_understood", why, given)
    return Decision(events=((command.stream, received),), customer=command.customer)


def _received(command: ReceiveNotice, result: NoticeResult, why: str | None, given: Given) -> NoticeReceived:
    return NoticeReceived(
        processor=command.processor,
        notice=command.notice,
        kind=command.kind,
        happened_at=command.happened_at,
        body=command.body,
        result=result,
        customer=command.customer,
        order=command.order,
        why=why,
        deadlines=deadlines_of_notice(given) if result in WITHOUT_CONSEQUENCE else (),
    )
