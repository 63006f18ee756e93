"""Corrections: what was recorded by mistake is taken back, by the position of its entry."""

from starlette.responses import Response

from api.answers import Receipt
from api.bodies import Writing
from api.call import Call, asked
from api.grammars import PositionInPath
from api.permissions import Permission
from api.problems import PLACES, NotFound
from api.section import Section
from domain.bills.bill_events import BillIssued
from domain.corrections.correcting import CorrectEntry, kept_under, unmatched_before
from domain.entry import Event
from domain.inbound.unmatched import UNMATCHED_REF, kept_in
from domain.stored_types import TYPE_NAMES
from ledger.identity import mint
from ledger.sealing.sealer import BOOK

corrections = Section("corrections", "What was recorded by mistake is taken back; both stay on record.")


class CorrectEntryBody(Writing):
    """Why an entry is taken back: the `reason` is asked for."""


@corrections.decision("/v1/entries/{position}/correction", Permission.CORRECT, answers=Receipt)
async def correct_entry(call: Call, position: PositionInPath, body: CorrectEntryBody) -> Response:
    """Correct an entry: a payment, a shipment, a bill or a refund

    Its amounts are taken back exactly, with what was decided together with it. A payment that never came and
    has been used since is owed, a shipment that never left may ship again, a bill is replaced by another.
    """
    entry = await call.book.entry(position)
    if entry is None:
        raise NotFound
    command = asked(
        CorrectEntry,
        stream=entry.stream,
        customer=entry.customer,
        position=position,
        recorded=TYPE_NAMES[type(entry.event)],
        owed=mint("bil"),
        unmatched=await _waited(call, entry.event),
        bill=await call.new_bill() if isinstance(entry.event, BillIssued) else None,
    )
    prefix = entry.stream.partition("_")[0]
    of = entry.customer or BOOK
    return await call.decide(
        command, body, subject=prefix, of=of, place=PLACES.get(prefix), must_say_why=True
    )


async def _waited(call: Call, event: Event) -> str | None:
    """The money without a place that a payment was assigned, or that came under its reference."""
    assigned, reference = unmatched_before(event), kept_under(event)
    if assigned is not None or reference is None:
        return assigned
    holder = await call.book.claimed(UNMATCHED_REF, reference)
    return None if holder is None else kept_in(holder)
