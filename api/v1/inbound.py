"""Inbound: what payment processors tell us, signed; and what became of it."""

from contextlib import suppress
from typing import Annotated, Literal

import msgspec
from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from api.answers import Answer, Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import KIND_TOLD, At, CustomerId, FreeText, OrderId, PositionInPath, grammar
from api.lists import ListQuery, RowsPage, item_of, list_of, named_by
from api.permissions import Permission
from api.problems import MalformedJson, NotFound
from api.section import Section
from api.stripe.objects import StripeEvent
from api.stripe.reading import told_by
from api.stripe.told import STRIPE, Told, takes_effect_at
from domain.causes import EffectiveBeforeCause
from domain.inbound.closing_notices import CloseNotice
from domain.inbound.notice_events import TOLD, NoticeReceived, NoticeResult
from domain.inbound.notices import ReceiveNotice, ToldFact
from domain.moments import Moment
from domain.payments.references import PAYOUT_REF
from domain.refusal import Refusal
from ledger.clocks import DemoClock
from ledger.errors import ClaimTaken, StreamBusy
from ledger.projecting.conditions import Where
from ledger.projecting.listing import Listing
from ledger.record.references import waiting_under
from ledger.record.submission import Submission
from ledger.sealing.sealer import BOOK
from projections.notices import LISTED, Notices

inbound = Section("inbound", "What payment processors tell us, kept as it came and recorded as what it is.")

TRIES = 3
"""How often a notice is read anew, where what it is about was recorded meanwhile."""

EndpointInPath = Annotated[
    str,
    Path(
        pattern=grammar(r"^in_[a-z0-9-]{1,63}_[0-9a-z]{26}$", "Should be an endpoint, as in_shop_01h455…"),
        description="The endpoint, as `makegood endpoints add` named it; it decides the book.",
        examples=["in_shop_01h455vb4pex5vsknk084sn02q"],
    ),
]


class NoticeAnswer(Answer):
    """The notice is kept."""

    result: NoticeResult = Field(description="What became of it.")
    position: int = Field(description="Of the entry that keeps it.")


class NoticeItem(msgspec.Struct, frozen=True):
    """A notice as it was kept; its body is in its entry."""

    position: int
    processor: str
    notice: str
    kind: str
    happened_at: Moment
    result: str
    customer: str | None
    order: str | None
    why: str | None
    size: int


NOTICES = Listing(
    projection=Notices(), item=NoticeItem, answer=LISTED, key=("position",), group=("position",)
)


class NoticesQuery(ListQuery):
    """Which notices; none named, all."""

    kind: Annotated[str, Field(pattern=KIND_TOLD, examples=["charge.succeeded"])] | None = None
    result: NoticeResult | None = None
    order: OrderId | None = None
    customer: CustomerId | None = None
    happened_from: At | None = None
    sort: Literal["position", "-position", "happened_at", "-happened_at"] = "position"


@inbound.notice("/v1/inbound/stripe/{endpoint}", answers=NoticeAnswer)
async def receive_stripe(call: Call, endpoint: EndpointInPath) -> Response:
    """Receive a notice of Stripe

    Charges, declines, refunds and disputes are recorded as what they are. Money that no rule can place waits
    as unmatched, with a task; every other kind of notice is kept. The same notice again records nothing new.
    """
    try:
        event = msgspec.json.decode(call.notice, type=StripeEvent)
        body = call.notice.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise MalformedJson("The body is not a notice of Stripe.") from None
    kept, position, last = await _kept(call, event, body)
    return call.answer({"result": kept.result, "position": position}, {"Ledger-Position": str(last)})


async def _kept(call: Call, event: StripeEvent, body: str) -> tuple[NoticeReceived, int, int]:
    """The notice as it is kept, its position, and that of the last entry recorded with it.

    Raises: StreamBusy, LedgerError.
    """
    kept_as, is_used = None, False
    for _ in range(TRIES):
        told = await told_by(call.book, event)
        if told.money is not None:
            unmatched = kept_as or told.money.unmatched
            money = msgspec.structs.replace(told.money, unmatched=unmatched, reference_used=is_used)
            told = msgspec.structs.replace(told, money=money)
        command = await _receiving(call, event, body, told)
        submission = _submission(call, event, told)
        for fact in told.first:
            with suppress(Refusal):  # then what follows it is refused too, and kept as such
                await _told_before(call, fact, submission)
        try:
            outcome = await call.book.execute(command, submission)
        except ClaimTaken as taken:
            # Another notice of it has its money waiting; or other money is on record under its reference.
            kept_as = await waiting_under(call.book, taken)
            is_used = is_used or (kept_as is None and taken.kind == PAYOUT_REF)
            continue
        for entry in outcome.entries:
            if isinstance(entry.event, NoticeReceived):
                return entry.event, entry.position, outcome.entries[-1].position
    raise StreamBusy((f"inbound/{STRIPE}/{event.id}",))


async def _told_before(call: Call, fact: ToldFact, submission: Submission) -> None:
    """What a notice follows is recorded as of its moment, or as of when all was there that it takes.

    Raises: Refusal, LedgerError. Source: H-notice
    """
    then = submission
    while True:
        try:
            await call.book.execute(fact, then)
        except EffectiveBeforeCause as early:
            then = msgspec.structs.replace(submission, effective_at=early.earliest)  # each later than before
        else:
            return


async def _receiving(call: Call, event: StripeEvent, body: str, told: Told) -> ReceiveNotice:
    """What is to be decided."""
    order = told.order
    customer = told.customer if order is None else order.placed.customer
    return ReceiveNotice(
        processor=STRIPE,
        notice=event.id,
        kind=event.type,
        happened_at=event.happened_at,
        body=await call.seal_about(customer or BOOK, "notice", body),
        customer=customer,
        order=None if order is None else order.placed.order,
        fact=told.fact,
        money=told.money,
        why=told.why,
        is_understood=told.is_understood,
    )


def _submission(call: Call, event: StripeEvent, told: Told) -> Submission:
    """When it happened, but never before what it builds on, nor after now: clocks of two houses differ, and
    a demo book's is ahead of them all.
    """
    clock = call.book.clock
    happened_at = event.happened_at + (clock.ahead if isinstance(clock, DemoClock) else 0)
    effective_at = min(takes_effect_at(told, happened_at), clock())
    return Submission(actor=call.caller.actor, origin=TOLD, effective_at=effective_at)


class CloseNoticeBody(Writing):
    """What somebody found."""

    note: FreeText | None = Field(default=None, description="What was found. Kept sealed.")


@inbound.decision("/v1/inbound/{position}/closing", Permission.SERVE_CUSTOMERS, answers=Receipt)
async def close_notice(call: Call, position: PositionInPath, body: CloseNoticeBody) -> Response:
    """Note that somebody looked at a notice that nothing follows from

    It was refused, or tells of money that nobody can count, and was compared with the processor's record.
    What that means is recorded by itself, as a payment, a dispute or whatever it is.
    """
    entry = await call.book.entry(position)
    if entry is None or not isinstance(entry.event, NoticeReceived):
        raise NotFound
    it, of = entry.event, entry.customer or BOOK
    note = None if body.note is None else await call.seal_about(of, "note", body.note)
    command = asked(CloseNotice, processor=it.processor, notice=it.notice, note=note)
    return await call.decide(command, body, subject="inbound", of=of)


@inbound.question("/v1/inbound", Permission.READ, answers=RowsPage[item_of(NoticeItem)], lists_rows=True)
async def list_notices(call: Call, query: Annotated[NoticesQuery, Query()]) -> Response:
    """List what payment processors told us, and what became of it"""
    where = named_by(query, "kind", "result", "order", "customer")
    if query.happened_from is not None:
        where += (Where("happened_at", ">=", query.happened_from),)
    return await list_of(call, NOTICES, query, sort=query.sort, where=where)
